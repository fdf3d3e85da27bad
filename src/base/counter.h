/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counters that many threads add to and that are rarely read: a set of them, by index.
 *
 * Each thread adds to a lane of its own, cache lines that no other thread writes: adding takes no
 * lock, no locked instruction and no line of a neighbour.  Reading sums the lanes up.  What a
 * thread has added stays when it ends; its lane goes to a later one.  With more than
 * LIMIT_COUNTER_LANES threads alive the others share lane 0, where adding is an atomic instruction.
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

/* This thread's lane in every set; 0: it has none yet. */
extern _Thread_local unsigned counter_lane;

/* `count` counters at 0. */
struct counter_set *counter_set_create(unsigned count);

/* No thread adds or reads any more. */
void counter_set_destroy(struct counter_set *set);

/* For counter_add(): a thread's first time in this set, and lane 0. */
void counter_add_shared(struct counter_set *set, unsigned counter, uint64_t n);

/* Thread safe, never waits.  `counter` is below the set's count. */
static inline void counter_add(struct counter_set *set, unsigned counter, uint64_t n)
{
    _Atomic uint64_t *own = NULL;

    /* Only this thread ever stores its lane's place: no order is needed to read it back. */
    if (counter_lane)
        own = atomic_load_explicit(&set->lanes[counter_lane], memory_order_relaxed);
    if (!own) {
        counter_add_shared(set, counter, n);
        return;
    }
    atomic_store_explicit(&own[counter],
                          atomic_load_explicit(&own[counter], memory_order_relaxed) + n,
                          memory_order_relaxed);
}

/* The sum of all that was added before the call, and perhaps of what is added meanwhile.  It never
 * goes back. */
uint64_t counter_read(const struct counter_set *set, unsigned counter);
