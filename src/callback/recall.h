/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How delegations are recalled, and their holders asked: what state/delegation plugs in.
 *
 * A recall is sent until its client has said NFS4_OK, or the delegation has ended: it was returned,
 * or revoked a lease after the recall began, which is the business of delegation_tick().  Each try
 * that fails is followed by a wait (callback_waits.h); when the client could not be called at all,
 * the next try comes as soon as it can.  Nobody waits for any of this.
 *
 * One struct recall_call for each delegation that is being recalled, gone when there is nothing
 * more to send, so there are never more than LIMIT_DELEGATIONS.
 */
#pragma once

#include <stdint.h>

#include "state/delegation/delegation.h"

struct callback;
struct recall;

/* Times that a client may say it does not know what is recalled: the reply that gives it may be on
 * its way. */
enum {
    RECALL_UNKNOWN_TRIES = 8,
};

/* From now on delegations are given; `callback` stays the caller's.  Before the first request. */
struct recall *recall_create(struct callback *callback, struct state *state);

/* Nothing is sent any more, and no delegation is held longer than its call: before the state goes.
 * NULL is fine. */
void recall_stop(struct recall *recall);

/* When all calls have ended.  NULL is fine. */
void recall_destroy(struct recall *recall);

/* Try again what is due.  From a timer, about once a second or more often. */
void recall_tick(struct recall *recall, int64_t now_ns);
