/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What clients call of the folders above them: their sessions, and what they hold on files.
 * state_create() sets them, once, before the first client comes (state.client_hooks).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"

struct client;
struct client_info;
struct owner_table;

struct client_hooks {
    /* All sessions of the client leave their table and are dead.  They stay on client.sessions.
     * With client_table.lock. */
    void (*sessions_unhash_locked)(struct client *client);
    /* The same for those that have no request in progress, which move to `ended`.  With
     * client_table.lock. */
    void (*sessions_end_idle_locked)(struct client *client, struct list *ended);
    /* Has one of them a request in progress?  Read seq_cst: see stateid_revoked().  With
     * client_table.lock. */
    bool (*sessions_busy_locked)(struct client *client);
    /* Drop the connections and the table's references of dead sessions; the list is empty then.
     * Without a lock. */
    void (*sessions_bury)(struct list *sessions);

    /* Make client.owners, and free them with the client.  False without memory. */
    bool (*owners_create)(struct client *client);
    void (*owners_destroy)(struct owner_table *owners);

    /* 4.0: tell the client that it has lost state, unless it has none to acknowledge or is excused
     * (revocation_announce()). */
    bool (*losses_announce)(struct client *client);
    /* 4.0: acknowledge what the client was told of before that time.  May wait for the disk:
     * without a lock. */
    void (*losses_settle_told)(struct client *client, int64_t before_ns);

    /* Fill in what there is to tell of sessions and state.  With client_table.lock. */
    void (*describe_locked)(struct client *client, struct client_info *info);
};
