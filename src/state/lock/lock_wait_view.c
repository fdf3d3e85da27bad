/* SPDX-License-Identifier: Apache-2.0 */
#include "state/lock/lock_wait_view.h"

#include "state/file/open_record.h"
#include "state/file/open_tables.h"
#include "state/lock/lock_conflict.h"
#include "state/lock/lock_wait.h"

static void find_obstacle_locked(struct file *file, const struct lock_wish *wish,
                                 struct lock_wait_view *view)
{
    struct lock_search search = lock_search_begin(wish->now_ns);
    const struct lock *lock = lock_conflict_find_locked(file, wish, &search);
    const struct lock_waiter *first = lock ? NULL : lock_wait_first_locked(file, wish);

    view->queued = first != NULL;
    if (lock)
        view->clientid = lock->set->holder->owner->client->id;
    else
        view->clientid = first ? first->owner->client->id : 0;
}

/* Not if it has not asked for so long that it may be forgotten meanwhile. */
static bool fill_locked(struct lock_wait_view *view, struct open *open, int64_t now_ns)
{
    const struct lock_waiter *waiter =
        LIST_ENTRY(open->waiters.next, struct lock_waiter, open_link);
    struct lock_wish wish = {.wait = true, .now_ns = now_ns};

    if (list_empty(&open->waiters) || now_ns - waiter->requested_ns > open->client->state->lease_ns)
        return false;
    wish.owner = waiter->owner;
    wish.write = view->write = waiter->write;
    wish.range = view->range = waiter->range;
    view->since_ns = waiter->since_ns;
    view->last_ns = waiter->requested_ns;
    find_obstacle_locked(open->file, &wish, view);
    return true;
}

static bool fill(struct lock_wait_view *view, struct open *open, int64_t now_ns)
{
    struct file *file = open->file;
    bool waits;

    pthread_mutex_lock(&file->lock);
    waits = fill_locked(view, open, now_ns);
    pthread_mutex_unlock(&file->lock);
    if (waits)
        state_view_fill(&view->open, &open->sid, open->obj);
    return waits;
}

bool lock_wait_view_next(struct state *state, uint64_t clientid, struct state_cursor *cursor,
                         int64_t now_ns, struct lock_wait_view *view)
{
    const struct stateid_filter opens = {.kind = STATEID_OPEN, .clientid = clientid};
    struct stateid *sid;
    bool found = false;

    while (!found && (sid = stateid_next(state->opens->stateids, &opens, &cursor->at))) {
        found = fill(view, CONTAINER_OF(sid, struct open, sid), now_ns);
        stateid_put(sid);
    }
    return found;
}
