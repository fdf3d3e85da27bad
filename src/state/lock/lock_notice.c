/* SPDX-License-Identifier: Apache-2.0 */
#include "state/lock/lock_notice.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "state/lock/lock_wait.h"

struct lock_notices *lock_notices_create(void)
{
    struct lock_notices *notices = must_calloc(1, sizeof(*notices));

    CHECK(pthread_mutex_init(&notices->lock, NULL) == 0);
    list_init(&notices->watched);
    return notices;
}

static struct file *watched_pop(struct lock_notices *notices)
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

    while ((file = watched_pop(notices)))
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
        (void)file_get_more(file);
}

struct lock_notice *lock_notice_create(struct file *file, struct lock_waiter *waiter)
{
    const struct owner *owner = waiter->owner;
    struct lock_notice *notice = memory_zalloc(MEMORY_locks, sizeof(*notice) + owner->len);

    if (!notice)
        return NULL;
    list_init(&notice->link);
    notice->client = client_get(owner->client);
    notice->file = file_get_more(file);
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

/* True: others may have what some of these could not be told of. */
static bool deliver(const struct lock_notice_hook *hook, struct list *chosen)
{
    bool some_left = false;
    struct list *link;

    while ((link = list_pop_front(chosen))) {
        struct lock_notice *notice = LIST_ENTRY(link, struct lock_notice, link);

        if (hook->tell(notice, hook->context))
            continue;
        lock_notice_done(notice, false);
        some_left = true;
    }
    return some_left;
}

void lock_notice_send(struct state *state, struct file *file)
{
    const struct lock_notice_hook *hook = &notices_of(state)->hook;
    int64_t now_ns = clock_now_ns();
    struct list chosen;
    bool some_left = hook->tell;

    /* A waiter that can't be notified is not chosen again.  The rest is for the timer. */
    for (unsigned i = 0; some_left && i < LIMIT_LOCK_NOTICE_ROUNDS; i++) {
        list_init(&chosen);
        pthread_mutex_lock(&file->lock);
        lock_wait_choose_locked(file, now_ns, &chosen);
        pthread_mutex_unlock(&file->lock);
        some_left = deliver(hook, &chosen);
    }
}

static bool waited_for_locked(const struct file *file)
{
    LIST_FOREACH (waiter, &file->waiters, struct lock_waiter, file_link) {
        if (waiter->fh_len > 0)
            return true;
    }
    return false;
}

static uint32_t turn_count(struct lock_notices *notices)
{
    uint32_t count;

    pthread_mutex_lock(&notices->lock);
    count = notices->watched_count;
    pthread_mutex_unlock(&notices->lock);
    return count < LIMIT_LOCK_FILES_PER_TICK ? count : LIMIT_LOCK_FILES_PER_TICK;
}

void lock_notice_tick(struct state *state)
{
    struct lock_notices *notices = notices_of(state);

    for (uint32_t left = turn_count(notices); left > 0; left--) {
        struct file *file = watched_pop(notices);

        if (!file)
            return;
        lock_notice_send(state, file);
        pthread_mutex_lock(&file->lock);
        if (waited_for_locked(file))
            lock_notice_watch_locked(state, file);
        pthread_mutex_unlock(&file->lock);
        file_put(file);
    }
}
