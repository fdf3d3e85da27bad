/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of clients and sessions share: removal in two steps.  Under client_table.lock a
 * record is unhashed and marked dead and its sessions go; after the lock is given back the
 * opens and locks of all that were unhashed are dropped (which may call backends).
 */
#pragma once

#include "state/client.h"

struct client_owner {
    struct hnode by_owner; /* in client_table.by_owner */
    struct client *confirmed, *unconfirmed;
    uint32_t len;
    uint8_t string[];
};

/* A live record or NULL; no reference. */
struct client *client_find_locked(struct state *state, uint64_t clientid);

bool client_principal_equal(const struct client_principal *a, const struct client_principal *b);

/* Sessions, opens or locks? */
bool client_busy_locked(struct client *client);

/* Take a record out of all tables, kill its sessions and put it on `doomed`. */
void client_unhash_locked(struct client *client, struct list *doomed);

/* The first session of an unconfirmed record has been made: it replaces the confirmed one. */
void client_confirm_locked(struct client *client, struct list *doomed);

/* Unhash all whose lease is over and that have no request in progress. */
void client_sweep_locked(struct state *state, int64_t now_ns, struct list *doomed);

/* The last reference is gone. */
void client_free(struct client *client);

/* Second step, without the lock. */
void client_bury(struct state *state, struct list *doomed);
