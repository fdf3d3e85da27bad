/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A connection's output: whole records, in order, from any thread.  Nothing here waits for a
 * socket.  send_queue.c describes the mechanism.
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
    POSTPONED_BYTES_MAX = 4096, /* postponed replies are copied: at most this much */
};

/* Output of one connection.  At most one thread at a time sends, the flusher, and at most one
 * changes what epoll waits for.  The lock is never held over a system call.  When there is no
 * flusher, one of these holds:
 * - the queue is empty;
 * - epoll waits for room in the socket, or is being told to;
 * - a loop will send the queue (`postponed`);
 * - the loop has left, or the connection is dead. */
struct send_queue {
    pthread_mutex_t lock;
    struct send_item *head, *tail;
    _Atomic size_t bytes; /* written under the lock */
    bool flushing, arming;
    bool postponed;   /* the connection is in a loop.postponed */
    bool paused;      /* above the mark: receive no more for now */
    bool nudged;      /* the loop should look at the connection: send_queue_nudge() */
    bool awaits_room; /* what the handshake sends waits for room in the socket */
    bool blocked;     /* the socket is full and items wait: unsent.h */
    uint32_t armed;   /* the events that epoll waits for */
    /* Only the loop's owner writes these, so it reads them without the lock.  Kept apart from the
     * fields above, because compilers read neighbouring fields together. */
    bool left;     /* the loop has left the connection */
    bool eof;      /* the peer sends no more: leave once the queue is empty */
    bool quiet;    /* draining: receive no more */
    bool stalled;  /* received calls wait until the queue is no longer paused */
    bool deferred; /* received calls wait for the connection's next turn */
    bool starting; /* the reply to the probe of TLS waits: receive no more */
};

/* Send `len` bytes of `buffer` at `data` (whole records), then the tail if there is one, after the
 * records already queued.  What the socket does not take is queued.  Can lose the loop. */
void send_queue_transmit(struct connection *conn, struct buffer *buffer, const uint8_t *data,
                         size_t len, struct rpc_tail *tail);

/* Queue a copy of one record, with its mark.  False when the queue is too long or the loop receives
 * no more.  A thread that owns a loop postpones the record, so that all records that a batch adds
 * for a connection are sent by one system call.  Can lose the loop. */
bool send_queue_record(struct connection *conn, const void *record, size_t len) MUST_USE;

/* Postpone whole records, as a copy; with `first`, ahead of other connections.  False: send them
 * now. */
bool send_queue_postpone(struct connection *conn, const uint8_t *data, size_t len,
                         bool first) MUST_USE;

/* Send the postponed records, and drop the reference that postponing took.  Can lose the loop. */
void send_queue_postponed(struct connection *conn);

/* Send what the socket takes, and set what epoll waits for.  Can lose the loop. */
void send_queue_pump(struct connection *conn);

enum {
    SEND_QUEUE_EOF = 1,
    SEND_QUEUE_QUIET = 2,
    SEND_QUEUE_STALL = 4,
    SEND_QUEUE_RESUME = 8,
    SEND_QUEUE_WAITS = 16,
    SEND_QUEUE_DEFER = 32,
    SEND_QUEUE_GO_ON = 64,
    SEND_QUEUE_STARTING = 128,
    SEND_QUEUE_STARTED = 256,
};

/* For the loop's owner: set or clear flags, then set what epoll waits for.  EOF: the peer sends no
 * more.  QUIET: receive no more.  STALL, RESUME: received calls wait for room in the queue, or no
 * longer.  DEFER, GO_ON: received calls wait for a turn, or no longer.  STARTING, STARTED: the
 * reply to the probe of TLS waits until all else is sent, or no longer. */
void send_queue_set(struct connection *conn, unsigned flags);

/* WAITS: bytes are queued.  EOF: it was set, and no bytes are queued.  RESUME: stalled calls may
 * continue. */
unsigned send_queue_state(struct connection *conn);

/* Become the flusher, if nothing is queued and nobody sends.  What is queued from then on waits for
 * send_queue_release(). */
bool send_queue_seize(struct connection *conn) MUST_USE;
void send_queue_release(struct connection *conn);

/* For who has seized the queue: report room in the socket, or no longer. */
void send_queue_await_room(struct connection *conn, bool awaits);

/* Have the loop's owner look at a connection whose flag STARTING is set.  Any thread. */
void send_queue_nudge(struct connection *conn);

/* The loop leaves: from now on, what the socket does not take at once is lost. */
void send_queue_leave(struct connection *conn);

/* Free the queued items. */
void send_queue_fini(struct connection *conn);

static inline size_t send_queue_bytes(const struct send_queue *queue)
{
    return atomic_load_explicit(&queue->bytes, memory_order_relaxed);
}
