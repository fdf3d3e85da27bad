/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The callbacks outstanding on an accepted connection.  Attached to the connection by the first
 * callback over it, until the connection is closed.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/htable.h"

struct back_slot;
struct connection;

/* Holders of a reference: the connection until it is closed, slots, and struct back_choice. */
struct back_link {
    _Atomic uint32_t refs;
    struct connection *conn; /* a reference */
    pthread_mutex_t lock;    /* guards the rest */
    bool closed;
    struct htable pending; /* struct back_slot by xid */
};

/* The link of an open connection, created if there is none.  Returns a reference.  NULL without
 * memory. */
struct back_link *back_link_of(struct connection *conn);
struct back_link *back_link_get(struct back_link *link);
void back_link_put(struct back_link *link);

/* With the channel's lock held.  `add`: a request becomes outstanding; false if the connection is
 * closed.  `take`: withdraw it; false if another thread has taken it, which then handles it. */
bool back_link_add(struct back_link *link, struct back_slot *slot, uint32_t xid);
bool back_link_take(struct back_link *link, struct back_slot *slot);

/* Take an outstanding request off the link.  The caller owns it then, with the reference on its
 * session. */
struct back_slot *back_link_pop(struct connection *conn, uint32_t xid);

/* The connection is closed: detach its link.  The caller gets the connection's reference.  NULL if
 * it had no link. */
struct back_link *back_link_detach(struct connection *conn);

/* Refuse further requests.  Returns one that is outstanding, as back_link_pop() does; NULL when
 * none is left. */
struct back_slot *back_link_close(struct back_link *link);
