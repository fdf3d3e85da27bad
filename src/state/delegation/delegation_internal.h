/* SPDX-License-Identifier: Apache-2.0 */
/* struct delegation_tables, and what is read and counted in it on the way. */
#pragma once

#include "base/counter.h"
#include "base/log.h"
#include "base/log_limit.h"
#include "state/delegation/delegation.h"
#include "state/delegation/delegation_claim.h"
#include "state/delegation/delegation_history.h"
#include "state/delegation/delegation_notifier.h"
#include "state/delegation/delegation_pressure_internal.h"
#include "state/delegation/delegation_stats.h"
#include "state/delegation/delegation_tables.h"
#include "state/file/owner.h"

enum {
    PROGRESS_SLOTS = 1024, /* a power of two */
    CACHE_LINE = 64,
};

/* Requests between delegation_begin() and _end(), by the object: see delegation.h. */
struct delegation_progress {
    _Alignas(CACHE_LINE) _Atomic uint32_t count;
};

struct delegation_tables {
    struct delegation_hooks hooks;
    _Atomic uint32_t kinds;                       /* delegation_allow() */
    _Atomic uint32_t local;                       /* delegation_allow_local() */
    _Atomic uint32_t directories;                 /* delegation_dir_allow() */
    _Atomic uint64_t breaks;                      /* delegation_lease_breaks() */
    _Atomic uint32_t held[DELEGATION_KIND_COUNT]; /* by enum delegation_kind */
    struct counter_set *counters;
    struct log_limit log_limit;
    struct delegation_history history;
    struct delegation_pressure pressure;
    struct delegation_notices notices;
    struct delegation_progress progress[PROGRESS_SLOTS];

    pthread_mutex_t recall_lock; /* a leaf; guards all below */
    struct list recalled;        /* struct delegation by recalled_link, the longest first */
    struct list extended;        /* the same: a lease has passed, and they have another one */
    uint32_t recalled_count;
};

/* vfs_node.delegations: READ ones and those of directories count one each, a WRITE one, of which
 * there is one at the most, this. */
#define DELEGATION_HINT_WRITE (1u << 31)

static inline uint32_t delegation_hint(enum delegation_kind kind)
{
    return kind == DELEGATION_WRITE ? DELEGATION_HINT_WRITE : 1;
}

/* `what` is a vfs_node, or a vfs.volume for a caller that has not looked up the file. */
static inline struct delegation_progress *delegation_progress_of(struct delegation_tables *tables,
                                                                 const void *what)
{
    return &tables->progress[hash_u64((uint64_t)(uintptr_t)what) % PROGRESS_SLOTS];
}

/* How many are held, of all kinds.  A READ one that becomes WRITE is not missed: it is counted as
 * WRITE before it ceases to count as READ, and READ is read first here.  seq_cst for
 * delegation_fs.c. */
static inline uint32_t delegation_held(const struct delegation_tables *tables)
{
    uint32_t sum = 0;

    for (int kind = 0; kind < DELEGATION_KIND_COUNT; kind++)
        sum += atomic_load_explicit(&tables->held[kind], memory_order_seq_cst);
    return sum;
}

/* How many are held of one kind; a hint. */
static inline uint32_t delegation_held_of(const struct delegation_tables *tables,
                                          enum delegation_kind kind)
{
    return atomic_load_explicit(&tables->held[kind], memory_order_relaxed);
}

static inline void delegation_count(struct state *state, enum delegation_counter counter)
{
    counter_add(state->delegations->counters, counter, 1);
}

/* May one more line at info be written? */
static inline bool delegation_log(struct state *state, int64_t now_ns)
{
    return log_enabled(LOG_PART_delegation, LOG_LEVEL_INFO) &&
           log_limit_take(&state->delegations->log_limit, now_ns, LIMIT_LOG_DELEGATIONS_PER_S);
}

/* With file->lock this is the last word, else a hint. */
static inline bool delegation_is_leaving(const struct delegation *delegation)
{
    return atomic_load_explicit(&delegation->leaving, memory_order_seq_cst);
}

/* What the claimant may do, since the holder is told of it.  A client that uses the directory
 * through another export, where it is another one for it, is not told of what it has done
 * itself. */
static inline uint32_t delegation_told(const struct delegation *delegation,
                                       const struct delegation_claim *claim)
{
    return delegation->watch && delegation->client != claim->client ? delegation->watch->wants.types
                                                                    : 0;
}

/* Is it in the way: one for WRITE of every other client, and any of one that changes something that
 * the holder is not told of? */
static inline bool delegation_conflicts_with(const struct delegation *delegation,
                                             const struct delegation_claim *claim)
{
    return (delegation->client != claim->client || delegation->obj != claim->obj) &&
           (delegation->kind == DELEGATION_WRITE ||
            ((uint32_t)claim->use & ~delegation_told(delegation, claim)) != 0);
}
