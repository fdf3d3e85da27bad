/* SPDX-License-Identifier: Apache-2.0 */
/* EXCHANGE_ID (RFC 8881 §18.35). */
#pragma once

#include "state/client/client.h"

struct client_exchange {
    uint64_t clientid;
    uint32_t sequence; /* for the next CREATE_SESSION */
    bool confirmed;    /* EXCHGID4_FLAG_CONFIRMED_R */
    struct client_protection protection;
};

/* EXCHANGE_ID: all nine cases of RFC 8881 §18.35.4.  WRONG_CRED: an update without the machine
 * credential that protects the client.  `source` may be NULL: not known.
 * NFS4ERR_DELAY when there are too many clients in total, or from this source, and none can be
 * removed. */
enum nfsstat4 client_exchange_id(struct state *state, const struct client_caller *caller,
                                 const struct client_source *source,
                                 const struct EXCHANGE_ID4args *args, int64_t now_ns,
                                 struct client_exchange *out);
