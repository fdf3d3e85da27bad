/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Callbacks to clients of any minor version.  How a client is called back is fixed when it
 * registers: clients of 4.0 are dialled (dial_out.h); all others are called over the connections
 * that they have bound to the back channel of a session (back_service.h).  The minor version is not
 * checked later.
 *
 * Nothing here blocks, and no function may be called with a lock of state/ held.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "callback/callback_done.h"
#include "callback/callback_room.h"
#include "callback/callback_waits.h"

struct back_service;
struct callback_counters;
struct client;
struct connection;
struct dial_out;
struct gss_table;
struct session;
struct session_call;
struct state;

enum {
    CALLBACK_CONNECTION_SLOT = 1 /* slot of connection_user(): the callbacks outstanding on the
                                  * connection */
};

/* One per server, created by daemon/. */
struct callback {
    struct state *state;
    struct dial_out *dial_out; /* for clients of 4.0 */
    struct back_service *back_service;
    struct callback_counters *counters;
    struct callback_waits waits;
    struct gss_table *gss; /* contexts that clients may offer for callbacks; NULL: none */
};

/* The caller keeps `dial_out`; NULL: clients of 4.0 are not called. */
struct callback *callback_create(struct state *state, struct dial_out *dial_out);

/* From now on callbacks may use the contexts of `gss`, which outlives the callbacks.  Before the
 * first request. */
void callback_set_gss(struct callback *callback, struct gss_table *gss);

/* Cancel all callbacks except those of dial_out, and take no more. */
void callback_stop(struct callback *callback);

/* After the transport and the state have been destroyed, when dial_out sends nothing any more.
 * NULL is allowed. */
void callback_destroy(struct callback *callback);

/* To be called about once a second, from one thread; `now_ns` is clock_now_ns(). */
void callback_tick(struct callback *callback, int64_t now_ns);

/* For transport_config.reply; `context` is the struct callback.  False: no callback matches. */
bool callback_reply(struct connection *conn, uint32_t xid, const void *body, size_t len,
                    void *context);

/* An accepted connection is closed, and unbound from all sessions. */
void callback_closed(struct connection *conn);

/* Set timeout and back-off for waits that begin from now on, also those of dial_out. */
void callback_set_waits(struct callback *callback, uint32_t timeout_ms, uint32_t backoff_ms,
                        uint32_t backoff_max_ms);

/* Would a callback reach the client now, as far as is known?  False for a client that refuses
 * them. */
bool callback_reachable(const struct callback *callback, const struct client *client);

/* Send a callback with these operations (without CB_SEQUENCE); `done` gets the outcome.  `after` is
 * the request whose reply the client should see first (RFC 8881 §2.10.6.3), or NULL.  False,
 * without calling the hook, when the client cannot be reached, or when too many callbacks wait for
 * it. */
bool callback_call(struct callback *callback, struct client *client, struct cb_op *ops,
                   uint32_t op_count, const struct session_call *after, callback_done *done,
                   void *arg) MUST_USE;

/* The same over a given session, and over no other; the client uses 4.1 or later. */
bool callback_call_session(struct callback *callback, struct session *session, struct cb_op *ops,
                           uint32_t op_count, const struct session_call *after, callback_done *done,
                           void *arg) MUST_USE;

/* The session over which callback_call() would call the client now; a reference, or NULL.  It may
 * be without a connection. */
struct session *callback_session(struct callback *callback, struct client *client);

/* What a callback over the session has room for besides a referring call. */
struct callback_room callback_room(struct session *session);
