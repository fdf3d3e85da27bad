/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One lock for all errands: it guards which ones run, and what is known of each.  It is a leaf, and
 * held for a few instructions.
 */
#include "base/errand.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/list.h"
#include "base/memory.h"

enum {
    LOOK_NS = 50000000
};

struct errand {
    struct list link; /* of `running`, until it is done */
    struct errand_work work;
    unsigned refs;
    bool committed, done, abandoned;
    int64_t begun_ns, progress_ns;  /* it started, and did something new */
    char place[ERRAND_PLACE_BYTES]; /* "": none */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t ended = PTHREAD_COND_INITIALIZER;
static struct list running = LIST_INIT(running);
static uint32_t threads;        /* that are not over */
static uint32_t abandoned_ones; /* of `running` */

static _Thread_local struct errand *own;

void errand_put(struct errand *errand)
{
    bool last;

    if (!errand)
        return;
    pthread_mutex_lock(&lock);
    last = --errand->refs == 0;
    pthread_mutex_unlock(&lock);
    if (!last)
        return;
    if (errand->work.free)
        errand->work.free(errand->work.context);
    free(errand);
}

/* Whoever abandoned it need not have the eventfd any more. */
static void finish(struct errand *errand)
{
    const uint64_t one = 1;

    pthread_mutex_lock(&lock);
    errand->done = true;
    list_remove(&errand->link);
    abandoned_ones -= errand->abandoned;
    if (!errand->abandoned && errand->work.wake_fd != ERRAND_NO_WAKE)
        CHECK(write(errand->work.wake_fd, &one, sizeof(one)) == sizeof(one) || errno == EAGAIN);
    pthread_mutex_unlock(&lock);
}

/* It counts as a thread until nothing is left of it. */
static void thread_end(void)
{
    pthread_mutex_lock(&lock);
    threads--;
    pthread_cond_broadcast(&ended);
    pthread_mutex_unlock(&lock);
}

static void *errand_main(void *arg)
{
    struct errand *errand = arg;

    (void)pthread_setname_np(pthread_self(), "errand");
    own = errand;
    errand->work.run(errand->work.context);
    own = NULL;
    finish(errand);
    errand_put(errand);
    memory_settle();
    thread_end();
    return NULL;
}

static bool thread_take(struct errand *errand, uint32_t most)
{
    bool room;

    pthread_mutex_lock(&lock);
    room = threads < most;
    if (room) {
        threads++;
        list_push_back(&running, &errand->link);
    }
    pthread_mutex_unlock(&lock);
    return room;
}

static bool thread_start(struct errand *errand)
{
    pthread_attr_t attr;
    pthread_t thread;
    int err;

    CHECK(pthread_attr_init(&attr) == 0);
    CHECK(pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED) == 0);
    err = pthread_create(&thread, &attr, errand_main, errand);
    CHECK(pthread_attr_destroy(&attr) == 0);
    return err == 0;
}

struct errand *errand_start(const struct errand_work *work, uint32_t most)
{
    struct errand *errand = must_calloc(1, sizeof(*errand));

    errand->work = *work;
    errand->refs = 2; /* the caller's, and the thread's */
    errand->begun_ns = errand->progress_ns = clock_now_ns();
    if (!thread_take(errand, most)) {
        free(errand);
        return NULL;
    }
    if (thread_start(errand))
        return errand;
    pthread_mutex_lock(&lock);
    list_remove(&errand->link);
    pthread_mutex_unlock(&lock);
    thread_end();
    free(errand);
    return NULL;
}

static bool flag_get(const bool *flag)
{
    bool value;

    pthread_mutex_lock(&lock);
    value = *flag;
    pthread_mutex_unlock(&lock);
    return value;
}

bool errand_is_done(struct errand *errand)
{
    return flag_get(&errand->done);
}

bool errand_is_committed(struct errand *errand)
{
    return flag_get(&errand->committed);
}

