/* SPDX-License-Identifier: Apache-2.0 */
/*
 * There are two phases, and readers enter the present one.  When all of the other phase have left,
 * the phases change roles.  After two such changes every reader has left that had entered before
 * the first.
 *
 * A reader counts itself, then looks for the data; a writer hides the data, then counts.  One of
 * the two sees the other, because membarrier() makes each running thread execute a full barrier.
 * So the reader needs none.
 */
#include "base/readers.h"

#include <linux/membarrier.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/check.h"
#include "base/counter.h"

enum {
    PHASES = 2,
    ENTERED = 0, /* counters of a phase */
    LEFT = 1,
    COUNTERS = 2,
    CHANGES = 2, /* of phases, until a mark has passed */
    LINE_BYTES = 64
};

/* All threads read it: nothing that is often written may be in its cache line. */
struct readers {
    _Alignas(LINE_BYTES) _Atomic unsigned phase;
    bool barrier; /* membarrier() works */
    uint64_t changes;
    struct counter_set *counters;
};

static bool barrier_do(int command)
{
    return syscall(SYS_membarrier, command, 0, 0) == 0;
}

struct readers *readers_create(void)
{
    struct readers *readers = aligned_alloc(LINE_BYTES, sizeof(*readers));

    CHECK(readers);
    atomic_init(&readers->phase, 0);
    readers->changes = 0;
    readers->barrier = barrier_do(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED);
    readers->counters = counter_set_create(PHASES * COUNTERS);
    return readers;
}

void readers_destroy(struct readers *readers)
{
    if (!readers)
        return;
    counter_set_destroy(readers->counters);
    free(readers);
}

unsigned readers_enter(struct readers *readers)
{
    unsigned phase = atomic_load_explicit(&readers->phase, memory_order_relaxed);

    counter_add(readers->counters, phase * COUNTERS + ENTERED, 1);
    /* The compiler must not move reads before it; membarrier() takes care of the processor. */
    atomic_signal_fence(memory_order_seq_cst);
    return phase;
}

void readers_leave(struct readers *readers, unsigned phase)
{
    counter_add(readers->counters, phase * COUNTERS + LEFT, 1);
}

/* Those that left are counted first, so that each of them is among those that entered. */
static bool phase_is_empty(const struct readers *readers, unsigned phase)
{
    uint64_t left = counter_read(readers->counters, phase * COUNTERS + LEFT);

    return counter_read(readers->counters, phase * COUNTERS + ENTERED) == left;
}

/* Change the phases if nobody is in the one that is not the present one. */
static bool phase_change(struct readers *readers)
{
    unsigned other = !atomic_load_explicit(&readers->phase, memory_order_relaxed);

    if (!phase_is_empty(readers, other))
        return false;
    atomic_store_explicit(&readers->phase, other, memory_order_relaxed);
    readers->changes++;
    return true;
}

uint64_t readers_mark(struct readers *readers)
{
    if (readers->barrier)
        readers->barrier = barrier_do(MEMBARRIER_CMD_PRIVATE_EXPEDITED);
    return readers->changes + CHANGES;
}

bool readers_gone(struct readers *readers, uint64_t mark)
{
    while (readers->barrier && readers->changes < mark) {
        if (!phase_change(readers))
            return false;
    }
    return readers->barrier;
}
