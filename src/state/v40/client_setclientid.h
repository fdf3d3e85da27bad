/* SPDX-License-Identifier: Apache-2.0 */
/* SETCLIENTID and SETCLIENTID_CONFIRM (RFC 7530 §16.33, §16.34). */
#pragma once

#include "state/v40/client_v40.h"

struct client_setclientid {
    uint64_t clientid;
    uint8_t confirm[NFS4_VERIFIER_SIZE];
    struct client_callback using; /* NFS4ERR_CLID_INUSE: the address of the client that uses the
                                   * name */
};

/* SETCLIENTID, all cases of RFC 7530 §16.33.5.  CLID_INUSE; DELAY: no room for another client, and
 * none can be removed. */
enum nfsstat4 client_setclientid(struct state *state, const struct client_caller *caller,
                                 const struct client_source *source,
                                 const struct SETCLIENTID4args *args, int64_t now_ns,
                                 struct client_setclientid *out);

/* SETCLIENTID_CONFIRM, RFC 7530 §16.34.5.  On NFS4_OK *confirmed is a reference.  STALE_CLIENTID,
 * CLID_INUSE. */
enum nfsstat4 client_setclientid_confirm(struct state *state, struct client_principal principal,
                                         const struct SETCLIENTID_CONFIRM4args *args,
                                         int64_t now_ns, struct client **confirmed);
