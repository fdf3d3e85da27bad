/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs one connection's batch: one receive, then every complete record in it, then one send.
 *
 * The state of the batch is in loop->batch, so that another thread can continue it if this thread
 * loses the loop inside a call.  In that case the replies of the earlier calls are sent at once,
 * and the detached call keeps its buffers alive by references of its own.
 */
#include "transport/batch.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/list.h"
#include "base/log.h"
#include "transport/address.h"
#include "transport/buffer.h"
#include "transport/call_frame.h"
#include "transport/connection_internal.h"
#include "transport/half_record.h"
#include "transport/loop.h"
#include "transport/park.h"
#include "transport/record.h"
#include "transport/rpc_serve.h"
#include "transport/send_queue.h"
#include "transport/starttls.h"
#include "transport/stream.h"
#include "transport/stream_receive.h"
#include "transport/transport_internal.h"
#include "transport/turn.h"
#include "transport/worker_internal.h"
#include "wire/rpc_msg.h"

enum {
    RECORD_HEAD_BYTES = 8,       /* xid and message type */
    BATCH_RECEIVES = 4,          /* per connection before another connection has its turn */
    STALL_COPY_BYTES = 64 << 10, /* unprocessed input up to this size is copied out of the scratch
                                  * buffer */
};

/* ---- sending ---- */

/* Resumed calls have waited longer than the calls of this batch, so they run before its replies are
 * sent. */
static bool replies_postpone(struct loop *loop, const uint8_t *data, size_t len)
{
    return loop->resume_wanted && len <= POSTPONED_BYTES_MAX &&
           send_queue_postpone(loop->batch.conn, data, len, false);
}

/* Send the replies of this batch, and the payload that follows the last one if there is a tail. */
static void replies_send(struct loop *loop, struct rpc_tail *tail)
{
    const uint8_t *data = loop->out ? loop->out->data + loop->out_start : NULL;
    size_t len = loop->out_used - loop->out_start;

    if (len > 0 && !tail && replies_postpone(loop, data, len)) {
        loop->out_start = loop->out_used;
    } else if (len > 0) {
        loop->out_start = loop->out_used;
        send_queue_transmit(loop->batch.conn, loop->out, data, len, tail);
        if (!worker_owns(loop))
            return;
    }
    if (loop->encoding)
        return;
    loop->out_start = loop->out_used = 0;
    if (loop->out && !buffer_is_private(loop->out)) {
        buffer_put(loop->out);
        loop->out = NULL;
    }
}

void batch_flush(struct loop *loop)
{
    replies_send(loop, NULL);
}

/* ---- running one record ---- */

static void record_refuse(struct connection *conn, enum transport_counter counter,
                          const char *event)
{
    char peer[ADDRESS_TEXT_BYTES];

    transport_count(conn->transport, counter, 1);
    log_info(event, LOG_U64("connection", conn->id),
             LOG_STR("peer", address_format(&conn->peer.sa, peer, sizeof(peer))));
    connection_shutdown(conn);
}

/* A large buffer for the loop; evicts half records if memory is short.  NULL without memory. */
static struct buffer *buffer_obtain(struct loop *loop)
{
    struct buffer *buffer;

    do
        buffer = buffer_create(&loop->transport->buffers, BUFFER_LARGE_BYTES);
    while (!buffer && half_record_evict(loop, loop->batch.conn));
    return buffer;
}

/* A frame whose reply is encoded after those already in the batch.  NULL without memory. */
static struct call_frame *frame_begin(struct loop *loop, struct buffer *in)
{
    struct call_frame *frame;

    if (!loop->frame)
        loop->frame = frame_create(loop->transport);
    if (!loop->out)
        loop->out = buffer_obtain(loop);
    if (!loop->frame || !loop->out)
        return NULL;
    frame = loop->frame;
    loop->frame = NULL;
    CHECK(loop->out_used + RPC_REPLY_ROOM <= loop->out->size);
    frame->in = in;
    frame->out = loop->out;
    frame->reply = loop->out->data + loop->out_used;
    frame->call.conn = loop->batch.conn;
    frame->call.received_ns = loop->batch.received_ns;
    frame->call.work = loop->batch.work;
    frame->call.work_max = loop->turns.step;
    return frame;
}

