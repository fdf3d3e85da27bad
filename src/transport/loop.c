/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The event loop: waits in its epoll set (level-triggered) and calls whoever the events are for.
 * Listeners live in loop 0.
 */
#include "transport/loop.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/list.h"
#include "base/log.h"
#include "transport/batch.h"
#include "transport/buffer.h"
#include "transport/call_frame.h"
#include "transport/connection_internal.h"
#include "transport/dial_internal.h"
#include "transport/half_record.h"
#include "transport/idle.h"
#include "transport/listener.h"
#include "transport/park.h"
#include "transport/record.h"
#include "transport/send_queue.h"
#include "transport/source.h"
#include "transport/transport_internal.h"
#include "transport/turn.h"
#include "transport/worker_internal.h"

enum {
    LOOP_PAUSE_MS = 50,    /* how often a loop looks whether it may accept again */
    POSTPONED_SECTIONS = 8 /* nothing waits for another call after so many of them */
};

bool loop_init(struct loop *loop, struct transport *transport, unsigned index)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = &loop->wake};

    loop->transport = transport;
    loop->index = index;
    loop->wake.kind = SOURCE_WAKE;
    list_init(&loop->connections);
    list_init(&loop->strangers);
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

struct loop *loop_owned(const struct transport *transport)
{
    const struct worker *worker = worker_self;

    /* In a section it can be taken any moment. */
    if (!worker || worker->in_section || worker->transport != transport)
        return NULL;
    return worker->loop;
}

void loop_send_postponed(struct loop *loop)
{
    struct list *node;

    loop->postponed_sections = 0;
    while (loop_is_mine(loop) && (node = list_pop_front(&loop->postponed)))
        send_queue_postponed(LIST_ENTRY(node, struct connection, postponed_link));
}

void loop_count_section(struct loop *loop)
{
    if (!list_empty(&loop->postponed))
        loop->postponed_sections++;
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
    /* In one step: the loop may let it go as soon as either is done, and needs the lock for it. */
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

/* Events of `conn` that the loop has still in hand: it may leave in a turn that is given between
 * them, and its memory goes. */
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
    /* A call that has begun is run to its end. */
    if (list_empty(&conn->yielded))
        turn_cancel(&loop->turns, &conn->turn);
    else
        turn_wait(&loop->turns, &conn->turn);
    connection_unpin(conn);
}

static void connection_event(struct loop *loop, struct connection *conn, uint32_t events)
{
    unsigned state;

    if (conn->dial.connecting) {
        dial_event(loop, conn);
        return;
    }
    if (events & (EPOLLERR | EPOLLHUP)) {
        connection_shutdown(conn);
        loop_leave(loop, conn);
        return;
    }
    if (events & EPOLLOUT) {
        turn_begin(&loop->turns, &conn->turn, clock_now_ns());
        send_queue_pump(conn);
        if (!loop_is_mine(loop))
            return;
        state = send_queue_state(conn);
        if (state & SEND_QUEUE_EOF) {
            loop_leave(loop, conn);
            return;
        }
        if (state & SEND_QUEUE_RESUME) {
            batch_resume(loop, conn);
            return;
        }
    }
    /* Epoll may not know yet that nothing is to be received.  The flags are the owner's. */
    if (!(events & EPOLLIN) || conn->queue.stalled || conn->queue.quiet || conn->queue.eof)
        return;
    if (turn_waits(&conn->turn)) {
        if (turn_is_crowded(&loop->turns))
            send_queue_set(conn, SEND_QUEUE_DEFER);
    } else if (turn_is_light(&loop->turns, &conn->turn)) {
        batch_begin(loop, conn);
    } else {
        turn_wait(&loop->turns, &conn->turn);
    }
}

/* The first connection, moved to the end of the list; it stays alive, for only the owner of the
 * loop lets it go. */
static struct connection *loop_rotate(struct loop *loop)
{
    struct list *node;

    pthread_mutex_lock(&loop->list_lock);
    node = list_pop_front(&loop->connections);
    if (node)
        list_push_back(&loop->connections, node);
    pthread_mutex_unlock(&loop->list_lock);
    return node ? LIST_ENTRY(node, struct connection, link) : NULL;
}

