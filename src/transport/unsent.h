/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Replies and callbacks that wait for sockets, over all connections: how much memory they take, and
 * whose client does not read.
 *
 * Above transport_limits.unsent_mib the connection is closed whose socket has taken nothing for the
 * longest time; so is one whose socket takes nothing for send_timeout_s.  What one connection may
 * queue is send_queue.c's business.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"

struct connection;
struct transport;

struct unsent {
    pthread_mutex_t lock; /* a leaf; guards the list and what connections have on it */
    struct list list;     /* struct connection blocked.link; the least recent progress first */
    _Atomic size_t bytes; /* of all queues, with what manages them */
};

/* A connection's: guarded by unsent.lock. */
struct blocked {
    struct list link;
    int64_t since_ns; /* transport_now_ns() of its last progress */
};

void unsent_init(struct unsent *unsent);
void unsent_fini(struct unsent *unsent);

/* The socket is full; `progress`: it has taken something since the last call. */
void unsent_blocked(struct connection *conn, bool progress);

/* Nothing waits any more, or the connection is closed. */
void unsent_done(struct connection *conn);

/* Memory of queues was taken or, negative, given back. */
void unsent_count(struct transport *transport, ptrdiff_t bytes);

/* Close connections until what they have is no longer above the limit.  Without locks; the caller's
 * thread can lose its loop. */
void unsent_enforce(struct transport *transport);

/* Close those whose time is over.  The same. */
void unsent_tick(struct transport *transport);