/* Add what the call did since the clock was last read.  Request and reply count by their length. */
static void batch_work(struct batch *batch, const struct call_frame *frame)
{
    batch->work = frame->call.work + 1 +
                  (uint32_t)((frame->record_len + frame->reply_len) / LIMIT_SLICE_PAGE);
}

/* The reply to the probe of TLS does not belong to this batch, nor does what follows the probe to
 * the next. */
static void batch_start_tls(struct batch *batch, struct call_frame *frame)
{
    starttls_begin(batch->conn, frame->reply, frame->reply_len, batch->pos,
                   (size_t)(batch->end - batch->pos));
    frame->reply_len = 0;
    batch->pos = batch->end;
    batch->more = false;
}

/* The call has ended and this thread still owns the loop. */
static void frame_end(struct loop *loop, struct call_frame *frame)
{
    struct rpc_tail tail = frame->call.tail;

    loop->encoding = false;
    if (frame->starttls)
        batch_start_tls(&loop->batch, frame);
    loop->out_used += frame->reply_len;
    batch_work(&loop->batch, frame);
    frame_unpin(frame);
    if (frame->gss.context)
        gss_call_end(frame);
    arena_reset(&frame->arena);
    loop->frame = frame;
    buffer_put(loop->batch.record);
    loop->batch.record = NULL;
    if (frame->close)
        record_refuse(loop->batch.conn, TRANSPORT_COUNTER_bad_headers, "transport.bad_header");
    if (tail.len > 0)
        replies_send(loop, &tail);
    else if (loop->out_used >= BUFFER_BATCH_BYTES)
        batch_flush(loop);
}

/* A call that has left the batch continues to write into loop->out.  Leave the buffer to it, and
 * send the replies that precede its own. */
static void batch_abandon_out(struct loop *loop)
{
    struct buffer *out = loop->out;
    size_t start = loop->out_start, len = loop->out_used - loop->out_start;

    loop->encoding = false;
    loop->out = NULL;
    loop->out_start = loop->out_used = 0;
    buffer_put(loop->batch.record);
    loop->batch.record = NULL;
    if (len > 0)
        send_queue_transmit(loop->batch.conn, out, out->data + start, len, NULL);
    buffer_put(out);
}

/* The frame leaves the loop with its call.  The next reply is encoded where this one began. */
static void frame_park(struct loop *loop, struct call_frame *frame)
{
    if (!park_keep(frame)) {
        frame_pin(frame);
        if (worker_owns(loop))
            batch_abandon_out(loop);
    }
    park_enter(frame);
    if (!worker_owns(loop))
        return;
    loop->encoding = false;
    buffer_put(loop->batch.record);
    loop->batch.record = NULL;
}

/* No other thread writes it, so that no atomic addition is needed. */
static void request_count(struct loop *loop)
{
    uint64_t requests = atomic_load_explicit(&loop->requests, memory_order_relaxed);

    atomic_store_explicit(&loop->requests, requests + 1, memory_order_relaxed);
}

static void call_run(struct loop *loop, struct buffer *in, uint8_t *data, size_t len)
{
    struct transport *transport = loop->transport;
    struct worker *worker = worker_self;
    struct call_frame *frame = frame_begin(loop, in);

    if (!frame) {
        connection_shutdown_no_memory(loop->batch.conn);
        buffer_put(loop->batch.record);
        loop->batch.record = NULL;
        return;
    }
    loop->encoding = true;
    request_count(loop);
    worker->frame = frame;
    rpc_serve(transport, frame, data, len);
    worker->frame = NULL;
    if (frame->park.asked)
        frame_park(loop, frame);
    else if (worker_owns(loop))
        frame_end(loop, frame);
    else
        frame_finish(transport, frame);
}

static void reply_deliver(struct connection *conn, uint32_t xid, const uint8_t *data, size_t len)
{
    const struct transport_config *config = &conn->transport->config;

    if (config->reply && config->reply(conn, xid, data + RECORD_HEAD_BYTES, len - RECORD_HEAD_BYTES,
                                       config->reply_context))
        return;
    transport_count(conn->transport, TRANSPORT_COUNTER_orphan_replies, 1);
}

/* The reply handler may send further callbacks, and may lose the loop while it sends them.  So hold
 * the record and its connection here, and do not access the batch afterwards. */
