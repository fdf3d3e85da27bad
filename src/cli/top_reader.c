/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/top_reader.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

struct top_reader {
    struct admin_client *client; /* the thread's */
    pthread_t thread;
    int fd;           /* an eventfd */
    atomic_bool stop; /* set under the lock, too */

    pthread_mutex_t lock; /* of all below */
    pthread_cond_t changed;
    struct top_place place;
    bool is_due; /* ask at once */
    double interval_s;
    struct top_sample *sample;
};

static struct timespec later(const struct timespec *from, double seconds)
{
    struct timespec when = *from;
    long whole = (long)seconds;

    when.tv_sec += whole;
    when.tv_nsec += (long)((seconds - (double)whole) * 1e9);
    if (when.tv_nsec >= 1000000000L) {
        when.tv_nsec -= 1000000000L;
        when.tv_sec++;
    }
    return when;
}

static bool is_before(const struct timespec *one, const struct timespec *other)
{
    return one->tv_sec < other->tv_sec ||
           (one->tv_sec == other->tv_sec && one->tv_nsec < other->tv_nsec);
}

/* Until the next sample is due.  The interval may change meanwhile. */
static void wait_locked(struct top_reader *reader, const struct timespec *last)
{
    struct timespec now, due;

    for (;;) {
        (void)clock_gettime(CLOCK_MONOTONIC, &now);
        due = later(last, reader->interval_s);
        if (reader->is_due || reader->stop || !is_before(&now, &due))
            return;
        (void)pthread_cond_timedwait(&reader->changed, &reader->lock, &due);
    }
}

static void give(struct top_reader *reader, struct top_sample *sample)
{
    uint64_t one = 1;
    ssize_t ignored;

    top_sample_free(reader->sample);
    reader->sample = sample;
    ignored = write(reader->fd, &one, sizeof(one));
    (void)ignored;
}

static void *run(void *arg)
{
    struct top_reader *reader = arg;
    struct timespec last = {0};

    pthread_mutex_lock(&reader->lock);
    while (!reader->stop) {
        struct top_place place = reader->place;
        struct top_sample *sample;

        reader->is_due = false;
        (void)clock_gettime(CLOCK_MONOTONIC, &last);
        pthread_mutex_unlock(&reader->lock);
        sample = top_sample_read(reader->client, &place, &reader->stop);
        pthread_mutex_lock(&reader->lock);
        give(reader, sample);
        wait_locked(reader, &last);
    }
    pthread_mutex_unlock(&reader->lock);
    return NULL;
}

/* Signals are for the thread that has the terminal. */
static int thread_start(struct top_reader *reader)
{
    sigset_t all, old;
    int error;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    error = pthread_create(&reader->thread, NULL, run, reader);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    return error;
}

static void reader_free(struct top_reader *reader)
{
    pthread_cond_destroy(&reader->changed);
    pthread_mutex_destroy(&reader->lock);
    if (reader->fd >= 0)
        close(reader->fd);
    top_sample_free(reader->sample);
    free(reader);
}

struct top_reader *top_reader_create(struct admin_client *client, const struct top_place *place,
                                     double interval_s)
{
    struct top_reader *reader = must_calloc(1, sizeof(*reader));
    pthread_condattr_t attr;
    int error;

    reader->client = client;
    reader->place = *place;
    reader->interval_s = interval_s;
    CHECK(pthread_condattr_init(&attr) == 0);
    CHECK(pthread_condattr_setclock(&attr, CLOCK_MONOTONIC) == 0);
    CHECK(pthread_cond_init(&reader->changed, &attr) == 0);
    CHECK(pthread_mutex_init(&reader->lock, NULL) == 0);
    pthread_condattr_destroy(&attr);
    reader->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    error = reader->fd < 0 ? errno : thread_start(reader);
    if (!error)
        return reader;
    reader_free(reader);
    errno = error;
    return NULL;
}

void top_reader_destroy(struct top_reader *reader)
{
    pthread_mutex_lock(&reader->lock);
    atomic_store(&reader->stop, true);
    pthread_cond_signal(&reader->changed);
    pthread_mutex_unlock(&reader->lock);
    pthread_join(reader->thread, NULL);
    reader_free(reader);
}

void top_reader_aim(struct top_reader *reader, const struct top_place *place)
{
    pthread_mutex_lock(&reader->lock);
    reader->place = *place;
    reader->is_due = true;
    pthread_cond_signal(&reader->changed);
    pthread_mutex_unlock(&reader->lock);
}

void top_reader_pace(struct top_reader *reader, double interval_s)
{
    pthread_mutex_lock(&reader->lock);
    reader->interval_s = interval_s;
    pthread_cond_signal(&reader->changed);
    pthread_mutex_unlock(&reader->lock);
}

int top_reader_fd(const struct top_reader *reader)
{
    return reader->fd;
}

struct top_sample *top_reader_take(struct top_reader *reader)
{
    struct top_sample *sample;
    uint64_t count;
    ssize_t ignored = read(reader->fd, &count, sizeof(count));

    (void)ignored;
    pthread_mutex_lock(&reader->lock);
    sample = reader->sample;
    reader->sample = NULL;
    pthread_mutex_unlock(&reader->lock);
    return sample;
}
