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

/* Let threads that wait lock the table, between two times that it is locked for work on many
 * clients: a mutex is not fair, and would favour this thread. */
void client_table_let_others(void);

/* An administrator removes the client, confirmed or not, as if its lease were long over: its
 * sessions end with their bindings, its delegations, opens and locks are released, and it may not
 * reclaim them.  `who` is named in the log.  May wait for the disk; without locks.  False: there is
 * no such client. */
bool client_remove_by_admin(struct state *state, uint64_t clientid, const char *who);

/* DESTROY_CLIENTID, RFC 8881 §18.50.  STALE_CLIENTID, CLIENTID_BUSY, WRONG_CRED. */
enum nfsstat4 client_destroy_id(struct state *state, uint64_t clientid,
                                const struct client_caller *caller, int64_t now_ns);
