/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log_queue.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

enum {
    NOTE_BYTES = 256,
    STACK_BYTES = 64 << 10,
};

struct log_queue {
    struct log_queue_config config;
    pthread_t thread;
    pthread_mutex_t lock; /* guards all below; never held over a write */
    pthread_cond_t filled;
    char *text; /* queued lines, of bytes_max bytes; the writer exchanges it for an empty one */
    size_t bytes;
    uint32_t lines;
    uint64_t dropped;     /* in all */
    uint64_t dropped_new; /* that no note speaks of yet */
    bool writing;
    bool stopping;
};

/* ---- the writer ---- */

/* What the descriptor does not want is lost. */
static void write_all(int fd, const char *text, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, text, len);

        if (n > 0) {
            text += n;
            len -= (size_t)n;
        } else if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            (void)poll(&(struct pollfd){.fd = fd, .events = POLLOUT}, 1, -1);
        } else if (n == 0 || errno != EINTR) {
            return;
        }
    }
}

static void write_note(const struct log_queue *queue, uint64_t dropped)
{
    char text[NOTE_BYTES];

    write_all(queue->config.fd, text, queue->config.note(text, sizeof(text), dropped));
}

/* Take what is queued; false at the end. */
static bool take(struct log_queue *queue, char **text, size_t *bytes, uint64_t *dropped)
{
    char *empty = *text;

    pthread_mutex_lock(&queue->lock);
    queue->writing = false;
    while (queue->bytes == 0 && queue->dropped_new == 0 && !queue->stopping)
        pthread_cond_wait(&queue->filled, &queue->lock);
    *bytes = queue->bytes;
    *dropped = queue->dropped_new;
    *text = queue->text;
    queue->text = empty;
    queue->bytes = 0;
    queue->lines = 0;
    queue->dropped_new = 0;
    queue->writing = *bytes > 0 || *dropped > 0;
    pthread_mutex_unlock(&queue->lock);
    return *bytes > 0 || *dropped > 0;
}

static void *writer_main(void *arg)
{
    struct log_queue *queue = arg;
    char *text = must_malloc(queue->config.bytes_max);
    uint64_t dropped;
    size_t bytes;

    (void)pthread_setname_np(pthread_self(), "log");
    while (take(queue, &text, &bytes, &dropped)) {
        write_all(queue->config.fd, text, bytes);
        if (dropped > 0)
            write_note(queue, dropped);
    }
    free(text);
    return NULL;
}

/* ---- the queue ---- */

bool log_queue_put(struct log_queue *queue, const char *line, size_t len)
{
    bool fits;

    pthread_mutex_lock(&queue->lock);
    fits = queue->bytes + len <= queue->config.bytes_max && queue->lines < queue->config.lines_max;
    if (fits) {
        memcpy(queue->text + queue->bytes, line, len);
        queue->bytes += len;
        queue->lines++;
    } else {
        queue->dropped++;
        queue->dropped_new++;
    }
    if (!queue->writing)
        pthread_cond_signal(&queue->filled);
    pthread_mutex_unlock(&queue->lock);
    return fits;
}

uint64_t log_queue_dropped(struct log_queue *queue)
{
    uint64_t dropped;

    pthread_mutex_lock(&queue->lock);
    dropped = queue->dropped;
    pthread_mutex_unlock(&queue->lock);
    return dropped;
}

uint32_t log_queue_waiting(struct log_queue *queue)
{
    uint32_t lines;

    pthread_mutex_lock(&queue->lock);
    lines = queue->lines;
    pthread_mutex_unlock(&queue->lock);
    return lines;
}

bool log_queue_flush(struct log_queue *queue, int timeout_ms)
{
    const struct timespec pause = {.tv_nsec = NSEC_PER_MSEC};

    for (int waited_ms = 0; waited_ms <= timeout_ms; waited_ms++) {
        if (pthread_mutex_trylock(&queue->lock) == 0) {
            bool done = queue->bytes == 0 && !queue->writing;

            pthread_mutex_unlock(&queue->lock);
            if (done)
                return true;
        }
        nanosleep(&pause, NULL);
    }
    return false;
}

/* ---- beginning and end ---- */

static void queue_free(struct log_queue *queue)
{
    pthread_mutex_destroy(&queue->lock);
    pthread_cond_destroy(&queue->filled);
    free(queue->text);
    free(queue);
}

/* A thread that gets no signals. */
static int writer_start(struct log_queue *queue)
{
    pthread_attr_t attr;
    sigset_t all, old;
    int error;

    CHECK(pthread_attr_init(&attr) == 0);
    CHECK(pthread_attr_setstacksize(&attr, STACK_BYTES) == 0);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    error = pthread_create(&queue->thread, &attr, writer_main, queue);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    pthread_attr_destroy(&attr);
    return error;
}

struct log_queue *log_queue_create(const struct log_queue_config *config)
{
    struct log_queue *queue = must_calloc(1, sizeof(*queue));

    queue->config = *config;
    queue->text = must_malloc(config->bytes_max);
    CHECK(pthread_mutex_init(&queue->lock, NULL) == 0);
    CHECK(pthread_cond_init(&queue->filled, NULL) == 0);
    errno = writer_start(queue);
    if (errno == 0)
        return queue;
    queue_free(queue);
    return NULL;
}

bool log_queue_destroy(struct log_queue *queue, int timeout_ms)
{
    struct timespec until;

    pthread_mutex_lock(&queue->lock);
    queue->stopping = true;
    pthread_cond_signal(&queue->filled);
    pthread_mutex_unlock(&queue->lock);
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += timeout_ms / 1000;
    until.tv_nsec += timeout_ms % 1000 * NSEC_PER_MSEC;
    if (until.tv_nsec >= NSEC_PER_SEC) {
        until.tv_nsec -= NSEC_PER_SEC;
        until.tv_sec++;
    }
    if (pthread_timedjoin_np(queue->thread, NULL, &until) != 0)
        return false;
    queue_free(queue);
    return true;
}
