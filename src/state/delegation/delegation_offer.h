/* SPDX-License-Identifier: Apache-2.0 */
/* The offer of a delegation to an OPEN: whether the client gets one, and which. */
#pragma once

#include "state/delegation/delegation.h"

struct delegation_request {
    struct client *client;
    struct vfs_object *obj;
    const struct vfs_cred *cred;
    enum delegation_kind kind; /* the most that is wanted: READ may come in place of WRITE, if the
                                * file is not open for writing */
    bool read_ok;              /* whether it may */
    bool created;              /* the caller has just made the file, and may open it anyhow */
    bool reclaim;              /* CLAIM_PREVIOUS: it had this kind before the restart */
    bool *recall;              /* out, with reclaim: it is given and recalled; may be NULL */
    struct wire_opaque fh;     /* as the client knows the file */
    const struct session_call *call; /* that asks; NULL: it has no name */
    int64_t now_ns;
};

/* True: it is given; *kind and *stateid say what.  False: *why.  With no lock held; calls the
 * backend.  A client that has a READ delegation of the file and asks for WRITE gets that in its
 * place, by the same stateid with the next seqid (RFC 8881 §18.16.3).  One that reclaims what it
 * has reclaimed already is told its stateid again. */
bool delegation_offer(struct state *state, const struct delegation_request *request,
                      enum delegation_kind *kind, struct stateid4 *stateid,
                      enum why_no_delegation4 *why) MUST_USE;
