/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A connection's output: whole records, in order, from any thread, without blocking.
 *
 * A batch of replies is usually sent straight from the loop's buffer.  What the socket does not
 * take is copied to an item (or the item keeps the buffer, if most of it is used) and is sent when
 * epoll reports room.  Records for other connections that a batch produces are postponed to its
 * end: many callbacks or replies to one client then cost one system call.
 */
#include "transport/send_queue.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/list.h"
#include "base/log.h"
#include "base/memory.h"
#include "transport/buffer.h"
#include "transport/connection_internal.h"
#include "transport/loop.h"
#include "transport/stream.h"
#include "transport/tail.h"
#include "transport/transport_internal.h"
#include "transport/unsent.h"
#include "transport/worker_internal.h"

enum {
    SEND_IOVECS = 64,
    SEND_KEEP_BYTES = BUFFER_LARGE_BYTES / 3, /* a remainder of this length keeps its buffer */
};

enum send_status {
    SEND_DONE,
    SEND_AGAIN, /* the socket is full */
    SEND_DEAD,
};

/* Bytes, or the payload of a tail with its padding. */
struct send_item {
    struct send_item *next;
    const uint8_t *data; /* the bytes not yet sent, in `buffer` or in `copy` */
    size_t len;
    struct buffer *buffer; /* a reference, or NULL */
    size_t memory;         /* memory accounted to the item */
    bool is_tail;
    struct rpc_tail tail; /* the part not yet sent */
    uint32_t zeros;       /* padding */
    uint8_t copy[];
};

static const uint8_t zeros[4096];

/* ---- items ---- */

/* NULL without memory.  `held`: bytes besides the item that it keeps from being freed. */
static struct send_item *item_create(struct transport *transport, size_t copied, size_t held)
{
    struct send_item *item = memory_alloc(MEMORY_unsent, sizeof(*item) + copied);

    if (!item)
        return NULL;
    *item = (struct send_item){.memory = sizeof(*item) + copied + held};
    unsent_count(transport, (ptrdiff_t)item->memory);
    return item;
}

/* NULL without memory. */
static struct send_item *item_for_bytes(struct transport *transport, struct buffer *buffer,
                                        const uint8_t *data, size_t len)
{
    bool keep = buffer && len >= SEND_KEEP_BYTES;
    struct send_item *item = item_create(transport, keep ? 0 : len, keep ? buffer->size : 0);

    if (!item)
        return NULL;
    item->len = len;
    if (keep) {
        buffer_get(buffer);
        item->buffer = buffer;
        item->data = data;
    } else {
        memcpy(item->copy, data, len);
        item->data = item->copy;
    }
    return item;
}

/* The item takes over the tail.  NULL without memory.  Pieces count as if they were kept for this
 * alone: their owner may have got others meanwhile. */
static struct send_item *item_for_tail(struct transport *transport, const struct rpc_tail *tail)
{
    struct send_item *item = item_create(transport, 0, tail->pieces ? tail->len : 0);

    if (!item)
        return NULL;
    item->is_tail = true;
    item->tail = *tail;
    item->zeros = (uint32_t)(rpc_tail_bytes(tail) - tail->len);
    item->len = rpc_tail_bytes(tail);
    return item;
}

static void item_free(struct transport *transport, struct send_item *item)
{
    if (item->is_tail)
        rpc_tail_end(&item->tail);
    buffer_put(item->buffer);
    unsent_count(transport, -(ptrdiff_t)item->memory);
    memory_free(MEMORY_unsent, item);
}

/* ---- the list, with the lock held ---- */

static void bytes_change_locked(struct send_queue *queue, size_t added, size_t removed)
{
    size_t bytes = atomic_load_explicit(&queue->bytes, memory_order_relaxed);

    atomic_store_explicit(&queue->bytes, bytes + added - removed, memory_order_relaxed);
}

static void queue_append_locked(struct send_queue *queue, struct send_item *item)
{
    item->next = NULL;
    if (queue->head)
        queue->tail->next = item;
    else
        queue->head = item;
    queue->tail = item;
    bytes_change_locked(queue, item->len, 0);
}

static void queue_prepend_locked(struct send_queue *queue, struct send_item *item)
{
    item->next = queue->head;
    if (!queue->head)
        queue->tail = item;
    queue->head = item;
    bytes_change_locked(queue, item->len, 0);
}

static struct send_item *queue_pop_locked(struct send_queue *queue)
{
    struct send_item *item = queue->head;

    queue->head = item->next;
    return item;
}

