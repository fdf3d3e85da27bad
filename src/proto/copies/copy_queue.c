/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/copies/copy_queue.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "state/client/client.h"

enum {
    DISOWNED_WAIT_S = 8, /* the wait after which a client that knows no such copy is believed */
    STOP_S = 1           /* that turns have to end at the end of the server */
};

static void cond_init(pthread_cond_t *cond)
{
    pthread_condattr_t attr;

    CHECK(pthread_condattr_init(&attr) == 0);
    CHECK(pthread_condattr_setclock(&attr, CLOCK_MONOTONIC) == 0);
    CHECK(pthread_cond_init(cond, &attr) == 0);
    pthread_condattr_destroy(&attr);
}

void copy_queue_init(struct copy_queue *queue)
{
    *queue = (struct copy_queue){.counters = counter_set_create(COPY_COUNTER_COUNT),
                                 .cancel_s = LIMIT_COPY_CANCEL_S,
                                 .stop_s = STOP_S};
    CHECK(pthread_mutex_init(&queue->lock, NULL) == 0);
    cond_init(&queue->posted);
    cond_init(&queue->turned);
    list_init(&queue->owners);
    list_init(&queue->ended);
}

/* ---- owners ---- */

static struct copy_owner *owner_find_locked(struct copy_queue *queue, const struct client *client)
{
    LIST_FOREACH (owner, &queue->owners, struct copy_owner, link)
        if (owner->client == client)
            return owner;
    return NULL;
}

static struct copy_owner *owner_of_locked(struct copy_queue *queue, const struct client *client)
{
    struct copy_owner *owner = owner_find_locked(queue, client);

    if (owner)
        return owner;
    owner = must_calloc(1, sizeof(*owner));
    owner->client = client;
    list_init(&owner->waiting);
    list_push_back(&queue->owners, &owner->link);
    return owner;
}

/* The copy is gone.  The caller puts the queue's reference without the lock: forget(). */
static void leave_locked(struct copy_queue *queue, struct copy *copy)
{
    struct copy_owner *owner = copy->owner;

    copy_history_add(&queue->history, copy,
                     copy->phase == COPY_ENDED ? COPY_STATE_OVER : COPY_STATE_CANCELLED);
    if (copy->phase == COPY_ENDED) {
        list_remove(&copy->ended_link);
        queue->ended_count--;
    } else {
        queue->live--;
    }
    if (copy->phase == COPY_WAITS)
        list_remove(&copy->owner_link);
    copy->phase = COPY_GONE;
    copy->owner = NULL;
    if (--owner->count > 0)
        return;
    list_remove(&owner->link);
    free(owner);
}

static void forget(struct copy *copy)
{
    stateid_kill(&copy->stateid);
    stateid_put(&copy->stateid);
}

/* ---- in ---- */

/* Those that have ended count until their client knows: without CB_OFFLOAD it would wait for ever
 * (RFC 7862 §4.8). */
static bool room_locked(const struct copy_queue *queue, const struct copy_owner *owner)
{
    return !queue->stop && (!owner || owner->count < LIMIT_COPIES_PER_CLIENT) &&
           queue->live + queue->ended_count < LIMIT_COPIES;
}

static void enter_locked(struct copy_queue *queue, struct copy *copy)
{
    struct copy_owner *owner = owner_of_locked(queue, copy->stateid.client);

    copy->owner = owner;
    copy->number = ++queue->begun;
    copy->phase = COPY_WAITS;
    owner->count++;
    queue->live++;
    list_push_back(&owner->waiting, &copy->owner_link);
    pthread_cond_signal(&queue->posted);
}

bool copy_queue_add(struct copy_queue *queue, struct copy *copy)
{
    bool room;

    pthread_mutex_lock(&queue->lock);
    room = room_locked(queue, owner_find_locked(queue, copy->stateid.client));
    if (room)
        enter_locked(queue, copy);
    pthread_mutex_unlock(&queue->lock);
    if (room)
        counter_add(queue->counters, COPY_COUNTER_begun, 1);
    return room;
}

