/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Replies and callbacks that wait for sockets, over all connections: how much memory they take, and
 * which clients do not read.
 *
 * Above TRANSPORT_LIMIT_unsent_mib, the connection is closed whose socket has taken nothing for
 * the longest time.  A connection is also closed when its socket takes nothing for send_timeout_s.
 * send_queue.c limits the queue of a single connection.
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
    pthread_mutex_t lock; /* a leaf; guards the list and the connections' `blocked` */
    struct list list;     /* struct connection blocked.link; least recent progress first */
    _Atomic size_t bytes; /* of all queues, including their items */
};

/* The state of a connection; guarded by unsent.lock. */
struct blocked {
    struct list link;
    int64_t since_ns; /* transport_now_ns() of its last progress */
};

void unsent_init(struct unsent *unsent);
void unsent_fini(struct unsent *unsent);

/* The socket is full.  `progress`: it has taken bytes since the last call. */
void unsent_blocked(struct connection *conn, bool progress);

/* The queue is empty, or the connection is closed. */
void unsent_done(struct connection *conn);

/* Memory of queues was allocated or, if negative, freed. */
void unsent_count(struct transport *transport, ptrdiff_t bytes);

/* Close connections until the total is below the limit.  Without locks; can lose the loop. */
void unsent_enforce(struct transport *transport);

/* Close connections that have made no progress for too long.  Without locks; can lose the loop. */
void unsent_tick(struct transport *transport);
