/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/copies/copy_threads.h"

#include <signal.h>

#include "base/clock.h"
#include "base/memory.h"
#include "proto/copies/copy_notice.h"
#include "vfs/vfs_identity.h"

enum {
    LATER_NS = 50 * 1000000 /* until a copy that must wait has its next turn */
};

/* No, if its client is gone, it was cancelled, or the server ends.  *status is for the client of
 * one that an administrator has cancelled; no other one is told. */
static bool goes_on(struct copy_queue *queue, struct copy *copy, enum copy_turn turn,
                    enum nfsstat4 *status)
{
    if (turn == COPY_TURN_OVER)
        return false;
    *status = NFS4ERR_IO;
    return copy_queue_return(queue, copy, turn == COPY_TURN_LATER ? clock_now_ns() + LATER_NS : 0);
}

static void *work(void *arg)
{
    struct copy_queue *queue = arg;
    struct copy *copy;

    (void)pthread_setname_np(pthread_self(), "copy");
    while ((copy = copy_queue_take(queue))) {
        enum nfsstat4 status;
        enum copy_turn turn = copy_take_turn(copy, &status);

        if (goes_on(queue, copy, turn, &status))
            continue;
        copy_settle(copy);
        if (copy_queue_end(queue, copy, status))
            copy_notice_send(copy);
    }
    memory_settle();
    pthread_mutex_lock(&queue->lock);
    queue->threads--;
    pthread_cond_broadcast(&queue->turned);
    pthread_mutex_unlock(&queue->lock);
    return NULL;
}

/* Detached: nobody can wait for a thread that hangs.  As the server, whoever the caller acts for,
 * and without signals. */
static bool start(struct copy_queue *queue)
{
    pthread_attr_t attr;
    pthread_t thread;
    sigset_t all, old;
    bool started;

    CHECK(pthread_attr_init(&attr) == 0);
    CHECK(pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED) == 0);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    vfs_own_identity_begin();
    started = pthread_create(&thread, &attr, work, queue) == 0;
    vfs_own_identity_end();
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    pthread_attr_destroy(&attr);
    return started;
}

/* A thread for each copy that is not over, and at least one.  How many are idle says nothing: one
 * that has been woken for a copy looks idle until it runs. */
static bool more_are_wanted_locked(const struct copy_queue *queue)
{
    return !queue->stop && queue->threads < LIMIT_COPY_THREADS &&
           (queue->threads == 0 || queue->threads < queue->live);
}

/* False: there is no thread at all. */
static bool have_threads(struct copy_queue *queue)
{
    bool wanted, have;

    pthread_mutex_lock(&queue->lock);
    wanted = more_are_wanted_locked(queue);
    queue->threads += wanted;
    have = queue->threads > 0;
    pthread_mutex_unlock(&queue->lock);
    if (!wanted || start(queue))
        return have;
    pthread_mutex_lock(&queue->lock);
    have = --queue->threads > 0;
    pthread_cond_broadcast(&queue->turned);
    pthread_mutex_unlock(&queue->lock);
    return have;
}

bool copy_threads_add(struct copy_queue *queue, struct copy *copy)
{
    if (!have_threads(queue) || !copy_queue_add(queue, copy))
        return false;
    (void)have_threads(queue); /* one more is better; one there is */
    return true;
}