/* ---- turns ---- */

/* Do fewer than `most` threads copy from or to this file system?  One that hangs must not get
 * all. */
static bool volume_is_free_locked(const struct copy_queue *queue, const struct vfs_volume *volume,
                                  uint32_t most)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < LIMIT_COPY_THREADS; i++)
        count += queue->running[i] && (queue->running[i]->from_volume == volume ||
                                       queue->running[i]->to_volume == volume);
    return count < most;
}

/* A copy whose client is gone ends at once, also while its file system hangs, but only one at a
 * time does so: to end may mean to close a removed file for the last time, and that hangs, too. */
static bool may_run_locked(const struct copy_queue *queue, const struct copy *copy)
{
    const uint32_t most = LIMIT_COPY_THREADS_PER_VOLUME + client_dead(copy->stateid.client);

    return volume_is_free_locked(queue, copy->from_volume, most) &&
           volume_is_free_locked(queue, copy->to_volume, most);
}

_Static_assert(LIMIT_COPY_THREADS_PER_VOLUME + 1 < LIMIT_COPY_THREADS,
               "a file system that hangs leaves a thread to the others");

static void begin_locked(struct copy_queue *queue, struct copy *copy)
{
    uint32_t i = 0;

    while (queue->running[i])
        i++;
    queue->running[i] = copy;
    list_remove(&copy->owner_link);
    copy->phase = COPY_RUNS;
    /* The others come first next time. */
    list_remove(&copy->owner->link);
    list_push_back(&queue->owners, &copy->owner->link);
}

/* *next_ns: when to look again, unless there is news. */
static struct copy *choose_locked(struct copy_queue *queue, int64_t now_ns, int64_t *next_ns)
{
    LIST_FOREACH (owner, &queue->owners, struct copy_owner, link) {
        LIST_FOREACH (copy, &owner->waiting, struct copy, owner_link) {
            if (copy->resume_ns > now_ns)
                *next_ns = copy->resume_ns < *next_ns ? copy->resume_ns : *next_ns;
            else if (may_run_locked(queue, copy))
                return copy;
        }
    }
    return NULL;
}

static struct timespec time_at(int64_t ns)
{
    return (struct timespec){.tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000};
}

static void wait_locked(struct copy_queue *queue, int64_t until_ns)
{
    struct timespec until = time_at(until_ns);

    if (until_ns == INT64_MAX)
        pthread_cond_wait(&queue->posted, &queue->lock);
    else
        (void)pthread_cond_timedwait(&queue->posted, &queue->lock, &until);
}

struct copy *copy_queue_take(struct copy_queue *queue)
{
    struct copy *copy = NULL;

    pthread_mutex_lock(&queue->lock);
    while (!queue->stop && !copy) {
        int64_t next_ns = INT64_MAX;

        copy = choose_locked(queue, clock_now_ns(), &next_ns);
        if (copy)
            begin_locked(queue, copy);
        else
            wait_locked(queue, next_ns);
    }
    pthread_mutex_unlock(&queue->lock);
    return copy;
}

static void turn_over_locked(struct copy_queue *queue, const struct copy *copy)
{
    for (uint32_t i = 0; i < LIMIT_COPY_THREADS; i++)
        if (queue->running[i] == copy)
            queue->running[i] = NULL;
    pthread_cond_broadcast(&queue->turned);
    pthread_cond_broadcast(&queue->posted); /* its file system may have been in the way */
}

bool copy_queue_return(struct copy_queue *queue, struct copy *copy, int64_t resume_ns)
{
    bool again;

    pthread_mutex_lock(&queue->lock);
    again = !copy->cancelled && !copy->aborted && !queue->stop;
    if (again) {
        copy->phase = COPY_WAITS;
        copy->resume_ns = resume_ns;
        list_push_back(&copy->owner->waiting, &copy->owner_link);
        turn_over_locked(queue, copy);
    }
    pthread_mutex_unlock(&queue->lock);
    return again;
}

