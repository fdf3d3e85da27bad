/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this folder share. */
#pragma once

#include "base/counter.h"
#include "base/log.h"
#include "base/log_limit.h"
#include "state/delegation/delegation.h"
#include "state/delegation/delegation_conflict.h"
#include "state/delegation/delegation_history.h"
#include "state/delegation/delegation_lease.h"
#include "state/delegation/delegation_pressure_internal.h"
#include "state/delegation/delegation_stats.h"
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
    _Atomic uint32_t kinds;   /* delegation_allow() */
    _Atomic uint32_t local;   /* delegation_allow_local() */
    _Atomic uint64_t breaks;  /* delegation_lease_breaks() */
    _Atomic uint32_t held[2]; /* by enum delegation_kind */
    struct counter_set *counters;
    struct log_limit log_limit;
    struct delegation_history history;
    struct delegation_pressure pressure;
    struct delegation_progress progress[PROGRESS_SLOTS];

    pthread_mutex_t recall_lock; /* a leaf; guards all below */
    struct list recalled;        /* struct delegation by recalled_link, the longest first */
    struct list spared;          /* the same: a lease has passed, and they have another one */
    uint32_t recalled_count;
};

/* vfs_node.delegations: READ ones count one each, a WRITE one, of which there is one at the most,
 * this. */
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

static inline void delegation_count(struct state *state, enum delegation_counter counter)
{
    counter_add(state->delegations->counters, counter, 1);
}

/* May one more line at info be written? */
static inline bool delegation_log(struct state *state, int64_t now_ns)
{
    return log_enabled(LOG_LEVEL_INFO) &&
           log_limit_take(&state->delegations->log_limit, now_ns, LIMIT_LOG_DELEGATIONS_PER_S);
}

/* With file->lock this is the last word, else a hint. */
static inline bool delegation_is_leaving(const struct delegation *delegation)
{
    return atomic_load_explicit(&delegation->leaving, memory_order_seq_cst);
}

/* The one that the client has of the object, or NULL; no reference.  With file->lock. */
struct delegation *delegation_find_locked(struct client *client, const struct vfs_object *obj);

/* With file->lock.  NFS4ERR_BAD_STATEID when it has ended, or why it was revoked. */
enum nfsstat4 delegation_check_locked(const struct delegation *delegation, uint32_t seqid);

/* With file->lock: on all lists of its file and client.  The file takes over the reference. */
bool delegation_insert_locked(struct delegation *delegation) MUST_USE;

/* With file->lock, once: off all lists, and `gone` has the file's reference and the waiters to
 * wake. */
void delegation_end_locked(struct delegation *delegation, struct delegation_gone *gone);

/* The same for one that its holder did not return: it stays on its file's list until what runs by
 * its stateid is done. */
void delegation_retire_locked(struct delegation *delegation, struct delegation_gone *gone);

/* That, and found as revoked for `why`.  Between revocation_begin() and _end(). */
void delegation_revoke_locked(struct delegation *delegation, enum nfsstat4 why,
                              struct delegation_gone *gone);

/* With file->lock, if it is not recalled yet: it is from now on, and goes to `recalls` with a
 * reference. */
void delegation_recall_locked(struct delegation *delegation, int64_t now_ns, struct list *recalls);

/* With file.lock: it is not to be spared. */
void delegation_want_locked(struct delegation *delegation);

/* The calls that follow, without a lock. */
void delegation_recall_hooks(struct state *state, struct list *recalls);

/* End the vfs open()s that it has; by the thread that has ended it, without a lock. */
void delegation_vfs_close(struct delegation *delegation);

/* It has ended: see that no change attribute that was told of it stands for another size now.
 * Without a lock. */
void delegation_attr_settle(const struct delegation *delegation);

/* Does it conflict with this client, which uses the file by `obj`: one for WRITE, or any with
 * `all`? */
bool delegation_in_the_way(const struct delegation *delegation, const struct client *client,
                           const struct vfs_object *obj, bool all);

/* Until nothing is in the way, with recalls and revocations as needed: NFS4_OK, DELAY. */
enum nfsstat4 delegation_conflict_pass(struct delegation_conflict *conflict, struct file *file,
                                       bool all, int64_t now_ns) MUST_USE;

/* With file->lock: onto the file's list, with a reference of the file. */
void delegation_waiter_queue_locked(struct delegation_waiter *waiter, struct file *file);

/* With file->lock: take off the waiters that nothing conflicts with any more; those that wait for
 * an answer, when it is `ok`, else these wait for the end of the delegation from here on. */
void delegation_waiters_free_locked(struct file *file, struct list *woken);
void delegation_waiters_answer_locked(struct file *file, bool ok, struct list *woken);

/* Without it. */
void delegation_waiters_wake(struct list *woken);
