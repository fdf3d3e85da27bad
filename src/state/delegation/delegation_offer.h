/* SPDX-License-Identifier: Apache-2.0 */
/* The offer of a delegation to an OPEN: whether the client gets one, and which. */
#pragma once

#include "state/delegation/delegation_request.h"

/* True: granted, with *kind and *stateid.  False: *why.  Without locks; calls the backend.  A
 * client that holds a READ delegation of the file and asks for WRITE gets it in place of the other,
 * with the same stateid and the next seqid (RFC 8881 §18.16.3).  A client that reclaims a
 * delegation again gets the same stateid.  What the client wants besides, it gets if possible. */
bool delegation_offer(struct state *state, const struct delegation_request *request,
                      enum delegation_kind *kind, struct stateid4 *stateid,
                      enum why_no_delegation4 *why) MUST_USE;