static enum copy_counter counter_of(const struct copy *copy, enum nfsstat4 status)
{
    if (status != NFS4_OK)
        return COPY_COUNTER_failed;
    return copy_done(copy) < copy->plan.length ? COPY_COUNTER_short : COPY_COUNTER_done;
}

/* Its client has to be told; with another reference for that. */
static void end_locked(struct copy_queue *queue, struct copy *copy, enum nfsstat4 status)
{
    stateid_get(&copy->stateid);
    queue->live--;
    queue->ended_count++;
    list_push_back(&queue->ended, &copy->ended_link);
    copy->phase = COPY_ENDED;
    copy->status = status;
    copy->ended_ns = clock_now_ns();
    copy->telling = true;
}

bool copy_queue_end(struct copy_queue *queue, struct copy *copy, enum nfsstat4 status)
{
    bool tell;

    pthread_mutex_lock(&queue->lock);
    turn_over_locked(queue, copy);
    tell = !copy->cancelled && !queue->stop && !client_dead(copy->stateid.client);
    if (tell)
        end_locked(queue, copy, status);
    else
        leave_locked(queue, copy);
    pthread_mutex_unlock(&queue->lock);
    counter_add(queue->counters, tell ? counter_of(copy, status) : COPY_COUNTER_cancelled, 1);
    if (!tell)
        forget(copy);
    return tell;
}

/* ---- out ---- */

static bool settles(const struct copy *copy, enum copy_answer answer)
{
    return answer == COPY_KNOWN ||
           (answer == COPY_DISOWNED && copy->tell_wait_s >= DISOWNED_WAIT_S);
}

void copy_queue_told(struct copy_queue *queue, struct copy *copy, enum copy_answer answer)
{
    bool leaves;

    pthread_mutex_lock(&queue->lock);
    leaves = copy->phase == COPY_ENDED && settles(copy, answer);
    if (leaves)
        leave_locked(queue, copy);
    copy->telling = false;
    copy->tell_wait_s = copy->tell_wait_s > 0 ? copy->tell_wait_s * 2 : 1;
    if (copy->tell_wait_s > LIMIT_COPY_TELL_S)
        copy->tell_wait_s = LIMIT_COPY_TELL_S;
    copy->tell_ns = clock_now_ns() + (int64_t)copy->tell_wait_s * 1000000000;
    pthread_mutex_unlock(&queue->lock);
    if (leaves)
        forget(copy);
    stateid_put(&copy->stateid);
}

/* Of those that have ended: one whose client is gone, or is to be told again. */
static struct copy *due_locked(const struct copy_queue *queue, int64_t now_ns)
{
    LIST_FOREACH (copy, &queue->ended, struct copy, ended_link)
        if (client_dead(copy->stateid.client) || (!copy->telling && copy->tell_ns <= now_ns))
            return copy;
    return NULL;
}

/* Do copies wait whose client is gone?  Threads do not notice when it goes. */
static bool orphans_wait_locked(const struct copy_queue *queue)
{
    LIST_FOREACH (owner, &queue->owners, struct copy_owner, link)
        if (client_dead(owner->client) && !list_empty(&owner->waiting))
            return true;
    return false;
}

struct copy *copy_queue_due(struct copy_queue *queue, int64_t now_ns)
{
    struct copy *copy;
    bool dead;

    do {
        pthread_mutex_lock(&queue->lock);
        if (orphans_wait_locked(queue))
            pthread_cond_broadcast(&queue->posted);
        copy = queue->stop ? NULL : due_locked(queue, now_ns);
        dead = copy && client_dead(copy->stateid.client);
        if (dead) {
            leave_locked(queue, copy);
        } else if (copy) {
            stateid_get(&copy->stateid);
            copy->telling = true;
        }
        pthread_mutex_unlock(&queue->lock);
        if (dead)
            forget(copy);
    } while (dead);
    return copy;
}

