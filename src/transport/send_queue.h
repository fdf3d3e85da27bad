/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A connection's way out: records whole and in order, whichever thread sends them.  Nothing here
 * waits for a socket.  send_queue.c says how.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"

struct buffer;
struct connection;
struct rpc_tail;
struct send_item;

enum {
    POSTPONED_BYTES_MAX = 4096, /* of replies, which are copied for that */
};

/* Bytes on their way out.  At most one thread at a time sends, the flusher, and at most one tells
 * epoll what to wait for; the lock is never held over a system call.  When there is no flusher,
 * the queue is empty, or epoll waits for room in the socket (or is being told to), or a loop is
 * about to send it (`postponed`), or the loop has left, or the connection is dead. */
struct send_queue {
    pthread_mutex_t lock;
    struct send_item *head, *tail;
    _Atomic size_t bytes; /* written with the lock */
    bool flushing, arming;
    bool postponed; /* the connection is in a loop.postponed */
    bool paused;    /* above the mark: receive no more for now */
    bool blocked;   /* the socket was full, and something waits since: unsent.h */
    uint32_t armed; /* the epoll events */
    /* Only the owner of the loop writes these, so it reads them without the lock: apart from those
     * above, for compilers read neighbours together. */
    bool left;     /* the loop is done with the connection */
    bool eof;      /* the client sends no more: leave once the queue is empty */
    bool quiet;    /* draining: receive no more */
    bool stalled;  /* calls already received wait until it is not paused */
    bool deferred; /* they wait for the connection's next turn */
};

/* Send `len` bytes of `buffer` at `data`, whole records, then the tail if it has one, behind what
 * is postponed; what the socket does not take is queued.  Can lose the loop. */
void send_queue_transmit(struct connection *conn, struct buffer *buffer, const uint8_t *data,
                         size_t len, struct rpc_tail *tail);

/* Queue one record in a copy, with its mark; false when the queue is too long or the loop receives
 * no more.  A thread that owns a loop postpones it: what one batch adds for a connection leaves
 * together, with one call.  Can lose the loop. */
bool send_queue_record(struct connection *conn, const void *record, size_t len) MUST_USE;

/* Postpone whole records, in a copy; `first`: no longer than others.  False: send them now. */
bool send_queue_postpone(struct connection *conn, const uint8_t *data, size_t len,
                         bool first) MUST_USE;

/* Send what is postponed, and give up the reference that this had.  Can lose the loop. */
void send_queue_postponed(struct connection *conn);

/* Send what the socket takes and set what epoll waits for.  Can lose the loop. */
void send_queue_pump(struct connection *conn);

enum {
    SEND_QUEUE_EOF = 1,
    SEND_QUEUE_QUIET = 2,
    SEND_QUEUE_STALL = 4,
    SEND_QUEUE_RESUME = 8,
    SEND_QUEUE_WAITS = 16,
    SEND_QUEUE_DEFER = 32,
    SEND_QUEUE_GO_ON = 64,
};

/* Note that the client sends no more, that nothing more is to be received, that calls wait for the
 * socket, that these go on, that calls wait for a turn, that none do (the loop owner's word); then
 * set what epoll waits for. */
void send_queue_set(struct connection *conn, unsigned flags);

/* WAITS: bytes wait for the socket.  EOF: it was set, and none do.  RESUME: calls that wait may
 * go on. */
unsigned send_queue_state(struct connection *conn);

/* The loop is done: from now on what the socket does not take at once is lost. */
void send_queue_leave(struct connection *conn);

/* Free what is left in it. */
void send_queue_fini(struct connection *conn);

static inline size_t send_queue_bytes(const struct send_queue *queue)
{
    return atomic_load_explicit(&queue->bytes, memory_order_relaxed);
}