/* The events that epoll should wait for. */
static uint32_t queue_events_locked(struct connection *conn)
{
    struct send_queue *queue = &conn->queue;
    size_t bytes = atomic_load_explicit(&queue->bytes, memory_order_relaxed);
    uint32_t events = 0;

    if (bytes > LIMIT_SEND_QUEUE_MARK_BYTES && !queue->paused) {
        queue->paused = true;
        transport_count(conn->transport, TRANSPORT_COUNTER_stalls, 1);
    } else if (bytes <= LIMIT_SEND_QUEUE_MARK_BYTES / 2) {
        queue->paused = false;
    }
    if (!queue->eof && !queue->quiet && !queue->paused && !queue->stalled && !queue->deferred &&
        !queue->starting)
        events |= EPOLLIN;
    if (queue->awaits_room || queue->nudged)
        events |= EPOLLOUT;
    /* At the end of the stream, and to resume stalled calls, a writable socket triggers the
     * loop. */
    if (!queue->flushing && !queue->postponed &&
        (queue->head || queue->eof || (queue->stalled && !queue->paused)))
        events |= EPOLLOUT;
    return events;
}

/* ---- sending: by the flusher, without the lock ---- */

static enum send_status send_failed(struct connection *conn)
{
    if (errno == EAGAIN || errno == EWOULDBLOCK)
        return SEND_AGAIN;
    if (errno == EINTR)
        return SEND_DONE;
    log_debug("connection.send", LOG_U64("connection", conn->id), LOG_I64("errno", errno));
    connection_shutdown(conn);
    return SEND_DEAD;
}

/* The file was truncated after its length was sent.  What the file never had must not be sent in
 * place of what is missing, so the client has to ask again. */
static enum send_status payload_cut(struct connection *conn)
{
    tail_was_cut(conn->transport);
    log_debug("connection.tail", LOG_U64("connection", conn->id));
    connection_shutdown(conn);
    return SEND_DEAD;
}

static enum send_status payload_send(struct connection *conn, struct send_item *item)
{
    ssize_t n = tail_send(conn, &item->tail);

    if (n < 0)
        return send_failed(conn);
    if (n == 0)
        return payload_cut(conn);
    transport_count(conn->transport, TRANSPORT_COUNTER_bytes_out, (uint64_t)n);
    return SEND_DONE;
}

/* May send less than the socket has room for. */
static ssize_t bytes_send(struct connection *conn, const uint8_t *data, size_t len, bool more)
{
    if (stream_is_open(conn))
        return stream_send(conn, &(struct iovec){(void *)data, len}, 1, more);
    return send(conn->fd, data, len, MSG_NOSIGNAL | (more ? MSG_MORE : 0));
}

static enum send_status zeros_send(struct connection *conn, struct send_item *item)
{
    size_t len = item->zeros < sizeof(zeros) ? item->zeros : sizeof(zeros);
    ssize_t n = bytes_send(conn, zeros, len, false);

    if (n < 0)
        return send_failed(conn);
    transport_count(conn->transport, TRANSPORT_COUNTER_bytes_out, (uint64_t)n);
    item->zeros -= (uint32_t)n;
    return SEND_DONE;
}

static enum send_status iovecs_send(struct connection *conn, struct iovec *iov, size_t count,
                                    size_t *sent)
{
    struct msghdr message = {.msg_iov = iov, .msg_iovlen = count};
    ssize_t n = stream_is_open(conn) ? stream_send(conn, iov, count, false)
                                     : sendmsg(conn->fd, &message, MSG_NOSIGNAL);

    *sent = 0;
    if (n < 0)
        return send_failed(conn);
    *sent = (size_t)n;
    transport_count(conn->transport, TRANSPORT_COUNTER_bytes_out, *sent);
    return SEND_DONE;
}

/* ---- the flusher ---- */

/* Send from the tail at the head of the queue. */
static enum send_status flush_tail_locked(struct connection *conn)
{
    struct send_queue *queue = &conn->queue;
    struct send_item *item = queue->head;
    enum send_status status;
    size_t left;

    pthread_mutex_unlock(&queue->lock);
    status = item->tail.len > 0 ? payload_send(conn, item)
             : item->zeros > 0  ? zeros_send(conn, item)
                                : SEND_DONE;
    left = item->tail.len + item->zeros;
    pthread_mutex_lock(&queue->lock);

    bytes_change_locked(queue, 0, item->len - left);
    item->len = left;
    if (status != SEND_DONE || left > 0)
        return status;
    queue_pop_locked(queue);
    pthread_mutex_unlock(&queue->lock);
    item_free(conn->transport, item);
    pthread_mutex_lock(&queue->lock);
    return SEND_DONE;
}

