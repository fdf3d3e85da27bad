/* SPDX-License-Identifier: Apache-2.0 */
/* The connection of a path. */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct connection;
struct dial_hooks;
struct dial_path;

/* One attempt at a connection.  Holders of a reference: the connection until its `closed` hook, and
 * the thread that dials. */
struct dial_link {
    _Atomic uint32_t refs;
    struct dial_path *path; /* a reference */
    /* Guarded by path->lock. */
    struct connection *conn; /* a reference; NULL: not known yet, or closed */
    int64_t begun_ns;
    bool up;       /* connected */
    bool lost;     /* it accepts no more calls */
    bool answered; /* a client that knows the program has answered */
    bool late;     /* not connected within connect_ms */
};

/* Hooks for the transport; the argument is a struct dial_link. */
extern const struct dial_hooks dial_link_hooks;

/* Dial if there is something to send, there is no connection yet, and the intervals permit it. */
void dial_link_make(struct dial_path *path, int64_t now_ns);

/* Have so many dials gone unanswered that only a new reason starts another series? */
bool dial_link_gave_up_locked(const struct dial_path *path);

/* A reference on the connection, so that it can be shut down without the lock.  NULL: there is
 * none, or the dialling thread has not received it yet. */
struct connection *dial_link_conn_locked(struct dial_link *link);
void dial_conn_end(struct connection *conn); /* NULL is allowed */