static void reply_run(struct loop *loop, struct buffer *in, uint32_t xid, const uint8_t *data,
                      size_t len)
{
    struct connection *conn = loop->batch.conn;

    if (loop->batch.record)
        loop->batch.record = NULL; /* `in` takes over its reference */
    else
        buffer_get(in);
    connection_pin(conn);
    reply_deliver(conn, xid, data, len);
    connection_unpin(conn);
    buffer_put(in);
}

/* Peek at the message type before decoding anything else.  A message that is neither a CALL nor a
 * REPLY is not RPC: close the connection, as for a header that can't be decoded. */
static void record_run(struct loop *loop, struct buffer *in, uint8_t *data, size_t len)
{
    struct connection *conn = loop->batch.conn;
    enum rpc_msg_type type;
    uint32_t xid;

    if (!rpc_msg_peek(data, len, &xid, &type)) {
        record_refuse(conn, TRANSPORT_COUNTER_bad_headers, "transport.bad_message");
        buffer_put(loop->batch.record);
        loop->batch.record = NULL;
    } else if (type == RPC_MSG_CALL) {
        call_run(loop, in, data, len);
    } else {
        loop->batch.work++;
        reply_run(loop, in, xid, data, len);
    }
}

/* ---- the batch ---- */

static void batch_drop_input(struct batch *batch)
{
    buffer_put(batch->in);
    batch->in = NULL;
    batch->pos = batch->end = NULL;
}

/* Keep the received bytes that have not been run, in as little memory as they need. */
static void batch_keep(struct loop *loop)
{
    struct batch *batch = &loop->batch;
    struct connection *conn = batch->conn;
    size_t left = (size_t)(batch->end - batch->pos);

    batch->more = false;
    if (left == 0) {
        batch_drop_input(batch);
        return; /* conn->stalled is left as it is */
    }
    CHECK(!conn->stalled);
    if (left <= STALL_COPY_BYTES && batch->in == loop->scratch)
        conn->stalled = buffer_create(&loop->transport->buffers, left);
    if (conn->stalled) {
        memcpy(conn->stalled->data, batch->pos, left);
        conn->stalled_pos = 0;
    } else {
        conn->stalled = batch->in;
        batch->in = NULL;
        conn->stalled_pos = (uint32_t)(batch->pos - conn->stalled->data);
    }
    conn->stalled_end = conn->stalled_pos + (uint32_t)left;
    batch_drop_input(batch);
}

/* The client does not read its replies: stop running its calls. */
static void batch_stall(struct loop *loop)
{
    batch_keep(loop);
    send_queue_set(loop->batch.conn, SEND_QUEUE_STALL);
}

/* The connection's slice is over: it continues on its next turn. */
static void batch_defer(struct loop *loop)
{
    struct connection *conn = loop->batch.conn;

    batch_keep(loop);
    turn_wait(&loop->turns, &conn->turn);
    if (!conn->queue.deferred)
        send_queue_set(conn, SEND_QUEUE_DEFER);
}

/* Has the connection used up its slice?  Reads the clock only after some amount of work. */
static bool batch_slice_over(struct loop *loop)
{
    struct batch *batch = &loop->batch;

    if (batch->work >= loop->turns.step) {
        batch->over = turn_charge(&loop->turns, clock_now_ns(), batch->work);
        batch->work = 0;
    }
    return batch->over;
}

static bool batch_has_input(const struct batch *batch)
{
    return batch->pos < batch->end || batch->conn->reader.complete;
}

/* Assemble a record from its parts.  Evicts other half records if memory is short. */
static enum record_status batch_feed(struct loop *loop)
{
    struct batch *batch = &loop->batch;
    struct record_reader *reader = &batch->conn->reader;
    enum record_status status;

    do
        status = record_feed(reader, batch->in, &batch->pos, batch->end);
    while (status == RECORD_NO_MEMORY && half_record_evict(loop, batch->conn));
    return status;
}

/* The next complete record; false when there is none. */
static bool batch_next(struct loop *loop, uint8_t **data, size_t *len, struct buffer **in)
{
    struct batch *batch = &loop->batch;
    struct connection *conn = batch->conn;
    enum record_status status = RECORD_MORE;

    if (!conn->reader.complete) {
        if (record_in_place(&conn->reader, &batch->pos, batch->end, data, len)) {
            *in = batch->in;
            return true;
        }
        if (batch->pos < batch->end)
            status = batch_feed(loop);
        if (status == RECORD_TOO_LONG)
            record_refuse(conn, TRANSPORT_COUNTER_oversize_records, "transport.oversize");
        if (status == RECORD_NO_MEMORY)
            connection_shutdown_no_memory(conn);
        if (status != RECORD_COMPLETE)
            return false;
    }
    half_record_forget(loop, conn);
    batch->record = record_take(&conn->reader, data, len);
    *in = batch->record;
    return true;
}

