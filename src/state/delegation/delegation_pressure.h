/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When the number of delegations approaches its limit, some clients are asked to return a few of
 * their choice (CB_RECALL_ANY, RFC 8881 §20.6), so that there is room for others before a
 * delegation must be refused.
 *
 *     more than 7/8 of a limit --> clients with the most are asked to keep fewer: 3/4 in total
 *     they don't comply within a lease, or can't be asked (4.0) --> their oldest are recalled
 *     less than 7/8 --> clients that were refused and asked for a signal get
 *                       CB_RECALLABLE_OBJ_AVAIL (§20.7)
 *
 * Directories may have half of either limit (delegation_directories_of()).  The same is done about
 * that half, with directories alone.
 *
 * A client has only one such request outstanding, and not before PASS_S after the last round.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/limits.h"
#include "base/list.h"

struct client;
struct state;

/* What a client is asked to return. */
enum delegation_any {
    DELEGATION_ANY_FILE,
    DELEGATION_ANY_DIRECTORY,
    DELEGATION_ANY,
};

/* None of them blocks.  The caller holds a reference on the client during the call. */
struct delegation_pressure_hooks {
    /* CB_RECALL_ANY; delegation_pressure_answered() follows, once.  False: the client cannot be
     * reached, and nothing follows. */
    bool (*recall_any)(struct client *client, uint32_t keep, enum delegation_any any,
                       void *context);
    /* CB_RECALLABLE_OBJ_AVAIL: the client can have `count` delegations in total; or so many of
     * directories. */
    void (*available)(struct client *client, uint32_t count, bool directories, void *context);
    void *context;
};

/* Before the first request. */
void delegation_pressure_hook(struct state *state, const struct delegation_pressure_hooks *hooks);

/* The reply to CB_RECALL_ANY, on any thread.  `heard`: the client accepted it. */
void delegation_pressure_answered(struct state *state, struct client *client, bool heard);

/* The limit for all clients together, at most LIMIT_DELEGATIONS; at any time. */
void delegation_set_limit(struct state *state, uint32_t most);

/* The client was refused one for a limit (WND4_RESOURCE), of a file or of a directory: will it be
 * told when that is over (ond_server_will_signal_avail, gddrnf_will_signal_deleg_avail)?  If so
 * this is noted. */
bool delegation_will_signal(struct state *state, struct client *client, bool directory);

/* From the state's timer. */
void delegation_pressure_tick(struct state *state, int64_t now_ns);
