/* SPDX-License-Identifier: Apache-2.0 */
/* The table of sessions: what makes and ends one puts it in and takes it out. */
#pragma once

#include "state/session/session.h"

/* Make `session` findable, and add it to its client.  With client_table.lock held. */
void session_hash_locked(struct state *state, struct session *session);

/* Out of the shard and dead; client_table.lock is held.  It stays on its client's list: the caller
 * takes it off. */
void session_unhash_locked(struct session *session);
