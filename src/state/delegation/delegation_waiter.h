/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests that wait until a file's delegations are gone.  A thread that takes a waiter off the
 * list wakes it or does not: after that, without the lock, only the waiter's owner looks at it.
 */
#pragma once

#include <stdbool.h>

#include "base/list.h"

struct client;
struct file;
struct vfs_object;

/* A request that waits until delegations of a file are gone, or for the answer of a holder.  In the
 * request's own memory. */
struct delegation_waiter {
    /* Runs once for each time it was queued, unless cancelled; on any thread, without a lock; may
     * run before the call that queued it is back. */
    void (*wake)(struct delegation_waiter *waiter);
    struct file *file; /* a reference, once it was queued, until delegation_waiter_cancel() */

    /* Under file->lock. */
    struct list link; /* on file.delegation_waiters until woken */
    bool waiting;     /* it is */
    bool answer;      /* it waits for an answer, not for the end of a delegation */
    bool all;         /* READ delegations are in its way, too */
    /* The client whose own delegations of this object do not conflict; only compared. */
    const struct client *client;
    const struct vfs_object *obj;
};

/* Each waiter that was queued is cancelled before it is handed in again or its memory goes, also
 * when it was woken.  False: wake() has run, is running, or will run any moment.  True: it will
 * not.  Either way the waiter may be handed in again after that (if false: after wake() has run).
 * Nothing happens, and it is true, if it was not queued. */
bool delegation_waiter_cancel(struct delegation_waiter *waiter);

static inline bool delegation_waiter_queued(const struct delegation_waiter *waiter)
{
    return waiter->file != NULL;
}

/* ---- for the files of delegations ---- */

/* With file->lock: onto the file's list, with a reference of the file. */
void delegation_waiter_queue_locked(struct delegation_waiter *waiter, struct file *file);

/* With file->lock: take off the waiters that nothing conflicts with any more; those that wait for
 * an answer, when it is `ok`, else these wait for the end of the delegation from here on. */
void delegation_waiters_free_locked(struct file *file, struct list *woken);
void delegation_waiters_answer_locked(struct file *file, bool ok, struct list *woken);

/* Without it. */
void delegation_waiters_wake(struct list *woken);
