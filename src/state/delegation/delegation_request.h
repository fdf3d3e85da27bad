/* SPDX-License-Identifier: Apache-2.0 */
/* What a client asks for when it is offered a delegation. */
#pragma once

#include "state/delegation/delegation.h"
#include "state/delegation/delegation_watch.h"

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
    bool wants_times;          /* the file's times, too (delegation_times.h) */
    bool *times;               /* out: granted with them; may be NULL, if they are not wanted */
    struct wire_opaque fh;     /* as the client knows the file */
    /* DIRECTORY: what the client wants to be told; NULL: nothing.  types becomes 0 if it will be
     * told nothing. */
    struct delegation_subscription *wants;
    const struct session_call *call; /* the request; NULL: not identified */
    int64_t now_ns;
};
