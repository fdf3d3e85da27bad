/* SPDX-License-Identifier: Apache-2.0 */
/* RELEASE_LOCKOWNER of 4.0 (RFC 7530 §16.37). */
#pragma once

#include "state/file/owner.h"

/* End all lock states of the owner, and thereby its sequence.  NFS4ERR_LOCKS_HELD, with nothing
 * changed, if it holds a lock on any file.  An unknown owner is NFS4_OK. */
enum nfsstat4 lock_owner_release(struct client *client, const struct wire_opaque *name);
