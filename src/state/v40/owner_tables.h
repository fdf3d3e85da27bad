/* SPDX-License-Identifier: Apache-2.0 */
/* What the owner sequences of all 4.0 clients share; attached to open_tables.v40. */
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

/* Leaves; may be taken with owner_table.lock held. */
struct closed_shard {
    pthread_mutex_t lock;
    struct htable table; /* struct owner_seqid by_closed */
};

struct owner_tables {
    struct open_tables_v40 base;
    struct closed_shard closed[CLOSED_SHARDS];
    pthread_mutex_t pending_lock; /* also a leaf */
    _Atomic uint32_t waiters;     /* number of requests of all owners that wait for a running one */
    struct list pending;          /* struct owner_seqid.pending_link, oldest first */
};

/* Created at the first call. */
struct owner_tables *owner_tables_of(struct state *state);
