/* SPDX-License-Identifier: Apache-2.0 */
/* What struct delegation_tables has of delegation_pressure.h. */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "state/delegation/delegation_pressure.h"

struct delegation_pressure {
    struct delegation_pressure_hooks hooks;
    _Atomic uint32_t most;        /* delegation_set_limit() */
    _Atomic bool ticking;         /* one thread at a time takes off what is asked */
    _Atomic bool client_grown[2]; /* one came near LIMIT_DELEGATIONS_PER_CLIENT; in directories */

    pthread_mutex_t lock; /* a leaf; guards all below */
    struct list asked;    /* struct delegation_ask by link */
    uint32_t asked_count;
    struct list signals; /* struct delegation_signal by link, the oldest first */
    uint32_t signal_count;
    int64_t next_ns; /* of the next round */
};

void delegation_pressure_init(struct delegation_pressure *pressure);
void delegation_pressure_fini(struct delegation_pressure *pressure);

/* How many of so many delegations may be of directories.  Some clients ask for one of every
 * directory that they see; there has to be room for files, too. */
static inline uint32_t delegation_directories_of(uint32_t most)
{
    return most - most / LIMIT_DIRECTORIES_SHARE;
}

/* A client has that many now, or so many of directories: is it near its limit? */
static inline void delegation_pressure_note(struct delegation_pressure *pressure, uint32_t count,
                                            bool directories)
{
    uint32_t most = LIMIT_DELEGATIONS_PER_CLIENT;

    if (directories)
        most = delegation_directories_of(most);
    if (count > most / 8 * 7)
        atomic_store_explicit(&pressure->client_grown[directories], true, memory_order_relaxed);
}

/* Are there as many as may be: of all, or of the directories among them? */
static inline bool delegation_pressure_full(const struct delegation_pressure *pressure,
                                            uint32_t held)
{
    return held >= atomic_load_explicit(&pressure->most, memory_order_relaxed);
}

static inline bool delegation_pressure_full_of_directories(
    const struct delegation_pressure *pressure, uint32_t directories)
{
    return directories >=
           delegation_directories_of(atomic_load_explicit(&pressure->most, memory_order_relaxed));
}