static void queue_sent_locked(struct connection *conn, size_t sent)
{
    struct send_queue *queue = &conn->queue;

    bytes_change_locked(queue, 0, sent);
    while (sent > 0) {
        struct send_item *item = queue->head;

        if (sent < item->len) {
            item->data += sent;
            item->len -= sent;
            return;
        }
        sent -= item->len;
        item_free(conn->transport, queue_pop_locked(queue));
    }
}

/* Send from the byte items at the head of the queue. */
static enum send_status flush_bytes_locked(struct connection *conn)
{
    struct send_queue *queue = &conn->queue;
    struct iovec iov[SEND_IOVECS];
    enum send_status status;
    size_t count = 0, sent;

    for (struct send_item *item = queue->head; item && !item->is_tail && count < SEND_IOVECS;
         item = item->next) {
        iov[count++] = (struct iovec){(void *)item->data, item->len};
    }
    pthread_mutex_unlock(&queue->lock);
    status = iovecs_send(conn, iov, count, &sent);
    pthread_mutex_lock(&queue->lock);
    queue_sent_locked(conn, sent);
    return status;
}

/* Tell epoll what the queue waits for now. */
static void queue_arm_locked(struct connection *conn)
{
    struct send_queue *queue = &conn->queue;
    uint32_t events;

    while (!queue->arming && !queue->left) {
        events = queue_events_locked(conn);
        if (events == queue->armed)
            return;
        queue->armed = events;
        queue->arming = true;
        pthread_mutex_unlock(&queue->lock);
        /* Fails only if the loop has left meanwhile. */
        epoll_ctl(conn->loop->epoll_fd, EPOLL_CTL_MOD, conn->fd,
                  &(struct epoll_event){.events = events, .data.ptr = &conn->source});
        pthread_mutex_lock(&queue->lock);
        queue->arming = false;
    }
}

/* Report to unsent.c whether the socket is full. */
static void queue_tell_locked(struct connection *conn, bool full, bool progress)
{
    struct send_queue *queue = &conn->queue;

    if (full)
        unsent_blocked(conn, progress);
    else if (queue->blocked && !queue->head)
        unsent_done(conn);
    queue->blocked = full || (queue->blocked && queue->head);
}

/* Become the flusher: send until the queue is empty or the socket is full.  Can lose the loop; the
 * caller must have pinned the connection. */
static void queue_flush_locked(struct connection *conn)
{
    struct send_queue *queue = &conn->queue;
    enum send_status status = SEND_DONE;
    bool progress = false;

    queue->flushing = true;
    while (queue->head && status == SEND_DONE && !connection_is_dead(conn)) {
        status = queue->head->is_tail ? flush_tail_locked(conn) : flush_bytes_locked(conn);
        progress |= status == SEND_DONE;
    }
    queue->flushing = false;
    queue_tell_locked(conn, status == SEND_AGAIN, progress);
    if (status == SEND_AGAIN && queue->left) {
        /* No loop would notice that the socket has room again. */
        pthread_mutex_unlock(&queue->lock);
        connection_shutdown(conn);
        pthread_mutex_lock(&queue->lock);
    }
    queue_arm_locked(conn);
}

void send_queue_pump(struct connection *conn)
{
    struct send_queue *queue = &conn->queue;

    /* This thread may lose the loop here, and the loop's next owner may let the connection
     * leave. */
    connection_pin(conn);
    pthread_mutex_lock(&queue->lock);
    if (!queue->flushing)
        queue_flush_locked(conn);
    else
        queue_arm_locked(conn); /* or epoll reports room to a loop that must not use it */
    pthread_mutex_unlock(&queue->lock);
    connection_unpin(conn);
}

/* Append to the queue.  False without memory: nothing has changed. */
static bool queue_records_locked(struct connection *conn, struct buffer *buffer,
                                 const uint8_t *data, size_t len, struct send_item *tail)
{
    struct send_item *item = item_for_bytes(conn->transport, buffer, data, len);

    if (!item)
        return false;
    queue_append_locked(&conn->queue, item);
    if (tail)
        queue_append_locked(&conn->queue, tail);
    return true;
}

