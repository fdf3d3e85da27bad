/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/connection_event.h"

#include <sys/epoll.h>

#include "base/clock.h"
#include "base/list.h"
#include "transport/batch.h"
#include "transport/call_frame.h"
#include "transport/connection_internal.h"
#include "transport/handshake.h"
#include "transport/loop.h"
#include "transport/park.h"
#include "transport/send_queue.h"
#include "transport/source.h"
#include "transport/starttls.h"
#include "transport/stream.h"
#include "transport/transport_internal.h"
#include "transport/turn.h"
#include "transport/worker_internal.h"

/* Until TLS is established.  False: the event is dealt with, or the loop lost. */
static bool secure_event(struct loop *loop, struct connection *conn, uint32_t events)
{
    switch (stream_state(stream_tls(conn))) {
    case STREAM_STARTING:
        send_queue_pump(conn);
        if (worker_owns(loop) && !connection_is_dead(conn) && starttls_continue(conn))
            turn_wait(&loop->turns, &conn->turn);
        return false;
    case STREAM_SHAKING:
        if (events & EPOLLOUT)
            handshake_room(conn);
        return true;
    case STREAM_OPEN:
        break;
    }
    return true;
}

void connection_event(struct loop *loop, struct source *source, uint32_t events)
{
    struct connection *conn = CONTAINER_OF(source, struct connection, source);
    unsigned state;

    if (events & (EPOLLERR | EPOLLHUP)) {
        connection_shutdown(conn);
        loop_leave(loop, conn);
        return;
    }
    if (stream_is_secure(conn) && !secure_event(loop, conn, events))
        return;
    if (events & EPOLLOUT) {
        turn_begin(&loop->turns, &conn->turn, clock_now_ns());
        send_queue_pump(conn);
        if (!worker_owns(loop))
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
    /* The event may be older than the last change of these flags.  Only the loop's owner writes
     * them. */
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

/* The connection has left the loop, but a call that has begun runs to its end. */
static void turn_left(struct loop *loop, struct connection *conn)
{
    struct call_frame *frame = LIST_ENTRY(conn->yielded.next, struct call_frame, park.link);

    if (conn->yielded.next != conn->yielded.prev)
        turn_wait(&loop->turns, &conn->turn);
    turn_begin_address(&loop->turns, &conn->turn, clock_now_ns());
    park_run_yielded(frame);
}

void connection_turn(struct loop *loop, struct connection *conn)
{
    transport_count(loop->transport, TRANSPORT_COUNTER_turns, 1);
    if (conn->queue.left)
        turn_left(loop, conn);
    else if (conn->queue.deferred || !list_empty(&conn->yielded))
        batch_resume(loop, conn);
    else if (!conn->queue.stalled && !conn->queue.quiet && !conn->queue.eof)
        batch_begin(loop, conn);
}
