/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Do the shares of other opens, and other clients' delegations, permit an OPEN, or I/O without one?
 * Conflicting opens of clients whose lease is over are revoked (courtesy.h).
 */
#pragma once

#include "state/open/open.h"

/* Reserve the request's shares in a file; they count from NFS4_OK on.  SHARE_DENIED, DELAY: like
 * open_reserve(). */
enum nfsstat4 open_share_reserve(struct file *file, const struct open_request *request) MUST_USE;

/* Does an open deny `access` to others?  For I/O without a stateid of its own, at `now_ns`.
 * LOCKED, DELAY. */
enum nfsstat4 open_share_denied(struct state *state, struct vfs_object *obj, uint32_t access,
                                int64_t now_ns) MUST_USE;