/* Run the records that have been received.  Returns early when the connection is about to be
 * closed, when it stalls, and when its slice is over. */
static void batch_records(struct loop *loop)
{
    struct batch *batch = &loop->batch;
    struct connection *conn = batch->conn;
    struct buffer *in;
    uint8_t *data;
    size_t len;

    while (!connection_is_dead(conn)) {
        if (loop->out_used >= BUFFER_BATCH_BYTES) {
            batch_flush(loop);
            if (!worker_owns(loop))
                return;
        }
        if (send_queue_bytes(&conn->queue) > LIMIT_SEND_QUEUE_MARK_BYTES &&
            batch_has_input(batch)) {
            batch_stall(loop);
            return;
        }
        if (!list_empty(&conn->yielded) || (batch_slice_over(loop) && batch_has_input(batch))) {
            batch_defer(loop);
            return;
        }
        if (!batch_next(loop, &data, &len, &in))
            return;
        record_run(loop, in, data, len);
        if (worker_owns(loop))
            loop_send_postponed_late(loop);
        if (!worker_owns(loop))
            return;
    }
}

/* ---- receiving ---- */

/* Receive into the record that is being assembled, and what follows it into the scratch buffer. */
static ssize_t batch_receive_bytes(struct loop *loop, size_t *direct, bool *more)
{
    struct connection *conn = loop->batch.conn;
    bool secure = stream_is_secure(conn);
    struct iovec iov[2];
    size_t asked = 0;
    int count = 0;
    ssize_t n;

    if (!loop->scratch || !buffer_is_private(loop->scratch)) {
        buffer_put(loop->scratch);
        loop->scratch = buffer_obtain(loop);
    }
    *direct = 0;
    *more = false;
    if (!loop->scratch) {
        errno = ENOMEM;
        return -1;
    }
    iov[0].iov_base = record_direct(&conn->reader, &loop->transport->buffers, direct);
    iov[0].iov_len = *direct;
    if (*direct > 0)
        asked = iov[count++].iov_len;
    if (*direct == record_missing(&conn->reader) || *direct == 0 || secure) {
        iov[count].iov_base = loop->scratch->data;
        iov[count].iov_len = BUFFER_BATCH_BYTES;
        asked += iov[count++].iov_len;
    }
    if (secure)
        return stream_receive(loop, conn, iov, (size_t)count, more);
    n = count == 1 ? recv(conn->fd, iov[0].iov_base, iov[0].iov_len, 0)
                   : readv(conn->fd, iov, count);
    *more = n > 0 && (size_t)n == asked;
    return n;
}

/* Receive once.  False when there was nothing to receive, and at the end of the stream. */
static bool batch_receive(struct loop *loop)
{
    struct batch *batch = &loop->batch;
    struct connection *conn = batch->conn;
    size_t direct;
    ssize_t n;
    bool more;

    batch_drop_input(batch);
    n = batch_receive_bytes(loop, &direct, &more);
    batch->more = more && ++batch->receives < BATCH_RECEIVES;
    if (n <= 0) {
        batch->eof = n == 0;
        if (n < 0 && errno == ENOMEM)
            connection_shutdown_no_memory(conn);
        else if (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)
            connection_shutdown(conn);
        return false;
    }
    transport_count(loop->transport, TRANSPORT_COUNTER_bytes_in, (uint64_t)n);
    batch->received_ns = clock_now_ns();
    if (batch->begins)
        turn_begin(&loop->turns, &conn->turn, batch->received_ns);
    else
        batch->over = turn_charge(&loop->turns, batch->received_ns, batch->work);
    batch->begins = false;
    batch->work = 0;
    atomic_store_explicit(&conn->activity_ns, batch->received_ns, memory_order_relaxed);

    if (direct > (size_t)n)
        direct = (size_t)n;
    if (direct > 0 && record_direct_done(&conn->reader, direct) == RECORD_TOO_LONG)
        connection_shutdown(conn);
    if ((size_t)n > direct) {
        buffer_get(loop->scratch);
        batch->in = loop->scratch;
        batch->pos = batch->in->data;
        batch->end = batch->pos + ((size_t)n - direct);
    }
    return true;
}

