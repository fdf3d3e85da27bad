/* SPDX-License-Identifier: Apache-2.0 */
/* The connection of a path. */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct connection;
struct dial_hooks;
struct dial_path;

/* One attempt at a connection.  Holders: the connection until its `closed` hook, and whoever
 * dials. */
struct dial_link {
    _Atomic uint32_t refs;
    struct dial_path *path; /* a reference */
    /* Guarded by path->lock. */
    struct connection *conn; /* a reference, or NULL: not known yet, or closed */
    int64_t begun_ns;
    bool up;       /* connected */
    bool lost;     /* it takes nothing any more */
    bool answered; /* somebody is there who knows the program */
    bool late;     /* it did not come up in time */
};

/* What transport/ tells of its connections; the argument is a struct dial_link. */
extern const struct dial_hooks dial_link_hooks;

/* Dial if there is a reason, no connection yet, and the intervals allow it. */
void dial_link_make(struct dial_path *path, int64_t now_ns);

/* Has it been dialled in vain so often that only a new reason begins anew? */
bool dial_link_rests_locked(const struct dial_path *path);

/* A reference on the connection, so that it can be ended without the lock; NULL: there is none, or
 * the thread that dials has not come back with it yet. */
struct connection *dial_link_conn_locked(struct dial_link *link);
void dial_conn_end(struct connection *conn); /* NULL is fine */
