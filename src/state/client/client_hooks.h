/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Functions of higher layers that clients call: for their sessions, and for what they hold on
 * files.  state_create() sets them, once, before the first client (state.client_hooks).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"

struct client;
struct client_info;
struct owner_table;

struct client_hooks {
    /* Remove all sessions of the client from their table and mark them dead.  They remain on
     * client.sessions.  With client_table.lock held. */
    void (*sessions_unhash_locked)(struct client *client);
    /* The same for sessions without a request in progress, which move to `ended`.  With
     * client_table.lock held. */
    void (*sessions_end_idle_locked)(struct client *client, struct list *ended);
    /* Has one of them a request in progress?  Read seq_cst: see stateid_revoked().  With
     * client_table.lock held. */
    bool (*sessions_busy_locked)(struct client *client);
    /* Drop the connections and the table's references of dead sessions; empties the list.  Without
     * locks. */
    void (*sessions_release)(struct list *sessions);

    /* Create client.owners, and free them with the client.  False without memory. */
    bool (*owners_create)(struct client *client);
    void (*owners_destroy)(struct owner_table *owners);

    /* 4.0: tell the client that it has lost state, unless it has no unacknowledged losses or is
     * excused (revocation_announce()). */
    bool (*losses_announce)(struct client *client);
    /* 4.0: acknowledge the losses that the client was told of before that time.  May wait for the
     * disk; without locks. */
    void (*losses_settle_reported)(struct client *client, int64_t before_ns);

    /* Describe sessions and state in `info`.  With client_table.lock held. */
    void (*describe_locked)(struct client *client, struct client_info *info);
};
