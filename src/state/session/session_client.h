/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All sessions of a client at a time: what client_hooks.h asks for.  All but the last with
 * client_table.lock held.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"

struct client;

/* They leave their shards and are dead, and stay on client.sessions. */
void session_client_unhash_locked(struct client *client);

/* The same for those without a request in progress, which move to `ended`, by client_link. */
void session_client_end_idle_locked(struct client *client, struct list *ended);

/* Is a request in progress in one of them?  A busy slot is read seq_cst: see stateid_revoked(). */
bool session_client_busy_locked(struct client *client);

/* Connections bound to them, each counted once for each session. */
uint32_t session_client_connections_locked(struct client *client);

/* Unbind the connections of dead sessions and drop the shards' references.  Empties the list.
 * Without a lock. */
void session_client_bury(struct list *sessions);
