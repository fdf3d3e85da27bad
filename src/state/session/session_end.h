/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a session ends: DESTROY_SESSION (RFC 8881 §18.37), and what that has in common with the
 * removal of a client.
 */
#pragma once

#include "state/session/session.h"

struct session_conn;

/* DESTROY_SESSION over `conn`.  `own` is the session of the COMPOUND's SEQUENCE, with its slot, or
 * NULL.  NFS4ERR_DELAY while other slots are in use. */
enum nfsstat4 session_destroy(struct state *state, const uint8_t *id, struct session_conn *conn,
                              const struct session *own, uint32_t own_slot);

/* The same by an administrator, who is named in the log: BADSESSION, DELAY.  Its connections stay
 * open, but are not bound to it any more.  Without locks. */
enum nfsstat4 session_close_by_admin(struct state *state, const uint8_t *id, const char *who);

/* First step, with client_table.lock: the session leaves its shard and is dead, unless a request is
 * in progress in another slot than `except` (UINT32_MAX: none).  False: nothing has changed.  It
 * stays on its client's list: the caller takes it off. */
bool session_end_locked(struct session *session, uint32_t except);

/* The second step, without locks: unbind its connections and drop the shard's reference. */
void session_release(struct session *session);
