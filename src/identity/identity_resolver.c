/* SPDX-License-Identifier: Apache-2.0 */
#include "identity/identity_resolver.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "base/limits.h"

enum {
    RESERVED_THREADS = 2 /* that run urgent jobs only */
};

/* Jobs that are equally urgent. */
struct queue {
    struct list jobs; /* of identity_job.link */
    uint32_t count;
};

struct identity_resolver {
    void *context;
    pthread_mutex_t lock; /* protects all below */
    pthread_cond_t posted;
    pthread_cond_t ended;
    struct queue urgent, others;
    uint32_t threads;        /* that live */
    uint32_t others_running; /* jobs that are not urgent */
    bool stop;
};

static struct identity_job *take_locked(struct queue *queue)
{
    if (queue->count == 0)
        return NULL;
    queue->count--;
    return LIST_ENTRY(list_pop_front(&queue->jobs), struct identity_job, link);
}

static bool others_may_run_locked(const struct identity_resolver *resolver)
{
    return resolver->others_running == 0 ||
           resolver->others_running + RESERVED_THREADS < resolver->threads;
}

/* NULL: stop. */
static struct identity_job *next_locked(struct identity_resolver *resolver)
{
    struct identity_job *job = NULL;

    while (!resolver->stop) {
        job = take_locked(&resolver->urgent);
        if (!job && others_may_run_locked(resolver))
            job = take_locked(&resolver->others);
        if (job)
            return job;
        pthread_cond_wait(&resolver->posted, &resolver->lock);
    }
    return NULL;
}

/* The job may be gone afterwards. */
static void run_locked(struct identity_resolver *resolver, struct identity_job *job)
{
    bool urgent = job->urgent;

    resolver->others_running += !urgent;
    pthread_mutex_unlock(&resolver->lock);
    job->run(job, resolver->context);
    pthread_mutex_lock(&resolver->lock);
    resolver->others_running -= !urgent;
}

static void *resolve(void *arg)
{
    struct identity_resolver *resolver = arg;
    struct identity_job *job;

    (void)pthread_setname_np(pthread_self(), "identity");
    pthread_mutex_lock(&resolver->lock);
    while ((job = next_locked(resolver)))
        run_locked(resolver, job);
    resolver->threads--;
    pthread_cond_signal(&resolver->ended);
    pthread_mutex_unlock(&resolver->lock);
    return NULL;
}

/* Detached: nobody can wait for a thread that hangs. */
static bool thread_start(struct identity_resolver *resolver)
{
    pthread_attr_t attr;
    pthread_t thread;
    bool started;

    CHECK(pthread_attr_init(&attr) == 0);
    CHECK(pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED) == 0);
    pthread_mutex_lock(&resolver->lock);
    started = pthread_create(&thread, &attr, resolve, resolver) == 0;
    resolver->threads += started;
    pthread_mutex_unlock(&resolver->lock);
    pthread_attr_destroy(&attr);
    return started;
}

struct identity_resolver *identity_resolver_create(void *context)
{
    struct identity_resolver *resolver = must_calloc(1, sizeof(*resolver));
    pthread_condattr_t attr;
    uint32_t started = 0;

    resolver->context = context;
    list_init(&resolver->urgent.jobs);
    list_init(&resolver->others.jobs);
    CHECK(pthread_mutex_init(&resolver->lock, NULL) == 0);
    CHECK(pthread_cond_init(&resolver->posted, NULL) == 0);
    CHECK(pthread_condattr_init(&attr) == 0);
    CHECK(pthread_condattr_setclock(&attr, CLOCK_MONOTONIC) == 0);
    CHECK(pthread_cond_init(&resolver->ended, &attr) == 0);
    pthread_condattr_destroy(&attr);
    while (started < LIMIT_IDENTITY_THREADS && thread_start(resolver))
        started++;
    if (started > 0)
        return resolver;
    CHECK(identity_resolver_destroy(resolver));
    return NULL;
}

static struct queue *queue_of(struct identity_resolver *resolver, bool urgent)
{
    return urgent ? &resolver->urgent : &resolver->others;
}

bool identity_resolver_has_room(struct identity_resolver *resolver, bool urgent)
{
    bool room;

    pthread_mutex_lock(&resolver->lock);
    room = queue_of(resolver, urgent)->count < LIMIT_IDENTITY_QUESTIONS;
    pthread_mutex_unlock(&resolver->lock);
    return room;
}

bool identity_resolver_post(struct identity_resolver *resolver, struct identity_job *job)
{
    struct queue *queue = queue_of(resolver, job->urgent);
    bool room;

    pthread_mutex_lock(&resolver->lock);
    room = queue->count < LIMIT_IDENTITY_QUESTIONS && !resolver->stop;
    if (room) {
        list_push_back(&queue->jobs, &job->link);
        queue->count++;
        pthread_cond_signal(&resolver->posted);
    }
    pthread_mutex_unlock(&resolver->lock);
    return room;
}

bool identity_resolver_destroy(struct identity_resolver *resolver)
{
    struct timespec until;
    uint32_t left;

    if (!resolver)
        return true;
    CHECK(clock_gettime(CLOCK_MONOTONIC, &until) == 0);
    until.tv_sec++;
    pthread_mutex_lock(&resolver->lock);
    resolver->stop = true;
    pthread_cond_broadcast(&resolver->posted);
    while (resolver->threads > 0 &&
           pthread_cond_timedwait(&resolver->ended, &resolver->lock, &until) == 0)
        continue;
    left = resolver->threads;
    pthread_mutex_unlock(&resolver->lock);
    if (left > 0)
        return false;
    pthread_mutex_destroy(&resolver->lock);
    pthread_cond_destroy(&resolver->posted);
    pthread_cond_destroy(&resolver->ended);
    free(resolver);
    return true;
}
