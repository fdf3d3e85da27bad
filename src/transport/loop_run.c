/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs the event loop: waits on its epoll set (level-triggered) and calls the sources' handlers.
 * Listeners are in loop 0.
 */
#include "transport/loop_run.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/epoll.h>

#include "base/clock.h"
#include "base/list.h"
#include "transport/batch.h"
#include "transport/connection_event.h"
#include "transport/connection_internal.h"
#include "transport/listener.h"
#include "transport/loop.h"
#include "transport/park.h"
#include "transport/send_queue.h"
#include "transport/source.h"
#include "transport/transport_internal.h"
#include "transport/turn.h"
#include "transport/worker_internal.h"

enum {
    LOOP_PAUSE_MS = 50, /* how often a loop checks whether it may accept again */
};

/* The first connection, which moves to the end of the list.  It stays alive because only the loop's
 * owner lets a connection leave. */
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

/* Stop accepting; when the server ends, stop receiving, too.  Then each connection leaves once it
 * has no running call and nothing to send. */
static void loop_drain(struct loop *loop)
{
    struct transport *transport = loop->transport;
    bool cutting = atomic_load_explicit(&transport->cutting, memory_order_relaxed);
    uint32_t count = atomic_load_explicit(&loop->connection_count, memory_order_relaxed);

    if (loop->index == 0)
        listeners_close(transport);
    if (!atomic_load_explicit(&transport->draining, memory_order_relaxed))
        return;
    if (loop->index == 0)
        park_expire_all(transport);
    for (; count > 0 && worker_owns(loop); count--) {
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

static void source_event(struct loop *loop, const struct epoll_event *event)
{
    struct source *source = event->data.ptr;

    /* NULL: its connection has left since. */
    if (source)
        source->event(loop, source, event->events);
}

/* Ask for events until there are some, but not for long.  Returns what epoll_wait() does. */
static int loop_spin(struct loop *loop)
{
    int64_t now_ns, end_ns = 0;
    int count;

    while ((count = epoll_wait(loop->epoll_fd, loop->events, LOOP_EVENTS, 0)) == 0) {
        now_ns = clock_now_ns();
        if (end_ns == 0)
            end_ns = now_ns + loop->spin.limit_ns;
        else if (now_ns >= end_ns)
            break;
    }
    if (end_ns == 0)
        return count; /* there was work already */
    spin_note(&loop->spin, count > 0);
    transport_count(loop->transport,
                    count > 0 ? TRANSPORT_COUNTER_spins : TRANSPORT_COUNTER_spins_vain, 1);
    return count;
}

/* The same, with a timeout as epoll_wait() has. */
static int loop_poll(struct loop *loop, int timeout_ms)
{
    int count = 0;

    transport_count(loop->transport, TRANSPORT_COUNTER_waits, 1);
    if (timeout_ms < 0 && spin_is_due(&loop->spin))
        count = loop_spin(loop);
    if (count == 0)
        count = epoll_wait(loop->epoll_fd, loop->events, LOOP_EVENTS, timeout_ms);
    return count;
}

static void loop_wait(struct loop *loop)
{
    int timeout_ms = loop->accept_paused_until_ns ? LOOP_PAUSE_MS : -1;
    int count;

    if (loop->turns.count > 0 || loop->resume_wanted)
        timeout_ms = 0;
    if (loop->turns.count == 0)
        turn_end(&loop->turns);
    count = loop_poll(loop, timeout_ms);
    CHECK(count >= 0 || errno == EINTR);
    loop->event_next = 0;
    loop->event_count = count > 0 ? count : 0;
    turn_round(&loop->turns, count == LOOP_EVENTS);
    if (loop->accept_paused_until_ns)
        listeners_resume(loop);
}

static void loop_turn(struct loop *loop, struct turn *turn)
{
    connection_turn(loop, CONTAINER_OF(turn, struct connection, turn));
}

/* Give the next waiting connection its turn.  False: poll epoll first. */
static bool loop_give_turn(struct loop *loop)
{
    struct turn *turn = turn_next(&loop->turns);

    if (turn)
        loop_turn(loop, turn);
    return turn != NULL;
}

static void loop_run(struct loop *loop)
{
    /* These must not wait for the call that made the last owner lose the loop. */
    loop_send_postponed(loop);
    if (worker_owns(loop))
        batch_continue(loop);
    while (worker_owns(loop)) {
        /* Resumed calls have waited longest, so they go first.  But only one at a time: a long run
         * of them would delay all others. */
        if (loop->resume_wanted && !loop->resumed_one) {
            loop->resumed_one = true;
            park_run_next(loop);
            if (worker_owns(loop))
                loop_send_postponed_late(loop);
            continue;
        }
        if (!list_empty(&loop->postponed)) {
            loop_send_postponed(loop);
            continue;
        }
        loop->resumed_one = false;
        /* Not after connection_turn(), which may have lost the loop. */
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

/* The batch waits for the call that blocks; the replies that are ready must not. */
static void loop_flush(struct loop *loop)
{
    batch_flush(loop);
    loop_send_postponed(loop);
}

const struct worker_hooks loop_run_hooks = {.run = loop_run, .flush = loop_flush};