bool errand_is_late(struct errand *errand)
{
    int64_t now_ns = clock_now_ns();
    bool late;

    pthread_mutex_lock(&lock);
    late = now_ns - errand->progress_ns >= LIMIT_ERRAND_S * NSEC_PER_SEC ||
           now_ns - errand->begun_ns >= LIMIT_ERRAND_ALL_S * NSEC_PER_SEC;
    pthread_mutex_unlock(&lock);
    return late;
}

bool errand_abandon(struct errand *errand)
{
    bool done;

    pthread_mutex_lock(&lock);
    done = errand->done;
    abandoned_ones += !done && !errand->abandoned;
    errand->abandoned = !done;
    pthread_mutex_unlock(&lock);
    return !done;
}

void errand_place(const char *directory)
{
    if (!own)
        return;
    pthread_mutex_lock(&lock);
    own->progress_ns = clock_now_ns();
    (void)snprintf(own->place, sizeof(own->place), "%s", directory ? directory : "");
    pthread_mutex_unlock(&lock);
}

bool errand_commit(void)
{
    bool going = true;

    if (!own)
        return true;
    pthread_mutex_lock(&lock);
    own->progress_ns = clock_now_ns();
    going = !own->abandoned;
    own->committed |= going;
    pthread_mutex_unlock(&lock);
    return going;
}

bool errand_is_abandoned(void)
{
    return own && flag_get(&own->abandoned);
}

static bool is_first_of_its_place(const struct errand *errand)
{
    LIST_FOREACH (before, &running, struct errand, link) {
        if (before == errand)
            return true;
        if (strcmp(before->place, errand->place) == 0)
            return false;
    }
    return true;
}

static void places_of_all_locked(char *text, size_t size)
{
    size_t used = 0;

    LIST_FOREACH (errand, &running, struct errand, link) {
        if (errand->place[0] != '\0' && is_first_of_its_place(errand) && used < size)
            used += (size_t)snprintf(text + used, size - used, "%s%s", used > 0 ? ", " : "",
                                     errand->place);
    }
}

void errand_places(const struct errand *errand, char *text, size_t size)
{
    text[0] = '\0';
    pthread_mutex_lock(&lock);
    if (errand && errand->place[0] != '\0')
        (void)snprintf(text, size, "%s", errand->place);
    else
        places_of_all_locked(text, size);
    pthread_mutex_unlock(&lock);
}

uint32_t errands_abandoned(void)
{
    uint32_t count;

    pthread_mutex_lock(&lock);
    count = abandoned_ones;
    pthread_mutex_unlock(&lock);
    return count;
}

/* Has none begun something new for so long?  What they did before `since_ns` does not count. */
static bool all_hang_locked(uint32_t idle_s, int64_t since_ns)
{
    int64_t now_ns = clock_now_ns();

    LIST_FOREACH (errand, &running, struct errand, link) {
        int64_t last_ns = errand->progress_ns > since_ns ? errand->progress_ns : since_ns;
        uint32_t most_s = errand->committed && idle_s < LIMIT_ERRAND_S ? LIMIT_ERRAND_S : idle_s;

        if (now_ns - last_ns < most_s * NSEC_PER_SEC)
            return false;
    }
    return !list_empty(&running);
}

/* A thread that ends wakes this one, and one that gets on is seen at the next look. */
static void look_later_locked(void)
{
    struct timespec until;

    CHECK(clock_gettime(CLOCK_REALTIME, &until) == 0);
    until.tv_nsec += LOOK_NS;
    if (until.tv_nsec >= NSEC_PER_SEC) {
        until.tv_sec++;
        until.tv_nsec -= NSEC_PER_SEC;
    }
    (void)pthread_cond_timedwait(&ended, &lock, &until);
}

bool errands_end(uint32_t idle_s, uint32_t most_s)
{
    int64_t since_ns = clock_now_ns();
    bool none;

    pthread_mutex_lock(&lock);
    while (threads > 0 && !all_hang_locked(idle_s, since_ns) &&
           clock_now_ns() - since_ns < most_s * NSEC_PER_SEC)
        look_later_locked();
    none = threads == 0;
    pthread_mutex_unlock(&lock);
    return none;
}
