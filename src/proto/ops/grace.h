/* SPDX-License-Identifier: Apache-2.0 */
/* What the grace period after a restart means for operations (RFC 8881 §8.4.2.1, §18.51.3). */
#pragma once

#include "proto/compound.h"

/* May the client get a new open or lock?  NFS4ERR_GRACE before its own RECLAIM_COMPLETE, if it has
 * to say that, and before the grace period ends; NFS4ERR_DELAY while stable storage cannot be
 * written; NFS4ERR_EXPIRED when it has to acknowledge losses, and can do so by its client id only.
 * May wait for the disk, at a client's first open. */
enum nfsstat4 grace_check_new(const struct compound *c);

/* May there be I/O under no open, or a test for locks?  NFS4ERR_GRACE: what is still to be
 * reclaimed may forbid it. */
enum nfsstat4 grace_check_io(const struct compound *c);

/* Brackets around the grant of a reclaim, the end only after NFS4_OK; `status` is what came of it.
 * NFS4ERR_NO_GRACE. */
enum nfsstat4 grace_reclaim_begin(const struct compound *c) MUST_USE;
void grace_reclaim_end(const struct compound *c, enum nfsstat4 status);

/* A conflict with something that was reclaimed before: one of the two clients is wrong. */
enum nfsstat4 grace_reclaim_status(enum nfsstat4 status);
