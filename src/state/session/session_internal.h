/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of a session: what the files of this folder share.
 */
#pragma once

#include "state/session/session.h"

/* Make `session` findable and the client's; client_table.lock is held. */
void session_hash_locked(struct state *state, struct session *session);

/* The last reference is gone. */
void session_free(struct session *session);

/* Out of the shard and dead; client_table.lock is held.  It stays on its client's list: the caller
 * takes it off. */
void session_unhash_locked(struct session *session);

/* The same unless a request is in progress in another slot than `except` (UINT32_MAX: none); with
 * client_table.lock.  False: nothing has changed. */
bool session_end_locked(struct session *session, uint32_t except);

/* Second step, without a lock: unbind its connections, drop the shard's reference. */
void session_bury(struct session *session);
