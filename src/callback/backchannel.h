/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls to clients of 4.1 and later: over the connections that they have bound to the back channel
 * of a session (RFC 8881 §2.10.6).  docs/callbacks.md tells the rules; in short:
 *
 *     queue --a slot is free, a connection is there--> slot --answer--> done
 *
 * A slot keeps its request, with its sequence id, until it is known whether the client has executed
 * it; only if it has does the sequence go on.  A request is sent again only when the connection is
 * lost that it went over, or the client said that it did not execute it.  It is the same
 * request then, but for its xid.
 *
 * One struct back_channel a session, made by its first call, freed with the session.  Nothing here
 * waits; time passes in backchannel_tick().  Replies, and the end of a connection, come in by
 * back_reply.h.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "callback/callback_done.h"

struct callback;
struct client;
struct session;
struct session_call;

/* What all back channels of a server share. */
struct backchannels;

struct backchannels *backchannels_create(struct callback *callback);
void backchannels_destroy(struct backchannels *all);

/* No more calls; those that wait are cancelled. */
void backchannels_stop(struct backchannels *all);

/* About once a second, from one thread. */
void backchannel_tick(struct backchannels *all, int64_t now_ns);

/* Send it over the best session of the client; false and no hook: there is none, or it is full, or
 * the call is too big for it. */
bool backchannel_call(struct backchannels *all, struct client *client, struct cb_op *ops,
                      uint32_t op_count, const struct session_call *after, callback_done *done,
                      void *arg) MUST_USE;

/* The same for a call that is about this session: no other one takes it over when it ends. */
bool backchannel_call_session(struct backchannels *all, struct session *session, struct cb_op *ops,
                              uint32_t op_count, callback_done *done, void *arg) MUST_USE;
