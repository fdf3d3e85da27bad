/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A connection as the files of transport/ see it; connection.h is what programs see.
 *
 * connection.c, send_queue.c and unsent.c call each other because they share one subject: the
 * lifetime of the socket.  The queue pins the socket while it sends, and shuts it down when that
 * fails.  The last unpin closes the socket and frees the queue.  unsent.c shuts down sockets that
 * make no progress for too long.
 */
#pragma once

#include <netinet/in.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/check.h"
#include "base/list.h"
#include "transport/connection.h"
#include "transport/half_record.h"
#include "transport/record.h"
#include "transport/send_queue.h"
#include "transport/source.h"
#include "transport/transport.h"
#include "transport/turn.h"
#include "transport/unsent.h"

struct dial_hooks;
struct loop;
struct peer;
struct tls_stream;

/* What a dialled connection has in addition (dial.c).  For accepted connections `hooks` is NULL. */
struct dial {
    const struct dial_hooks *hooks;
    void *arg;
    bool connecting; /* not connected yet; the loop owner's */
    int error;       /* errno of the connection attempt */
};

/*
 * References:
 * - `refs` holds the memory: 1 for all of `active` together, 1 for each connection_get().
 * - `active` holds the socket: 1 for the loop, 1 for each pinned call, 1 for each running
 *   connection_send(), 1 while records are postponed.  Once 0, it never rises again.
 */
struct connection {
    struct source source;
    int fd;
    _Atomic uint32_t refs;
    _Atomic uint32_t active;
    _Atomic bool dead;
    struct transport *transport;
    struct loop *loop;
    uint64_t id;
    union {
        struct sockaddr sa;
        struct sockaddr_in in;
        struct sockaddr_in6 in6;
    } peer;
    _Atomic int64_t activity_ns;
    _Atomic uint32_t parked; /* number of its calls that are parked */
    _Atomic(void *) user[CONNECTION_USER_SLOTS];
    struct list link;           /* loop.connections */
    struct list idle_link;      /* of loop.without_client */
    struct list postponed_link; /* of loop.postponed of any loop */
    struct dial dial;
    struct peer *counted; /* the address that it counts for; NULL: it is dialled */
    _Atomic bool serves_client;
    _Atomic(struct tls_stream *) tls; /* NULL: it is plain */
    struct half_record half;
    struct blocked blocked;

    /* The rest belongs to the loop's owner. */
    struct record_reader reader;
    struct turn turn;
    struct list yielded;    /* its calls that have used up a slice: struct call_frame park.link */
    struct buffer *stalled; /* received but not run yet: [stalled_pos, stalled_end) */
    uint32_t stalled_pos, stalled_end;

    struct send_queue queue;
};

/* Takes over `fd`.  Begins with one reference and one `active`, both the loop's.  NULL without
 * memory: the caller keeps `fd`. */
struct connection *connection_create(struct transport *transport, int fd,
                                     const struct sockaddr *peer, socklen_t peer_len) MUST_USE;

/* There is no memory for its calls or replies: shut it down, so that its client reconnects and
 * retries. */
void connection_shutdown_no_memory(struct connection *conn);

/* Shut it down because it uses too much of a resource.  Counts it, and logs `event` at a limited
 * rate. */
void connection_cut(struct connection *conn, enum transport_counter counter, const char *event);

/* Set the socket options that every connection has. */
void connection_options(int fd, const struct transport_config *config);

/* connection_get(). */
static inline void connection_hold(struct connection *conn)
{
    atomic_fetch_add_explicit(&conn->refs, 1, memory_order_relaxed);
}

/* Take a reference on the socket.  The caller knows that the socket has another one. */
static inline void connection_pin(struct connection *conn)
{
    atomic_fetch_add_explicit(&conn->active, 1, memory_order_relaxed);
}

/* The same for a caller that does not know: false when the socket is closed. */
bool connection_try_pin(struct connection *conn) MUST_USE;

/* Drop a reference.  The last one closes the socket and runs the `closed` hooks.  Can lose the
 * loop. */
void connection_unpin(struct connection *conn);

static inline bool connection_is_dead(struct connection *conn)
{
    return atomic_load_explicit(&conn->dead, memory_order_relaxed);
}

static inline bool connection_is_dialled(const struct connection *conn)
{
    return conn->dial.hooks != NULL;
}
