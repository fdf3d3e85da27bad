/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Delegations that are in somebody's way, step by step, for who holds file.lock for a reason of his
 * own (OPEN, which checks its shares in the same breath).  Everybody else calls delegation_begin().
 *
 *     with the file's lock: delegation_conflict_find_locked() marks as recalled what is in the way
 *     and queues the waiter, or blames clients whose lease is over; what those have is revoked as
 *     courtesy.h says, with delegation_conflict_revoke_locked()
 *     without: delegation_conflict_recall() calls the holders, and revokes what they were called
 *     for a lease ago; delegation_gone_settle() drops what was revoked and wakes who waited for it
 */
#pragma once

#include "state/delegation/delegation.h"
#include "state/file/courtesy.h"

/* On the stack of a request. */
struct delegation_conflict {
    struct state *state;
    const struct client *client; /* who asks; NULL: nobody we know */
    struct vfs_object *obj;      /* about this */
    struct delegation_waiter *waiter;
    bool all;            /* READ delegations are in the way, too */
    bool asks_once;      /* whoever asks waits for the end of the recall, and does not come again */
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

/* Is a delegation of somebody else in the way: `all`, or those for WRITE?  If so they are about to
 * be recalled, and the waiter is queued, unless clients whose lease is over are among the holders:
 * these are on `courtesy` then, and the caller comes again when they have lost theirs. */
bool delegation_conflict_find_locked(struct delegation_conflict *conflict, struct file *file,
                                     bool all, struct courtesy *courtesy) MUST_USE;

/* After each of these, without the lock.  May wait for the disk. */
void delegation_conflict_recall(struct delegation_conflict *conflict);

/* Between courtesy_begin() and _end(). */
void delegation_conflict_revoke_locked(struct delegation_conflict *conflict, struct file *file,
                                       struct courtesy *courtesy, struct delegation_gone *gone);

void delegation_gone_init(struct delegation_gone *gone);
void delegation_gone_settle(struct delegation_gone *gone);
