/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of clients: lookup, confirmation, and removal in two steps.  First, under
 * client_table.lock, a record is unhashed and marked dead, with its sessions.  Then, without the
 * lock, the connections of the sessions and the opens and locks of all unhashed records are
 * dropped, which may call backends.
 */
#pragma once

#include "state/client/client.h"

/* Has the client sessions, opens or locks? */
bool client_busy_locked(struct client *client);

/* Take a record out of all tables, mark its sessions dead and put it on `doomed`. */
void client_unhash_locked(struct client *client, struct list *doomed);

/* The unconfirmed record of an owner string replaces the confirmed one. */
void client_confirm_locked(struct client *client, struct list *doomed);

/* The second step, without the lock. */
void client_release(struct state *state, struct list *doomed);

/* DESTROY_CLIENTID, RFC 8881 §18.50. */
enum nfsstat4 client_destroy_id(struct state *state, uint64_t clientid, int64_t now_ns);
