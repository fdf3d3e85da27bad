/* SPDX-License-Identifier: Apache-2.0 */
/* The effect of the grace period after a restart on operations (RFC 8881 §8.4.2.1, §18.51.3). */
#pragma once

#include "proto/compound.h"

/* May the client get a new open or lock?  NFS4ERR_GRACE before its own RECLAIM_COMPLETE, if it must
 * send one, and until the grace period ends.  NFS4ERR_DELAY while stable storage cannot be written.
 * NFS4ERR_EXPIRED if it has unacknowledged losses that it can only acknowledge with a new client
 * ID.  May wait for the disk, at a client's first open. */
enum nfsstat4 grace_check_new(const struct compound *c);

/* May a request do I/O without an open, or test for locks?  NFS4ERR_GRACE: state that may still be
 * reclaimed could forbid it. */
enum nfsstat4 grace_check_io(const struct compound *c);

/* Enclose the grant of a reclaim; call the end only after NFS4_OK, with `status` as its result.
 * NFS4ERR_NO_GRACE. */
enum nfsstat4 grace_reclaim_begin(const struct compound *c) MUST_USE;
void grace_reclaim_end(const struct compound *c, enum nfsstat4 status);

/* The status of a reclaim that conflicts with an earlier reclaim: one of the two clients is
 * wrong. */
enum nfsstat4 grace_reclaim_status(enum nfsstat4 status);
