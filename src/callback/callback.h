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

struct client;
struct dial_out;
struct session_call;
struct state;

/* Made once, by daemon/. */
struct callback {
    struct state *state;
    struct dial_out *dial_out; /* clients of 4.0 */
    struct callback_waits waits;
};

/* `dial_out` stays the caller's. */
struct callback *callback_create(struct state *state, struct dial_out *dial_out);
void callback_destroy(struct callback *callback); /* NULL is fine */

/* What waits from now on, in dial_out as well, waits so. */
void callback_set_waits(struct callback *callback, uint32_t timeout_ms, uint32_t backoff_ms,
                        uint32_t backoff_max_ms);

/* Could a call come through now, as far as we know? */
bool callback_reachable(const struct callback *callback, const struct client *client);

/* Send these operations (without CB_SEQUENCE); `done` tells the rest.  `after` is the request whose
 * reply the client should have before (RFC 8881 §2.10.6.3), or NULL.  False, and no hook: there is
 * no way to the client, or too many calls wait for it. */
bool callback_call(struct callback *callback, struct client *client, struct cb_op *ops,
                   uint32_t op_count, const struct session_call *after, callback_done *done,
                   void *arg) MUST_USE;
