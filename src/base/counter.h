/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counters that many threads add to and that are rarely read: a set of them, by index.
 *
 * Each thread adds to a lane of its own, in cache lines that no other thread writes, so adding
 * takes no lock and no locked instruction.  Reading adds up the lanes.  What a thread has added
 * remains when it ends; its lane is reused by a later thread.  With more than LIMIT_COUNTER_LANES
 * threads, the others share lane 0, where adding is an atomic instruction.
 */
#pragma once

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "base/limits.h"

struct counter_set {
    unsigned count;
    _Atomic(_Atomic uint64_t *) lanes[LIMIT_COUNTER_LANES];
};

/* This thread's lane in all sets; 0: not assigned yet. */
extern _Thread_local unsigned counter_lane;

/* `count` counters at 0. */
struct counter_set *counter_set_create(unsigned count);

/* No thread may use the set any more. */
void counter_set_destroy(struct counter_set *set);

/* Slow path of counter_add(): a thread's first use of this set, and lane 0. */
void counter_add_shared(struct counter_set *set, unsigned counter, uint64_t n);

/* This thread's counters of the set, for a thread that adds to several of them in one go; NULL: it
 * has none yet, or none of its own, and counter_add() is the way.  For this thread alone. */
static inline _Atomic uint64_t *counter_own(struct counter_set *set)
{
    /* Only this thread ever stores this pointer, so reading it needs no ordering. */
    return counter_lane ? atomic_load_explicit(&set->lanes[counter_lane], memory_order_relaxed)
                        : NULL;
}

/* The same as counter_add() with what counter_own() has returned. */
static inline void counter_add_own(_Atomic uint64_t *own, unsigned counter, uint64_t n)
{
    atomic_store_explicit(&own[counter],
                          atomic_load_explicit(&own[counter], memory_order_relaxed) + n,
                          memory_order_release);
}

/* Thread safe, never blocks.  `counter` must be below the set's count.  Whoever reads the sum sees
 * what the thread did before. */
static inline void counter_add(struct counter_set *set, unsigned counter, uint64_t n)
{
    _Atomic uint64_t *own = counter_own(set);

    if (own)
        counter_add_own(own, counter, n);
    else
        counter_add_shared(set, counter, n);
}

/* The sum of all that was added before the call, and possibly of what is added meanwhile.  Never
 * goes back. */
uint64_t counter_read(const struct counter_set *set, unsigned counter);