/* ---- beginning and end ---- */

/* True when nothing more can be received from a connection that speaks TLS. */
static bool batch_end_secure(struct loop *loop, struct connection *conn)
{
    if (connection_is_dead(conn))
        return false;
    if (stream_state(stream_tls(conn)) == STREAM_STARTING) {
        if (starttls_continue(conn))
            turn_wait(&loop->turns, &conn->turn);
        return false;
    }
    if (stream_is_spent(conn)) {
        /* The client reconnects, and its sessions go on. */
        transport_count(loop->transport, TRANSPORT_COUNTER_tls_spent, 1);
        send_queue_set(conn, SEND_QUEUE_EOF);
        return true;
    }
    /* Its end may have come with calls that wait for their turn. */
    return stream_is_closed(conn) && !conn->stalled && !conn->reader.complete &&
           list_empty(&conn->yielded);
}

/* End the batch; leave the loop if nothing more can come. */
static void batch_end(struct loop *loop)
{
    struct batch *batch = &loop->batch;
    struct connection *conn = batch->conn;
    bool eof = batch->eof;

    batch_drop_input(batch);
    if (stream_is_secure(conn))
        eof |= batch_end_secure(loop, conn);
    batch->conn = NULL;
    half_record_note(loop, conn);
    if (conn->queue.deferred && !turn_waits(&conn->turn))
        send_queue_set(conn, SEND_QUEUE_GO_ON);
    if (connection_is_dead(conn)) {
        loop_leave(loop, conn);
    } else if (eof) {
        /* A peer that we dialled and that sends no more cannot answer what we have queued. */
        if (!connection_is_dialled(conn) && send_queue_state(conn) & SEND_QUEUE_WAITS)
            send_queue_set(conn, SEND_QUEUE_EOF);
        else
            loop_leave(loop, conn);
    }
}

static void batch_run(struct loop *loop)
{
    struct batch *batch = &loop->batch;

    for (;;) {
        batch_records(loop);
        if (!worker_owns(loop))
            return;
        batch_flush(loop);
        if (!worker_owns(loop))
            return;
        if (!batch->more || connection_is_dead(batch->conn) || batch_slice_over(loop) ||
            !batch_receive(loop))
            break;
    }
    batch_end(loop);
}

static void batch_init(struct loop *loop, struct connection *conn)
{
    loop->batch = (struct batch){.conn = conn, .more = true, .begins = true};
}

void batch_begin(struct loop *loop, struct connection *conn)
{
    batch_init(loop, conn);
    if (stream_is_secure(conn)) {
        /* A receive is work: it is charged to this connection. */
        turn_begin(&loop->turns, &conn->turn, clock_now_ns());
        loop->batch.begins = false;
    }
    if (batch_receive(loop)) {
        batch_run(loop);
        return;
    }
    turn_begin(&loop->turns, &conn->turn, clock_now_ns());
    batch_end(loop);
}

void batch_resume(struct loop *loop, struct connection *conn)
{
    struct batch *batch = &loop->batch;

    batch_init(loop, conn);
    batch->received_ns = clock_now_ns();
    batch->begins = false;
    batch->more = !conn->queue.quiet && !conn->queue.eof;
    turn_begin(&loop->turns, &conn->turn, batch->received_ns);
    batch->in = conn->stalled;
    if (batch->in) {
        batch->pos = batch->in->data + conn->stalled_pos;
        batch->end = batch->in->data + conn->stalled_end;
    }
    conn->stalled = NULL;
    if (conn->queue.stalled)
        send_queue_set(conn, SEND_QUEUE_RESUME);
    if (!list_empty(&conn->yielded))
        park_run_yielded(LIST_ENTRY(conn->yielded.next, struct call_frame, park.link));
    if (worker_owns(loop))
        batch_run(loop);
}

void batch_continue(struct loop *loop)
{
    if (!loop->batch.conn)
        return;
    /* The call took long: read the clock before the next one. */
    loop->batch.work = LIMIT_SLICE_WORK;
    if (loop->encoding)
        batch_abandon_out(loop);
    if (worker_owns(loop))
        batch_run(loop);
}
