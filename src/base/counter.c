/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lanes.  A thread takes a number when it first counts and gives it back when it ends: release
 * there, acquire at the next taker, so that this one goes on from the last value.
 */
#include "base/counter.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/check.h"

enum {
    LINE_BYTES = 64,
    WORD_BITS = 64,
    LANE_WORDS = LIMIT_COUNTER_LANES / WORD_BITS
};

_Static_assert(LIMIT_COUNTER_LANES % WORD_BITS == 0, "lanes come in words");

_Thread_local unsigned counter_lane;

/* Lane 0 is shared and never given out. */
static _Atomic uint64_t lanes_taken[LANE_WORDS] = {1};
static pthread_once_t lanes_once = PTHREAD_ONCE_INIT;
static pthread_key_t lanes_key;

/* A thread ends.  Destructors that run after this one take a lane anew. */
static void lane_give_back(void *own)
{
    unsigned *place = own, lane = *place;

    *place = 0;
    atomic_fetch_and_explicit(&lanes_taken[lane / WORD_BITS], ~(1ull << lane % WORD_BITS),
                              memory_order_release);
}

static void lanes_init(void)
{
    CHECK(pthread_key_create(&lanes_key, lane_give_back) == 0);
}

/* 0: all are taken. */
static unsigned lane_take(void)
{
    for (unsigned i = 0; i < LANE_WORDS; i++) {
        uint64_t taken = atomic_load_explicit(&lanes_taken[i], memory_order_relaxed);

        while (~taken) {
            unsigned bit = (unsigned)__builtin_ctzll(~taken);

            if (atomic_compare_exchange_weak_explicit(&lanes_taken[i], &taken, taken | 1ull << bit,
                                                      memory_order_acquire, memory_order_relaxed))
                return i * WORD_BITS + bit;
        }
    }
    return 0;
}

static void lane_find(void)
{
    CHECK(pthread_once(&lanes_once, lanes_init) == 0);
    counter_lane = lane_take();
    if (counter_lane)
        CHECK(pthread_setspecific(lanes_key, &counter_lane) == 0);
}

static _Atomic uint64_t *lane_create(unsigned count)
{
    size_t bytes = (count * sizeof(uint64_t) + LINE_BYTES - 1) / LINE_BYTES * LINE_BYTES;
    _Atomic uint64_t *lane = aligned_alloc(LINE_BYTES, bytes);

    if (!lane)
        return NULL;
    for (size_t i = 0; i < bytes / sizeof(uint64_t); i++)
        atomic_init(&lane[i], 0);
    return lane;
}

struct counter_set *counter_set_create(unsigned count)
{
    struct counter_set *set = must_calloc(1, sizeof(*set));

    CHECK(count > 0);
    set->count = count;
    atomic_init(&set->lanes[0], lane_create(count));
    CHECK(atomic_load_explicit(&set->lanes[0], memory_order_relaxed) != NULL);
    return set;
}

void counter_set_destroy(struct counter_set *set)
{
    if (!set)
        return;
    for (unsigned i = 0; i < LIMIT_COUNTER_LANES; i++)
        free((void *)atomic_load_explicit(&set->lanes[i], memory_order_relaxed));
    free(set);
}

void counter_add_shared(struct counter_set *set, unsigned counter, uint64_t n)
{
    _Atomic uint64_t *lane;

    CHECK(counter < set->count);
    if (!counter_lane)
        lane_find();
    lane = atomic_load_explicit(&set->lanes[counter_lane], memory_order_relaxed);
    if (!lane) {
        lane = lane_create(set->count);
        /* Pairs with the acquire of counter_read(): it sees the zeros. */
        atomic_store_explicit(&set->lanes[counter_lane], lane, memory_order_release);
    }
    if (!lane) /* no memory */
        lane = atomic_load_explicit(&set->lanes[0], memory_order_relaxed);
    atomic_fetch_add_explicit(&lane[counter], n, memory_order_release);
}

uint64_t counter_read(const struct counter_set *set, unsigned counter)
{
    uint64_t sum = 0;

    CHECK(counter < set->count);
    for (unsigned i = 0; i < LIMIT_COUNTER_LANES; i++) {
        const _Atomic uint64_t *lane = atomic_load_explicit(&set->lanes[i], memory_order_acquire);

        if (lane)
            sum += atomic_load_explicit(&lane[counter], memory_order_acquire);
    }
    return sum;
}
