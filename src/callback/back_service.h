/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Callbacks to clients of NFSv4.1 and later, over the connections that they have bound to the back
 * channel of a session (RFC 8881 §2.10.6).  docs/callbacks.md has the rules; in short:
 *
 *     queue --slot free, connection present--> slot --reply--> done
 *
 * A slot keeps its request and sequence ID until it is known whether the client has executed the
 * request; only then does the sequence ID advance.  A request is resent only when its connection
 * was lost, or when the client replied that it did not execute it.  The resent request is identical
 * but for its xid.
 *
 * There is one struct back_channel per session, created by the first callback and freed with the
 * session.  Nothing here blocks; back_service_tick() handles timeouts.  Replies, and the end of a
 * connection, come in through back_reply.h.
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
struct back_service;

struct back_service *back_service_create(struct callback *callback);
void back_service_destroy(struct back_service *service);

/* Take no more calls, and cancel those that wait. */
void back_service_stop(struct back_service *service);

/* How many sessions have callbacks that wait or are under way. */
uint32_t back_service_active(struct back_service *service);

/* To be called about once a second, from one thread. */
void back_service_tick(struct back_service *service, int64_t now_ns);

/* Send a callback over the best session of the client.  False, without calling the hook, when the
 * client has no such session, when its queue is full, and when the call is too large. */
bool back_service_call(struct back_service *service, struct client *client, struct cb_op *ops,
                       uint32_t op_count, const struct session_call *after, callback_done *done,
                       void *arg) MUST_USE;

/* The same for a callback that concerns this session: it does not move to another one. */
bool back_service_call_session(struct back_service *service, struct session *session,
                               struct cb_op *ops, uint32_t op_count,
                               const struct session_call *after, callback_done *done,
                               void *arg) MUST_USE;