/* Another thread is sending, or items are queued. */
static void transmit_behind(struct connection *conn, struct buffer *buffer, const uint8_t *data,
                            size_t len, struct send_item *tail)
{
    struct send_queue *queue = &conn->queue;
    bool queued = queue_records_locked(conn, buffer, data, len, tail);
    bool now = queue->postponed && !queue->flushing;

    if (queued && !now)
        queue_arm_locked(conn);
    pthread_mutex_unlock(&queue->lock);
    if (!queued) {
        connection_shutdown_no_memory(conn);
        if (tail)
            item_free(conn->transport, tail);
    } else if (now) {
        send_queue_pump(conn);
    }
}

/* As the flusher: returns how many bytes the socket took. */
static size_t transmit_now(struct connection *conn, const uint8_t *data, size_t len, bool more)
{
    size_t sent = 0;
    ssize_t n = 0;

    do {
        if (!connection_is_dead(conn))
            n = bytes_send(conn, data + sent, len - sent, more);
        if (n < 0) {
            send_failed(conn);
            n = 0;
        }
        sent += (size_t)n;
    } while (n > 0 && sent < len && stream_is_open(conn));
    transport_count(conn->transport, TRANSPORT_COUNTER_bytes_out, sent);
    return sent;
}

/* Put what is left at the head of the queue: no other thread has sent meanwhile. */
static void transmit_rest(struct connection *conn, struct send_item *rest, struct send_item *tail)
{
    struct send_queue *queue = &conn->queue;
    bool waits;

    pthread_mutex_lock(&queue->lock);
    queue->flushing = false;
    if (tail)
        queue_prepend_locked(queue, tail);
    if (rest)
        queue_prepend_locked(queue, rest);
    waits = queue->head != NULL;
    if (waits) {
        connection_pin(conn); /* as in send_queue_pump() */
        queue_flush_locked(conn);
    } else {
        queue_arm_locked(conn);
    }
    pthread_mutex_unlock(&queue->lock);
    if (waits)
        connection_unpin(conn);
}

static void transmit(struct connection *conn, struct buffer *buffer, const uint8_t *data,
                     size_t len, struct send_item *tail)
{
    struct send_queue *queue = &conn->queue;
    struct send_item *rest = NULL;
    size_t sent;

    pthread_mutex_lock(&queue->lock);
    if (queue->flushing || queue->head) {
        transmit_behind(conn, buffer, data, len, tail);
        return;
    }
    queue->flushing = true;
    pthread_mutex_unlock(&queue->lock);

    sent = transmit_now(conn, data, len, tail != NULL);
    if (sent < len)
        rest = item_for_bytes(conn->transport, buffer, data + sent, len - sent);
    if (sent < len && !rest)
        connection_shutdown_no_memory(
            conn); /* before another thread sends after an incomplete record */
    transmit_rest(conn, rest, tail);
}

void send_queue_transmit(struct connection *conn, struct buffer *buffer, const uint8_t *data,
                         size_t len, struct rpc_tail *tail)
{
    struct transport *transport = conn->transport;
    struct send_item *tail_item = tail ? item_for_tail(transport, tail) : NULL;

    if (tail && !tail_item) {
        connection_shutdown_no_memory(conn);
        rpc_tail_end(tail); /* can lose the loop, and with it the connection */
        return;
    }
    transmit(conn, buffer, data, len, tail_item);
    unsent_enforce(transport);
}

/* ---- postponing ---- */

/* False: the calling thread owns no loop that could send it later. */
static bool postpone_locked(struct connection *conn, bool first)
{
    struct loop *loop = worker_loop(conn->transport);

    if (!loop)
        return false;
    conn->queue.postponed = true;
    connection_pin(conn);
    if (first)
        list_push_front(&loop->postponed, &conn->postponed_link);
    else
        list_push_back(&loop->postponed, &conn->postponed_link);
    return true;
}

bool send_queue_postpone(struct connection *conn, const uint8_t *data, size_t len, bool first)
{
    struct send_queue *queue = &conn->queue;
    struct send_item *item = item_for_bytes(conn->transport, NULL, data, len);
    bool postponed;

    if (!item)
        return false;
    pthread_mutex_lock(&queue->lock);
    postponed =
        !queue->flushing && (queue->postponed || (!queue->head && postpone_locked(conn, first)));
    if (postponed)
        queue_append_locked(queue, item);
    pthread_mutex_unlock(&queue->lock);
    if (!postponed)
        item_free(conn->transport, item);
    return postponed;
}

void send_queue_postponed(struct connection *conn)
{
    struct send_queue *queue = &conn->queue;

    pthread_mutex_lock(&queue->lock);
    queue->postponed = false;
    if (!queue->flushing)
        queue_flush_locked(conn);
    pthread_mutex_unlock(&queue->lock);
    connection_unpin(conn);
}

