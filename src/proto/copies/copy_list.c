/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/copies/copy_list.h"

/* The lower number of two that are above `above`; NULL is none. */
static const struct copy *lower(const struct copy *best, const struct copy *copy, uint64_t above)
{
    return copy->number > above && (!best || copy->number < best->number) ? copy : best;
}

static const struct copy *lowest_locked(const struct copy_queue *queue, uint64_t above)
{
    const struct copy *best = NULL;

    LIST_FOREACH (owner, &queue->owners, struct copy_owner, link)
        LIST_FOREACH (copy, &owner->waiting, struct copy, owner_link)
            best = lower(best, copy, above);
    for (uint32_t i = 0; i < LIMIT_COPY_THREADS; i++)
        if (queue->running[i])
            best = lower(best, queue->running[i], above);
    LIST_FOREACH (copy, &queue->ended, struct copy, ended_link)
        best = lower(best, copy, above);
    return best;
}

static const struct copy_view *lowest_gone_locked(const struct copy_history *history,
                                                  uint64_t above)
{
    const struct copy_view *best = NULL;

    for (uint32_t i = 0; i < LIMIT_COPY_HISTORY && i < history->count; i++) {
        const struct copy_view *view = &history->of[i];

        if (view->number > above && (!best || view->number < best->number))
            best = view;
    }
    return best;
}

bool copy_list_next(struct copy_queue *queue, uint64_t *number, struct copy_view *view)
{
    const struct copy_view *gone;
    const struct copy *copy;

    pthread_mutex_lock(&queue->lock);
    copy = lowest_locked(queue, *number);
    gone = lowest_gone_locked(&queue->history, *number);
    if (copy && (!gone || copy->number < gone->number))
        copy_view_fill(view, copy);
    else if (gone)
        *view = *gone;
    pthread_mutex_unlock(&queue->lock);
    if (!copy && !gone)
        return false;
    *number = view->number;
    return true;
}
