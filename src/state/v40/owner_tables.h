/* SPDX-License-Identifier: Apache-2.0 */
/* What sequences of all clients of 4.0 have in common; hangs at open_tables.v40. */
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

#include "base/htable.h"
#include "base/list.h"
#include "state/open/open.h"

enum {
    CLOSED_SHARDS = 64 /* a power of two */
};

/* Leaves: taken with owner_table.lock held, or without. */
struct closed_shard {
    pthread_mutex_t lock;
    struct htable table; /* struct owner_seqid by_closed */
};

struct owner_tables {
    struct open_tables_v40 base;
    struct closed_shard closed[CLOSED_SHARDS];
    pthread_mutex_t pending_lock; /* a leaf as well */
    _Atomic uint32_t waiters;     /* of all owners: requests that wait for a running one */
    struct list pending;          /* struct owner_seqid by pending_link, the oldest first */
};

/* Made when first asked for. */
struct owner_tables *owner_tables_of(struct state *state);
