/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opens of owners that must be confirmed first (RFC 7530 §9.1.11, §16.18).  Such an open may result
 * from an old request that arrived late, so it can't be used, and it is removed after a lease
 * period.
 */
#pragma once

#include "state/v40/owner_seqid.h"

/* Does the stateid, of any kind and client, belong to an unconfirmed open? */
bool open_is_unconfirmed(struct stateid *sid);

/* OPEN_CONFIRM: advances the open's stateid.  BAD_STATEID if it is confirmed already or closed;
 * OLD_STATEID; EXPIRED, ADMIN_REVOKED.  owner_seqid_end() confirms the owner. */
enum nfsstat4 open_confirm(struct open *open, uint32_t seqid, struct stateid4 *out) MUST_USE;

/* From a timer, about once a second: remove opens that have been unconfirmed for a lease period. */
void open_confirm_tick(struct state *state, int64_t now_ns);
