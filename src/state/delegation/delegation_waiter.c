/* SPDX-License-Identifier: Apache-2.0 */
#include "state/delegation/delegation_waiter.h"

#include "state/delegation/delegation_internal.h"

void delegation_waiter_queue_locked(struct delegation_waiter *waiter, struct file *file)
{
    CHECK(!waiter->file);
    waiter->file = file_get(file);
    waiter->waiting = true;
    list_push_back(&file->delegation_waiters, &waiter->link);
}

static bool blocked_locked(const struct file *file, const struct delegation_waiter *waiter)
{
    LIST_FOREACH (delegation, &file->delegations, struct delegation, file_link) {
        if (delegation_conflicts_with(delegation, &waiter->claim))
            return true;
    }
    return false;
}

static void take_locked(struct delegation_waiter *waiter, struct list *woken)
{
    list_remove(&waiter->link);
    waiter->waiting = false;
    list_push_back(woken, &waiter->link);
}

void delegation_waiters_free_locked(struct file *file, struct list *woken)
{
    /* Two are for READ and of two holders: a request that waits for others still meets one, unless
     * the holders of a directory are told of the change. */
    if (file->delegation_count >= 2 && !vfs_type_is_dir(file->obj->type))
        return;
    LIST_FOREACH_SAFE (waiter, &file->delegation_waiters, struct delegation_waiter, link) {
        if (!blocked_locked(file, waiter))
            take_locked(waiter, woken);
    }
}

void delegation_waiters_answer_locked(struct file *file, bool ok, struct list *woken)
{
    LIST_FOREACH_SAFE (waiter, &file->delegation_waiters, struct delegation_waiter, link) {
        if (waiter->answer && ok)
            take_locked(waiter, woken);
        waiter->answer = false;
    }
}

void delegation_waiters_wake(struct list *woken)
{
    struct list *link;

    while ((link = list_pop_front(woken))) {
        struct delegation_waiter *waiter = LIST_ENTRY(link, struct delegation_waiter, link);

        waiter->wake(waiter);
    }
}

bool delegation_waiter_cancel(struct delegation_waiter *waiter)
{
    struct file *file = waiter->file;
    bool waiting;

    if (!file)
        return true;
    pthread_mutex_lock(&file->lock);
    waiting = waiter->waiting;
    if (waiting)
        list_remove(&waiter->link);
    waiter->waiting = false;
    pthread_mutex_unlock(&file->lock);
    waiter->file = NULL;
    file_put(file);
    return waiting;
}
