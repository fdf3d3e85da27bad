/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How delegations are recalled, and how their holders are asked for attributes (CB_GETATTR):
 * implements the hooks of state/delegation.
 *
 * A recall is repeated until its client replies NFS4_OK, or the delegation ends: it is returned, or
 * delegation_tick() revokes it one lease after the recall began.  A wait follows each failed
 * attempt (callback_waits.h).  If the client could not be reached, the next attempt is made as soon
 * as it can be.  No thread waits for any of this.
 *
 * The state of a recall is part of its delegation (struct delegation_recall).
 */
#pragma once

#include <stdint.h>

#include "state/delegation/delegation.h"

struct callback;
struct recall;

/* How many times a client may reply that it does not know the delegation: the reply that grants it
 * may still be on its way. */
enum {
    RECALL_UNKNOWN_TRIES = 8,
};

/* Delegations are granted from now on.  The caller keeps `callback`.  Before the first request. */
struct recall *recall_create(struct callback *callback, struct state *state);

/* Send nothing more, and drop the references on delegations.  Before the state is destroyed.  NULL
 * is allowed. */
void recall_stop(struct recall *recall);

/* When all calls have ended.  NULL is allowed. */
void recall_destroy(struct recall *recall);

/* Repeat the recalls that are due.  From a timer, at least about once a second. */
void recall_tick(struct recall *recall, int64_t now_ns);
