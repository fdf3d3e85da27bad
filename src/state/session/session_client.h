/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All sessions of a client, for client_hooks.h.  With client_table.lock held, except for the last
 * function.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"

struct client;
struct client_info;

/* Remove them from their shards and mark them dead.  They remain on client.sessions. */
void session_client_unhash_locked(struct client *client);

/* The same for those without a request in progress, which move to `ended`, by client_link. */
void session_client_end_idle_locked(struct client *client, struct list *ended);

/* Is a request in progress in any of them?  Busy slots are read seq_cst: see stateid_revoked(). */
bool session_client_busy_locked(struct client *client);

/* Describe them: number of connections bound to them, per session; status flags. */
void session_client_describe_locked(struct client *client, struct client_info *info);

/* Unbind the connections of dead sessions and drop the shards' references.  Empties the list.
 * Without locks. */
void session_client_release(struct list *sessions);
