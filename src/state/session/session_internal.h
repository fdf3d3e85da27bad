/* SPDX-License-Identifier: Apache-2.0 */
/* The table of sessions: what makes and ends one puts it in and takes it out. */
#pragma once

#include "state/session/session.h"

/* Make `session` findable, and add it to its client.  With client_table.lock held. */
void session_hash_locked(struct state *state, struct session *session);

/* Remove it from its shard and mark it dead, with client_table.lock held.  The caller must take it
 * off its client's list. */
void session_unhash_locked(struct session *session);
