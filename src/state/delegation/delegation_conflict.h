/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Conflicts with delegations, step by step, for callers that hold file.lock for their own reasons
 * (OPEN, which checks its shares under the same lock).  All others call delegation_begin().
 *
 *     with file.lock: delegation_conflict_find_locked() marks conflicting delegations as recalled
 *     and queues the waiter, or blames clients whose lease is over; theirs are revoked as
 *     courtesy.h says, with delegation_conflict_revoke_locked()
 *     without: delegation_conflict_recall() calls the holders, and revokes delegations that were
 *     recalled a lease ago; delegation_gone_settle() drops those and wakes their waiters
 */
#pragma once

#include "state/delegation/delegation.h"
#include "state/file/courtesy.h"

/* On the stack of a request. */
struct delegation_conflict {
    struct state *state;
    const struct client *client; /* whose request it is; NULL: not known */
    struct vfs_object *obj;      /* about this */
    struct delegation_waiter *waiter;
    bool all;            /* READ delegations are in the way, too */
    bool asks_once;      /* the caller waits for the end of the recall, and does not retry */
    bool overdue;        /* one was recalled a lease ago */
    int64_t now_ns;      /* then */
    struct list recalls; /* struct delegation by hook_link, a reference each */
};

/* What has ended while a lock was held. */
struct delegation_gone {
    struct list ended; /* struct delegation by file_link, a reference each */
    struct list woken; /* struct delegation_waiter by link */
};

void delegation_conflict_init(struct delegation_conflict *conflict, struct state *state,
                              const struct client *client, struct vfs_object *obj,
                              struct delegation_waiter *waiter);

/* Does a delegation of another client conflict: any with `all`, or one for WRITE?  If so those are
 * about to be recalled, and the waiter is queued, unless clients whose lease is over are among the
 * holders: these are on `courtesy` then, and the caller looks again when they have lost theirs. */
bool delegation_conflict_find_locked(struct delegation_conflict *conflict, struct file *file,
                                     bool all, struct courtesy *courtesy) MUST_USE;

/* After each of these, without the lock.  May wait for the disk. */
void delegation_conflict_recall(struct delegation_conflict *conflict);

/* Between courtesy_begin() and _end(). */
void delegation_conflict_revoke_locked(struct delegation_conflict *conflict, struct file *file,
                                       struct courtesy *courtesy, struct delegation_gone *gone);

void delegation_gone_init(struct delegation_gone *gone);
void delegation_gone_settle(struct delegation_gone *gone);
