/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Revocation of opens: of a client whose lease is over, because they conflict with a request
 * (open_share.h, lock_conflict.h), or by an administrator.  The locks of a revoked open are revoked
 * with it (courtesy.h, revocation.h).
 */
#pragma once

#include "state/open/open.h"

/* Revoke an open with all its locks (revocation.h), with file->lock held.  Its reference goes to
 * `revoked`, by file_link, for open_revoke_settle() without the lock. */
void open_revoke_locked(struct open *open, enum nfsstat4 why, struct list *revoked);
void open_revoke_settle(struct list *revoked, enum nfsstat4 why);

/* Revoke one open, for `why` (NFS4ERR_ADMIN_REVOKED).  NFS4ERR_BAD_STATEID: it has ended already;
 * NFS4ERR_DELAY: the loss cannot be recorded, and nothing was revoked.  May wait for the disk and
 * call backends: without locks. */
enum nfsstat4 open_revoke(struct open *open, enum nfsstat4 why) MUST_USE;

/* Revoke all present opens and locks of the client.  `why` is the status of their stateids from now
 * on (NFS4ERR_EXPIRED, NFS4ERR_ADMIN_REVOKED).  False: the loss cannot be recorded, and nothing was
 * revoked.  May wait for the disk and call backends. *count is the number of opens. */
bool open_client_revoke(struct client *client, enum nfsstat4 why, uint32_t *count) MUST_USE;