/* False: it still runs. */
static bool await_turn_locked(struct copy_queue *queue, const struct copy *copy)
{
    struct timespec until = time_at(clock_now_ns() + (int64_t)queue->cancel_s * 1000000000);
    int err = 0;

    while (copy->phase == COPY_RUNS && err != ETIMEDOUT)
        err = pthread_cond_timedwait(&queue->turned, &queue->lock, &until);
    return copy->phase != COPY_RUNS;
}

enum nfsstat4 copy_queue_cancel(struct copy_queue *queue, struct copy *copy)
{
    bool waited, over, leaves, had_turns;

    pthread_mutex_lock(&queue->lock);
    if (copy->phase == COPY_GONE) {
        pthread_mutex_unlock(&queue->lock);
        return NFS4ERR_BAD_STATEID;
    }
    copy->cancelled = true;
    waited = copy->phase == COPY_RUNS;
    over = !waited || await_turn_locked(queue, copy);
    leaves = over && copy->phase != COPY_GONE;
    had_turns = leaves && copy->phase == COPY_ENDED;
    if (leaves)
        leave_locked(queue, copy);
    pthread_mutex_unlock(&queue->lock);
    if (!leaves)
        return over ? NFS4_OK : NFS4ERR_DELAY;
    if (!had_turns) {
        copy_settle(copy);
        counter_add(queue->counters, COPY_COUNTER_cancelled, 1);
    }
    forget(copy);
    return NFS4_OK;
}

bool copy_queue_abort(struct copy_queue *queue, struct copy *copy, bool *ended)
{
    bool done;

    pthread_mutex_lock(&queue->lock);
    done = !copy->cancelled && !copy->aborted && !queue->stop &&
           (copy->phase == COPY_WAITS || copy->phase == COPY_RUNS);
    *ended = done && copy->phase == COPY_WAITS;
    copy->aborted |= done;
    if (*ended) {
        list_remove(&copy->owner_link);
        end_locked(queue, copy, NFS4ERR_IO);
    }
    pthread_mutex_unlock(&queue->lock);
    if (*ended)
        counter_add(queue->counters, COPY_COUNTER_failed, 1);
    return done;
}

bool copy_queue_status(struct copy_queue *queue, const struct copy *copy, enum nfsstat4 *status)
{
    bool ended;

    pthread_mutex_lock(&queue->lock);
    ended = copy->phase == COPY_ENDED;
    *status = copy->status;
    pthread_mutex_unlock(&queue->lock);
    return ended;
}

/* ---- the end of the server ---- */

bool copy_queue_stop(struct copy_queue *queue)
{
    struct timespec until = time_at(clock_now_ns() + (int64_t)queue->stop_s * 1000000000);
    int err = 0;
    bool stopped;

    pthread_mutex_lock(&queue->lock);
    queue->stop = true;
    pthread_cond_broadcast(&queue->posted);
    while (queue->threads > 0 && err != ETIMEDOUT)
        err = pthread_cond_timedwait(&queue->turned, &queue->lock, &until);
    stopped = queue->threads == 0;
    pthread_mutex_unlock(&queue->lock);
    return stopped;
}

static struct copy *any_locked(const struct copy_queue *queue)
{
    const struct copy_owner *owner;

    if (!list_empty(&queue->ended))
        return LIST_ENTRY(queue->ended.next, struct copy, ended_link);
    if (list_empty(&queue->owners))
        return NULL;
    owner = LIST_ENTRY(queue->owners.next, struct copy_owner, link);
    CHECK(!list_empty(&owner->waiting));
    return LIST_ENTRY(owner->waiting.next, struct copy, owner_link);
}

void copy_queue_fini(struct copy_queue *queue)
{
    struct copy *copy;

    do {
        pthread_mutex_lock(&queue->lock);
        copy = any_locked(queue);
        if (copy)
            leave_locked(queue, copy);
        pthread_mutex_unlock(&queue->lock);
        if (copy) {
            copy_settle(copy);
            forget(copy);
        }
    } while (copy);
    pthread_cond_destroy(&queue->posted);
    pthread_cond_destroy(&queue->turned);
    pthread_mutex_destroy(&queue->lock);
    counter_set_destroy(queue->counters);
}
