/* SPDX-License-Identifier: Apache-2.0 */
/* The offer of a delegation to an OPEN: whether the client gets one, and which. */
#pragma once

#include "state/delegation/delegation.h"

struct delegation_request {
    struct client *client;
    struct vfs_object *obj;
    const struct vfs_cred *cred;
    enum delegation_kind kind; /* the most that is wanted: READ may be granted in place of WRITE if
                                * the file is not open for writing */
    bool read_ok;              /* READ may be granted */
    bool created;              /* the caller has just created the file, and may open it in any
                                * case */
    bool reclaim;              /* CLAIM_PREVIOUS: it held this kind before the restart */
    bool *recall;              /* out, with reclaim: granted, but recalled at once; may be NULL */
    struct wire_opaque fh;     /* as the client knows the file */
    const struct session_call *call; /* the request; NULL: not identified */
    int64_t now_ns;
};

/* True: granted, with *kind and *stateid.  False: *why.  Without locks; calls the backend.  A
 * client that holds a READ delegation of the file and asks for WRITE gets it in place of the other,
 * with the same stateid and the next seqid (RFC 8881 §18.16.3).  A client that reclaims a
 * delegation again gets the same stateid. */
bool delegation_offer(struct state *state, const struct delegation_request *request,
                      enum delegation_kind *kind, struct stateid4 *stateid,
                      enum why_no_delegation4 *why) MUST_USE;
