/* SPDX-License-Identifier: Apache-2.0 */
/*
 * State that is taken away from a client (RFC 8881 §8.5): a stateid that is revoked is found as
 * before, answers the reason, and stands on a list of its client until the client acknowledges the
 * loss with FREE_STATEID or is gone.  What the state held is free from the first moment.
 *
 * Before anything of a client is revoked its loss is on stable storage (§8.4.3).  So:
 *
 *     if (revocation_begin(client, why)) {
 *         lock the file, look again, revocation_add() each, unlock, close and drop what they had
 *     }
 *     revocation_end(client, why);
 *
 * 4.0 has no FREE_STATEID.  Its client learns of a loss by using the stateid, or by a RENEW or OPEN
 * that is EXPIRED; but a reply may get lost.  So what it was told of stands for a while yet: until
 * it does what a client does then, SETCLIENTID, or until nothing was said about it for a lease.
 */
#pragma once

#include <stdbool.h>

#include "base/check.h"
#include "state/file/stateid.h"

/* Note that the client is about to lose state.  May wait for the disk: with no lock held.  False:
 * that cannot be written, and nothing may be revoked.  Either way revocation_end() follows. */
bool revocation_begin(struct client *client, enum nfsstat4 why) MUST_USE;
void revocation_end(struct client *client, enum nfsstat4 why);

/* With the file's lock: from now on the stateid answers `why` (NFS4ERR_EXPIRED,
 * NFS4ERR_ADMIN_REVOKED, NFS4ERR_DELEG_REVOKED).  The list takes a reference of its own.  False:
 * the client is being removed, and will not acknowledge; end the state as a CLOSE would. */
bool revocation_add(struct stateid *sid, enum nfsstat4 why) MUST_USE;

/* FREE_STATEID of a revoked stateid: it is found no more, nor, if it is an open's, those of its
 * locks.  BAD_STATEID when another one did it first.  May wait for the disk. */
enum nfsstat4 revocation_acknowledge(struct stateid *sid) MUST_USE;

/* An operation answers its client that this is revoked: told of is the open behind it with all its
 * locks, or the delegation. */
void revocation_reported(struct stateid *sid, int64_t now_ns);

/* Has the client losses that are not acknowledged, and is not excused?  If so it is told now that
 * there are some. */
bool revocation_announce(struct client *client);

/* Acknowledge what the client was told of before that time and not since; all that it may know of,
 * the rest being excused until it is told of some of that.  May wait for the disk. */
void revocation_settle_reported(struct client *client, int64_t before_ns);
void revocation_settle_announced(struct client *client);

/* Forget all of a client that is dead.  Its owner_table is closed. */
void revocation_forget(struct client *client);
