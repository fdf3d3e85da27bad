/* SPDX-License-Identifier: Apache-2.0 */
#include "state/lock/lock_notice_send.h"

#include "base/clock.h"
#include "state/lock/lock_notice.h"
#include "state/lock/lock_wait.h"

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
    const struct lock_notice_hook *hook = &state->lock_notices->hook;
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
    struct lock_notices *notices = state->lock_notices;

    for (uint32_t left = turn_count(notices); left > 0; left--) {
        struct file *file = lock_notices_pop(notices);

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
