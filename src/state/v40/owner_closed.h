/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finds the owner of a closed open: a retransmitted CLOSE names its owner only by the stateid.  An
 * open owner is found by the last open that it closed, while that was its last request; so there
 * are never more entries than owners.
 */
#pragma once

#include "state/v40/owner_seqid.h"

/* By the request that has the owner's sequence busy, before the stateid becomes invalid: a
 * retransmission that arrives in between waits for that request. */
void owner_closed_set(struct owner_seqid *seqid, const struct stateid4 *closed);

/* By the same request, or when the owner's last use is gone. */
void owner_closed_reset(struct owner_seqid *seqid);

/* A use of the owner that closed this, with a reference on its client; or NULL. */
struct owner *owner_closed_lookup(struct state *state, const struct stateid4 *stateid,
                                  struct client **client);
