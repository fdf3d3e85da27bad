/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opens of owners that have to confirm first (RFC 7530 §9.1.11, §16.18): such an open may be that
 * of an old request that came late, so nothing may use it, and it goes after a lease time.
 */
#pragma once

#include "state/v40/owner_seqid.h"

/* Is this the stateid of an open that is not confirmed?  Any stateid of any client. */
bool open_is_unconfirmed(struct stateid *sid);

/* OPEN_CONFIRM: the open's stateid goes on.  BAD_STATEID when it is confirmed already or closed;
 * OLD_STATEID; EXPIRED, ADMIN_REVOKED.  The owner is confirmed by owner_seqid_end(). */
enum nfsstat4 open_confirm(struct open *open, uint32_t seqid, struct stateid4 *out) MUST_USE;

/* By the request that has the owner's sequence busy: the open waits to be confirmed; it no longer
 * does; it ends, and its owner begins again. */
void open_pending_set(struct owner_seqid *seqid, const struct stateid4 *stateid, int64_t now_ns);
void open_pending_reset(struct owner_seqid *seqid);
void open_pending_cancel(struct owner_seqid *seqid);

/* From a timer, about once a second: end those that have waited for a lease time. */
void open_confirm_tick(struct state *state, int64_t now_ns);