/* NULL without memory. */
static struct send_item *item_for_record(struct transport *transport, const void *record,
                                         size_t len)
{
    struct send_item *item = item_create(transport, RPC_RECORD_MARK_BYTES + len, 0);

    if (!item)
        return NULL;
    item->len = RPC_RECORD_MARK_BYTES + len;
    item->data = item->copy;
    rpc_record_mark_put(item->copy, (uint32_t)len, true);
    memcpy(item->copy + RPC_RECORD_MARK_BYTES, record, len);
    return item;
}

bool send_queue_record(struct connection *conn, const void *record, size_t len)
{
    struct send_queue *queue = &conn->queue;
    struct send_item *item;

    if (send_queue_bytes(&conn->queue) + len > LIMIT_SEND_QUEUE_BYTES || connection_is_dead(conn))
        return false;
    item = item_for_record(conn->transport, record, len);
    if (!item)
        return false;
    pthread_mutex_lock(&queue->lock);
    /* A peer that sends no more cannot reply. */
    if (queue->eof || queue->left) {
        pthread_mutex_unlock(&queue->lock);
        item_free(conn->transport, item);
        return false;
    }
    queue_append_locked(queue, item);
    if (queue->flushing || queue->head != item)
        queue_arm_locked(conn);
    else if (!queue->postponed && !postpone_locked(conn, false))
        queue_flush_locked(conn);
    pthread_mutex_unlock(&queue->lock);
    return true;
}

void send_queue_set(struct connection *conn, unsigned flags)
{
    struct send_queue *queue = &conn->queue;

    pthread_mutex_lock(&queue->lock);
    if (flags & SEND_QUEUE_EOF)
        queue->eof = true;
    if (flags & SEND_QUEUE_QUIET)
        queue->quiet = true;
    if (flags & SEND_QUEUE_STALL)
        queue->stalled = true;
    if (flags & SEND_QUEUE_RESUME)
        queue->stalled = false;
    if (flags & SEND_QUEUE_DEFER)
        queue->deferred = true;
    if (flags & SEND_QUEUE_GO_ON)
        queue->deferred = false;
    if (flags & (SEND_QUEUE_STARTING | SEND_QUEUE_STARTED)) {
        queue->starting = flags & SEND_QUEUE_STARTING;
        queue->nudged = false;
    }
    queue_arm_locked(conn);
    pthread_mutex_unlock(&queue->lock);
}

unsigned send_queue_state(struct connection *conn)
{
    struct send_queue *queue = &conn->queue;
    unsigned state = 0;

    pthread_mutex_lock(&queue->lock);
    if (queue->head)
        state |= SEND_QUEUE_WAITS;
    else if (queue->eof)
        state |= SEND_QUEUE_EOF;
    if (queue->stalled && !queue->paused)
        state |= SEND_QUEUE_RESUME;
    pthread_mutex_unlock(&queue->lock);
    return state;
}

bool send_queue_seize(struct connection *conn)
{
    struct send_queue *queue = &conn->queue;
    bool seized;

    pthread_mutex_lock(&queue->lock);
    seized = !queue->flushing && !queue->head && !queue->postponed;
    queue->flushing |= seized;
    pthread_mutex_unlock(&queue->lock);
    return seized;
}

void send_queue_release(struct connection *conn)
{
    struct send_queue *queue = &conn->queue;

    pthread_mutex_lock(&queue->lock);
    queue->flushing = queue->awaits_room = false;
    queue_arm_locked(conn);
    pthread_mutex_unlock(&queue->lock);
}

void send_queue_await_room(struct connection *conn, bool awaits)
{
    struct send_queue *queue = &conn->queue;

    pthread_mutex_lock(&queue->lock);
    queue->awaits_room = awaits;
    queue_arm_locked(conn);
    pthread_mutex_unlock(&queue->lock);
}

void send_queue_nudge(struct connection *conn)
{
    struct send_queue *queue = &conn->queue;

    if (!connection_try_pin(conn))
        return;
    pthread_mutex_lock(&queue->lock);
    queue->nudged = queue->starting;
    queue_arm_locked(conn);
    pthread_mutex_unlock(&queue->lock);
    connection_unpin(conn);
}

void send_queue_leave(struct connection *conn)
{
    pthread_mutex_lock(&conn->queue.lock);
    conn->queue.left = true;
    pthread_mutex_unlock(&conn->queue.lock);
}

void send_queue_fini(struct connection *conn)
{
    while (conn->queue.head)
        item_free(conn->transport, queue_pop_locked(&conn->queue));
}
