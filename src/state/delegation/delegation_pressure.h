/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When delegations are nearly as many as may be: some clients are asked to return a few, of their
 * own choice (CB_RECALL_ANY, RFC 8881 §20.6), so that there is room for others before one has to be
 * refused.
 *
 *     more than 7/8 of a limit --> those with the most are asked to keep fewer, in all 3/4
 *     they don't within a lease, or can't be asked (4.0) --> their oldest are recalled
 *     less than 7/8 --> clients that were refused and asked for a signal get
 *                       CB_RECALLABLE_OBJ_AVAIL (§20.7)
 *
 * A client is asked once at a time, and not before PASS_S after the last round.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/limits.h"
#include "base/list.h"

struct client;
struct state;

/* None of them waits; the caller has a reference on the client for the duration of the call. */
struct delegation_pressure_hooks {
    /* CB_RECALL_ANY for file delegations; delegation_pressure_asked() follows, once, unless this
     * is false: there is no way to the client. */
    bool (*recall_any)(struct client *client, uint32_t keep, void *context);
    /* CB_RECALLABLE_OBJ_AVAIL: the client can have that many in all. */
    void (*available)(struct client *client, uint32_t count, void *context);
    void *context;
};

/* Before the first request. */
void delegation_pressure_hook(struct state *state, const struct delegation_pressure_hooks *hooks);

/* The answer to CB_RECALL_ANY, on any thread: has the client taken it? */
void delegation_pressure_asked(struct state *state, struct client *client, bool heard);

/* How many all clients together may have, at most LIMIT_DELEGATIONS; any time. */
void delegation_limit(struct state *state, uint32_t most);

/* The client was refused one for WND4_RESOURCE: will we tell it when that is over
 * (ond_server_will_signal_avail)?  If so it is noted. */
bool delegation_will_signal(struct state *state, struct client *client);

/* From the state's timer. */
void delegation_pressure_tick(struct state *state, int64_t now_ns);
