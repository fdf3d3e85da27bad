/* SPDX-License-Identifier: Apache-2.0 */
#include "state/lock/lock_notice.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "state/lock/lock_wait.h"

struct lock_notices *lock_notices_create(void)
{
    struct lock_notices *notices = must_calloc(1, sizeof(*notices));

    CHECK(pthread_mutex_init(&notices->lock, NULL) == 0);
    list_init(&notices->watched);
    return notices;
}

struct file *lock_notices_pop(struct lock_notices *notices)
{
    struct list *link;

    pthread_mutex_lock(&notices->lock);
    link = list_pop_front(&notices->watched);
    if (link)
        notices->watched_count--;
    pthread_mutex_unlock(&notices->lock);
    return link ? LIST_ENTRY(link, struct file, watch_link) : NULL;
}

void lock_notices_destroy(struct lock_notices *notices)
{
    struct file *file;

    while ((file = lock_notices_pop(notices)))
        file_put(file);
    pthread_mutex_destroy(&notices->lock);
    free(notices);
}

static struct lock_notices *notices_of(struct state *state)
{
    return state->lock_notices;
}

void lock_notice_hook(struct state *state, const struct lock_notice_hook *hook)
{
    notices_of(state)->hook = *hook;
}

bool lock_notice_possible(const struct client *client)
{
    return notices_of(client->state)->hook.tell && client->kind != CLIENT_V40 &&
           atomic_load_explicit(&client->back_sessions, memory_order_relaxed) > 0;
}

void lock_notice_watch_locked(struct state *state, struct file *file)
{
    struct lock_notices *notices = notices_of(state);
    bool fresh;

    pthread_mutex_lock(&notices->lock);
    fresh = list_empty(&file->watch_link);
    if (fresh) {
        list_push_back(&notices->watched, &file->watch_link);
        notices->watched_count++;
    }
    pthread_mutex_unlock(&notices->lock);
    /* A thread that takes it off the list at once waits for file->lock. */
    if (fresh)
        (void)file_get(file);
}

struct lock_notice *lock_notice_create(struct file *file, struct lock_waiter *waiter)
{
    const struct owner *owner = waiter->owner;
    struct lock_notice *notice = memory_zalloc(MEMORY_locks, sizeof(*notice) + owner->len);

    if (!notice)
        return NULL;
    list_init(&notice->link);
    notice->client = client_get(owner->client);
    notice->file = file_get(file);
    notice->waiter = waiter;
    notice->fh_len = waiter->fh_len;
    memcpy(notice->fh, waiter->fh, waiter->fh_len);
    notice->owner_len = owner->len;
    memcpy(notice->owner, owner->name, owner->len);
    return notice;
}

void lock_notice_done(struct lock_notice *notice, bool heard)
{
    struct file *file = notice->file;

    pthread_mutex_lock(&file->lock);
    if (notice->waiter) {
        notice->waiter->notice = NULL;
        if (!heard && notice->waiter->state == LOCK_WAITER_NOTIFIED)
            notice->waiter->state = LOCK_WAITER_UNREACHABLE;
    }
    pthread_mutex_unlock(&file->lock);
    file_put(file);
    client_put(notice->client);
    memory_free(MEMORY_locks, notice);
}
