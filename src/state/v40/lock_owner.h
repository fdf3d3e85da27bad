/* SPDX-License-Identifier: Apache-2.0 */
/* The end of a lock owner of 4.0 (RELEASE_LOCKOWNER, RFC 7530 §16.37). */
#pragma once

#include "state/file/owner.h"

/* All lock states of the owner end, and with them its sequence.  NFS4ERR_LOCKS_HELD when it holds a
 * lock on any file: then nothing has changed.  An unknown owner is NFS4_OK. */
enum nfsstat4 lock_owner_release(struct client *client, const struct wire_opaque *name);
