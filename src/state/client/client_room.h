/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Room for client records and sessions: which clients give way when a table is full, or when one
 * address has too many.
 *
 * Everything here with client_table.lock held.
 */
#pragma once

#include "state/client/client.h"

/* Unhash the client that expired first and has no request in progress, but not `spare` (may be
 * NULL).  False: there is none. */
bool client_evict_locked(struct state *state, const struct client *spare, int64_t now_ns,
                         struct list *doomed);

/* Make room for one more record from this address.  False: no client can be removed. */
bool client_make_room_locked(struct state *state, const struct client_address *address,
                             int64_t now_ns, struct list *doomed);
