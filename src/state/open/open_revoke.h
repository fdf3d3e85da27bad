/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Share reservations against everybody: what conflicts, and opens that are revoked because a client
 * whose lease is over had them, or because an administrator says so.  The locks of an open that is
 * revoked are revoked with it (courtesy.h, revocation.h).
 */
#pragma once

#include "state/open/open.h"

/* Reserve the request's shares in a file: they count from NFS4_OK on.  SHARE_DENIED, DELAY: as
 * open_reserve(). */
enum nfsstat4 open_share_claim(struct file *file, const struct open_request *request) MUST_USE;

/* Does an open deny others `access`?  For I/O without a stateid of its own, at `now_ns`.  LOCKED,
 * DELAY. */
enum nfsstat4 open_denied(struct state *state, struct vfs_object *obj, uint32_t access,
                          int64_t now_ns) MUST_USE;

/* Revoke all opens and locks that the client has now; `why` is what their stateids answer from here
 * on (NFS4ERR_EXPIRED, NFS4ERR_ADMIN_REVOKED).  False: the loss cannot be written down, and nothing
 * was revoked.  May wait for the disk and call backends; *count is how many opens there were. */
bool open_client_revoke(struct client *client, enum nfsstat4 why, uint32_t *count) MUST_USE;
