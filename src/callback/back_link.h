/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is outstanding on a connection that a client made.  It hangs on the connection from the
 * first callback over it until the connection is closed.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/htable.h"

struct back_slot;
struct connection;

/* Holders of a reference: the connection until it is closed, slots, and whoever chooses among
 * connections. */
struct back_link {
    _Atomic uint32_t refs;
    struct connection *conn; /* a reference */
    pthread_mutex_t lock;    /* guards all below */
    bool closed;
    struct htable pending; /* struct back_slot by xid */
};

/* That of a connection which is not closed, made if need be; a reference for the caller.  NULL:
 * there is no memory for it. */
struct back_link *back_link_of(struct connection *conn);
struct back_link *back_link_get(struct back_link *link);
void back_link_put(struct back_link *link);

/* With the channel's lock: a request is outstanding; false if the connection is closed.  Take it
 * back; false if another thread has, which then handles it. */
bool back_link_add(struct back_link *link, struct back_slot *slot, uint32_t xid);
bool back_link_take(struct back_link *link, struct back_slot *slot);

/* An outstanding request that is the caller's now, with the reference on its session. */
struct back_slot *back_link_pop(struct connection *conn, uint32_t xid);

/* The connection is closed: it has no link any more, and its reference is the caller's.  NULL: it
 * had none. */
struct back_link *back_link_detach(struct connection *conn);

/* Nothing more becomes outstanding on it.  Returns a request that is, as back_link_pop() does, or
 * NULL: none is left. */
struct back_slot *back_link_close(struct back_link *link);
