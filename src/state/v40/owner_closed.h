/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The owners of opens that are gone: a retransmitted CLOSE names its owner by the stateid alone.
 * Each open owner is found by the last open that it closed, and only as long as that was its last
 * request; so there are no more of these than owners.
 */
#pragma once

#include "state/v40/owner_seqid.h"

/* By the request that has the owner's sequence busy, before the stateid is no longer found: a
 * retransmission that comes in between waits for that request. */
void owner_closed_set(struct owner_seqid *seqid, const struct stateid4 *closed);

/* The same, or with the owner's last use gone. */
void owner_closed_reset(struct owner_seqid *seqid);

/* A use of the owner that closed this, or NULL; and a reference on its client. */
struct owner *owner_closed_find(struct state *state, const struct stateid4 *stateid,
                                struct client **client);
