/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opens that are taken away: because a client whose lease is over had them and they are in the way
 * (open_share.h, lock_conflict.h), or because an administrator says so.  The locks of an open that
 * is revoked are revoked with it (courtesy.h, revocation.h).
 */
#pragma once

#include "state/open/open.h"

/* Revoke an open with all its locks (revocation.h).  With file->lock; its reference passes to
 * `revoked`, by file_link, for open_revoke_settle() without the lock. */
void open_revoke_locked(struct open *open, enum nfsstat4 why, struct list *revoked);
void open_revoke_settle(struct list *revoked, enum nfsstat4 why);

/* Revoke all opens and locks that the client has now; `why` is what their stateids answer from here
 * on (NFS4ERR_EXPIRED, NFS4ERR_ADMIN_REVOKED).  False: the loss cannot be written down, and nothing
 * was revoked.  May wait for the disk and call backends; *count is how many opens there were. */
bool open_client_revoke(struct client *client, enum nfsstat4 why, uint32_t *count) MUST_USE;
