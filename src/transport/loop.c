/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parts of a loop: connections enter and leave it, and it sends postponed records.  loop_run.c
 * runs it.
 */
#include "transport/loop.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/list.h"
#include "transport/buffer.h"
#include "transport/call_frame.h"
#include "transport/connection_internal.h"
#include "transport/half_record.h"
#include "transport/idle.h"
#include "transport/record.h"
#include "transport/send_queue.h"
#include "transport/source.h"
#include "transport/transport_internal.h"
#include "transport/turn.h"
#include "transport/worker_internal.h"

enum {
    POSTPONED_SECTIONS = 8 /* blocking sections after which postponed records are sent */
};

static void lag_count(struct transport *transport, uint64_t lag_ns)
{
    static const uint64_t bounds_us[] = {
#define X(name, us) [LOOP_LAG_##name] = (us),
        LOOP_LAG_BUCKETS(X)
#undef X
    };
    unsigned bucket = 0;

    while (bucket < LOOP_LAG_MORE && lag_ns > bounds_us[bucket] * 1000)
        bucket++;
    counter_add(transport->lags, bucket, 1);
    counter_add(transport->lags, LOOP_LAG_BUCKET_COUNT, lag_ns);
}

static void pulse_answer(struct loop *loop)
{
    int64_t asked_ns = atomic_load_explicit(&loop->asked_ns, memory_order_relaxed);
    int64_t lag_ns;

    if (asked_ns == 0)
        return;
    lag_ns = clock_now_ns() - asked_ns;
    lag_count(loop->transport, (uint64_t)lag_ns);
    atomic_store_explicit(&loop->lag_ns, lag_ns, memory_order_relaxed);
    atomic_store_explicit(&loop->turns_due, loop->turns.count, memory_order_relaxed);
    atomic_store_explicit(&loop->asked_ns, 0, memory_order_relaxed);
}

static void wake_event(struct loop *loop, struct source *source, uint32_t events)
{
    uint64_t count;
    ssize_t ignored = read(loop->wake_fd, &count, sizeof(count));

    (void)source, (void)events, (void)ignored;
    pulse_answer(loop);
    loop->resume_wanted = true;
    loop->drain_wanted = atomic_load_explicit(&loop->transport->draining, memory_order_acquire) ||
                         atomic_load_explicit(&loop->transport->closed, memory_order_acquire);
}

bool loop_init(struct loop *loop, struct transport *transport, unsigned index)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = &loop->wake};

    loop->transport = transport;
    loop->index = index;
    loop->wake.event = wake_event;
    list_init(&loop->connections);
    list_init(&loop->without_client);
    half_records_init(&loop->half_records);
    list_init(&loop->resumed);
    list_init(&loop->postponed);
    turn_table_init(&loop->turns);
    CHECK(pthread_mutex_init(&loop->list_lock, NULL) == 0);
    CHECK(pthread_mutex_init(&loop->resumed_lock, NULL) == 0);
    loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    loop->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return loop->epoll_fd >= 0 && loop->wake_fd >= 0 &&
           epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, loop->wake_fd, &event) == 0;
}

void loop_fini(struct loop *loop)
{
    CHECK(list_empty(&loop->connections) && list_empty(&loop->resumed) &&
          list_empty(&loop->postponed) && loop->turns.count == 0);
    if (loop->frame)
        frame_release(loop->transport, loop->frame);
    buffer_put(loop->scratch);
    buffer_put(loop->sealed);
    buffer_put(loop->out);
    if (loop->epoll_fd >= 0)
        close(loop->epoll_fd);
    if (loop->wake_fd >= 0)
        close(loop->wake_fd);
    half_records_fini(&loop->half_records);
    pthread_mutex_destroy(&loop->list_lock);
    pthread_mutex_destroy(&loop->resumed_lock);
}

void loop_wake(struct loop *loop)
{
    uint64_t one = 1;
    ssize_t ignored = write(loop->wake_fd, &one, sizeof(one));

    (void)ignored;
}

void loop_pulse(struct loop *loop)
{
    if (atomic_load_explicit(&loop->asked_ns, memory_order_relaxed) != 0)
        return; /* still waiting for the last answer */
    atomic_store_explicit(&loop->asked_ns, clock_now_ns(), memory_order_relaxed);
    loop_wake(loop);
}

int64_t loop_lag_ns(const struct loop *loop, int64_t now_ns)
{
    int64_t asked_ns = atomic_load_explicit(&loop->asked_ns, memory_order_relaxed);
    int64_t lag_ns = atomic_load_explicit(&loop->lag_ns, memory_order_relaxed);
    int64_t due_ns = asked_ns != 0 ? now_ns - asked_ns : 0;

    return due_ns > lag_ns ? due_ns : lag_ns;
}

void loop_send_postponed(struct loop *loop)
{
    struct list *node;

    loop->postponed_sections = 0;
    while (worker_owns(loop) && (node = list_pop_front(&loop->postponed)))
        send_queue_postponed(LIST_ENTRY(node, struct connection, postponed_link));
}

void loop_send_postponed_late(struct loop *loop)
{
    if (loop->postponed_sections >= POSTPONED_SECTIONS)
        loop_send_postponed(loop);
}

struct loop *loop_choose(struct transport *transport)
{
    struct loop *best = &transport->loops[0];

    for (unsigned i = 1; i < transport->loop_count; i++) {
        struct loop *loop = &transport->loops[i];

        if (atomic_load_explicit(&loop->connection_count, memory_order_relaxed) <
            atomic_load_explicit(&best->connection_count, memory_order_relaxed))
            best = loop;
    }
    return best;
}

bool loop_add(struct loop *loop, struct connection *conn, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = &conn->source};
    bool added;

    conn->loop = loop;
    conn->queue.armed = event.events;
    /* Atomically: the loop may leave the connection as soon as epoll reports it, and needs the lock
     * to do so. */
    pthread_mutex_lock(&loop->list_lock);
    added = epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, conn->fd, &event) == 0;
    if (added) {
        list_push_back(&loop->connections, &conn->link);
        if (!connection_is_dialled(conn))
            idle_watch_locked(loop, conn);
        atomic_fetch_add_explicit(&loop->connection_count, 1, memory_order_relaxed);
    }
    pthread_mutex_unlock(&loop->list_lock);
    return added;
}

/* Drop the events of `conn` that have been fetched but not handled: the connection may leave during
 * a turn between two of them, and be freed. */
static void loop_forget_events(struct loop *loop, const struct connection *conn)
{
    for (int i = loop->event_next; i < loop->event_count; i++) {
        if (loop->events[i].data.ptr == &conn->source)
            loop->events[i].data.ptr = NULL;
    }
}

void loop_leave(struct loop *loop, struct connection *conn)
{
    loop_forget_events(loop, conn);
    send_queue_leave(conn);
    epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, conn->fd, NULL);
    pthread_mutex_lock(&loop->list_lock);
    list_remove(&conn->link);
    idle_forget_locked(conn);
    pthread_mutex_unlock(&loop->list_lock);
    atomic_fetch_sub_explicit(&loop->connection_count, 1, memory_order_relaxed);
    half_record_forget(loop, conn);
    record_reset(&conn->reader);
    buffer_put(conn->stalled);
    conn->stalled = NULL;
    turn_leave(&loop->turns, &conn->turn);
    /* A call that has begun runs to its end. */
    if (list_empty(&conn->yielded))
        turn_cancel(&loop->turns, &conn->turn);
    else
        turn_wait(&loop->turns, &conn->turn);
    connection_unpin(conn);
}
