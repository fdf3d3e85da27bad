/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests that wait until a file's delegations are gone.  A thread that takes a waiter off the
 * list wakes it or does not: after that, without the lock, only the waiter's owner looks at it.
 */
#pragma once

#include <stdbool.h>

#include "base/list.h"
#include "state/delegation/delegation_claim.h"

struct file;

/* A request that waits until delegations of a file are gone, or for a holder's answer.  Part of the
 * request's own memory. */
struct delegation_waiter {
    /* Called once each time that it was queued, unless cancelled.  Any thread, without locks;
     * possibly before the call that queued it returns. */
    void (*wake)(struct delegation_waiter *waiter);
    struct file *file; /* a reference, from the first time queued until
                        * delegation_waiter_cancel() */

    /* Under file->lock. */
    struct list link;              /* of file.delegation_waiters, until woken */
    bool waiting;                  /* it is on the list */
    bool answer;                   /* it waits for an answer, not for the end of a delegation */
    struct delegation_claim claim; /* what it waits for; client and object are only compared */
};

/* Must be called for each waiter that was queued, even if it was woken, before it is used again or
 * its memory is freed.  False: wake() has been called, is running, or is about to be called.  True:
 * it will not be called.  In both cases the waiter may be used again (if false, after wake() has
 * been called).  If it was not queued, does nothing and returns true. */
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
