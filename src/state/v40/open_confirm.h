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

/* From a timer, about once a second: end those that have waited for a lease time. */
void open_confirm_tick(struct state *state, int64_t now_ns);
