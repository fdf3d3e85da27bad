/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls to clients, whatever their minor version.  Which way a client is called was fixed when it
 * registered: one of 4.0 is dialled (dial_out.h), any other one is called over the connections that
 * it has bound to the back channel of one of its sessions (backchannel.h), and nobody is asked for
 * a version later.
 *
 * Nothing here waits, and nothing is called with a lock of state/ held.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "callback/callback_done.h"
#include "callback/callback_waits.h"

struct backchannels;
struct callback_figures;
struct client;
struct connection;
struct dial_out;
struct session;
struct session_call;
struct state;

enum {
    CALLBACK_CONNECTION_SLOT = 1 /* of connection_user(): what is outstanding on it */
};

/* Made once, by daemon/. */
struct callback {
    struct state *state;
    struct dial_out *dial_out; /* clients of 4.0 */
    struct backchannels *backchannels;
    struct callback_figures *figures;
    struct callback_waits waits;
};

/* `dial_out` stays the caller's; NULL: no client of 4.0 is called. */
struct callback *callback_create(struct state *state, struct dial_out *dial_out);

/* Cancel all calls but those of dial_out, and take no more. */
void callback_stop(struct callback *callback);

/* After the transport and the state; dial_out calls nobody any more.  NULL is fine. */
void callback_destroy(struct callback *callback);

/* About once a second, from one thread; `now_ns` is clock_now_ns(). */
void callback_tick(struct callback *callback, int64_t now_ns);

/* For transport_config.reply, `context` being the callback: whose call was it?  False: nobody
 * waits. */
bool callback_reply(struct connection *conn, uint32_t xid, const void *body, size_t len,
                    void *context);

/* A connection that a client made is closed, and unbound from all its sessions. */
void callback_closed(struct connection *conn);

/* What waits from now on, in dial_out as well, waits so. */
void callback_set_waits(struct callback *callback, uint32_t timeout_ms, uint32_t backoff_ms,
                        uint32_t backoff_max_ms);

/* Could a call come through now, as far as we know?  Not to a client that refuses them. */
bool callback_reachable(const struct callback *callback, const struct client *client);

/* Send these operations (without CB_SEQUENCE); `done` tells the rest.  `after` is the request whose
 * reply the client should have before (RFC 8881 §2.10.6.3), or NULL.  False, and no hook: there is
 * no way to the client, or too many calls wait for it. */
bool callback_call(struct callback *callback, struct client *client, struct cb_op *ops,
                   uint32_t op_count, const struct session_call *after, callback_done *done,
                   void *arg) MUST_USE;

/* The same over one session, which it is about; its client is of 4.1 or later. */
bool callback_call_session(struct callback *callback, struct session *session, struct cb_op *ops,
                           uint32_t op_count, callback_done *done, void *arg) MUST_USE;