/* Stop receiving; leave each connection once nothing of it runs or waits to be sent. */
static void loop_drain(struct loop *loop)
{
    struct transport *transport = loop->transport;
    bool cutting = atomic_load_explicit(&transport->cutting, memory_order_relaxed);
    uint32_t count = atomic_load_explicit(&loop->connection_count, memory_order_relaxed);

    if (loop->index == 0) {
        listeners_close(transport);
        park_expire_all(transport);
    }
    for (; count > 0 && loop_is_mine(loop); count--) {
        struct connection *conn = loop_rotate(loop);
        bool busy;

        if (!conn)
            return;
        busy = atomic_load_explicit(&conn->active, memory_order_acquire) > 1 ||
               send_queue_state(conn) & SEND_QUEUE_WAITS;
        if (cutting)
            connection_shutdown(conn);
        if (cutting || !busy)
            loop_leave(loop, conn);
        else
            send_queue_set(conn, SEND_QUEUE_QUIET);
    }
}

static void wake_event(struct loop *loop)
{
    uint64_t count;
    ssize_t ignored = read(loop->wake_fd, &count, sizeof(count));

    (void)ignored;
    loop->resume_wanted = true;
    loop->drain_wanted = atomic_load_explicit(&loop->transport->draining, memory_order_acquire);
}

static void source_event(struct loop *loop, const struct epoll_event *event)
{
    struct source *source = event->data.ptr;

    if (!source)
        return;
    switch (source->kind) {
    case SOURCE_CONNECTION:
        connection_event(loop, CONTAINER_OF(source, struct connection, source), event->events);
        break;
    case SOURCE_LISTENER:
        turn_settle(&loop->turns, clock_now_ns());
        listener_accept(loop, CONTAINER_OF(source, struct listener, source));
        break;
    case SOURCE_WAKE:
        wake_event(loop);
        break;
    case SOURCE_TIMER:
        park_timer_event(loop->transport);
        break;
    }
}

static void loop_wait(struct loop *loop)
{
    int timeout_ms = loop->accept_paused_until_ns ? LOOP_PAUSE_MS : -1;
    int count;

    if (loop->turns.count > 0 || loop->resume_wanted)
        timeout_ms = 0;
    if (loop->turns.count == 0)
        turn_end(&loop->turns);
    count = epoll_wait(loop->epoll_fd, loop->events, LOOP_EVENTS, timeout_ms);
    CHECK(count >= 0 || errno == EINTR);
    loop->event_next = 0;
    loop->event_count = count > 0 ? count : 0;
    turn_round(&loop->turns, count == LOOP_EVENTS);
    if (loop->accept_paused_until_ns)
        listeners_resume(loop);
}

static void loop_turn(struct loop *loop, struct turn *turn)
{
    batch_turn(loop, CONTAINER_OF(turn, struct connection, turn));
}

/* A turn for the next connection that waits for one; false: look at epoll first. */
static bool loop_give_turn(struct loop *loop)
{
    struct turn *turn = turn_next(&loop->turns);

    if (turn)
        loop_turn(loop, turn);
    return turn != NULL;
}

void loop_run(struct loop *loop)
{
    /* The call that keeps the last owner busy does not keep these waiting. */
    loop_send_postponed(loop);
    if (loop_is_mine(loop))
        batch_continue(loop);
    while (loop_is_mine(loop)) {
        /* They have waited long enough; but a great many of them, one after the other, would hold
         * up everybody else. */
        if (loop->resume_wanted && !loop->resumed_one) {
            loop->resumed_one = true;
            park_run_next(loop);
            if (loop_is_mine(loop))
                loop_send_postponed_late(loop);
            continue;
        }
        if (!list_empty(&loop->postponed)) {
            loop_send_postponed(loop);
            continue;
        }
        loop->resumed_one = false;
        /* Here and not behind batch_turn(): the turn may have changed the owner of the loop. */
        if (loop->turns.serving)
            turn_served(&loop->turns, clock_now_ns());
        if (turn_is_owed(&loop->turns)) {
            loop_turn(loop, turn_take(&loop->turns));
            continue;
        }
        if (loop->event_next < loop->event_count) {
            source_event(loop, &loop->events[loop->event_next++]);
            continue;
        }
        if (loop->drain_wanted) {
            loop->drain_wanted = false;
            loop_drain(loop);
            continue;
        }
        if (!loop->resume_wanted &&
            atomic_load_explicit(&loop->transport->stopping, memory_order_acquire))
            return;
        if (!loop_give_turn(loop))
            loop_wait(loop);
    }
}
