/* SPDX-License-Identifier: Apache-2.0 */
/*
 * State of a client whose lease is over stays until it conflicts with a request, and is revoked
 * then (RFC 8881 §8.4.3).  Such a request goes through these steps, until nothing conflicts any
 * more, or only state of clients whose lease is good does:
 *
 *     with file.lock: courtesy_blame() the expired clients, if only their state conflicts
 *     without: courtesy_begin() records their losses on stable storage, which may take a while
 *     with the lock again: look once more, revoke what courtesy_may_revoke()
 *     without: courtesy_end() looks once more, too: for their requests that came before that
 *
 * A client that comes back in between keeps its state.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/limits.h"
#include "state/client/client_lease.h"

/* On the stack of a request. */
struct courtesy {
    int64_t now_ns; /* when the request came */
    uint32_t turns; /* begun */
    uint32_t count;
    uint32_t lost; /* a bit for each of the clients that lost something */
    struct client *clients[LIMIT_COURTESY_CLIENTS]; /* a reference each */
};

/* Remember a client as one in the way; more than fit have their turn next time. */
void courtesy_blame(struct courtesy *courtesy, struct client *client);

/* NFS4ERR_DELAY: a request of one of them runs, the loss cannot be noted, or this takes too long;
 * there is no end then.  With no lock held; at least one client has been blamed. */
enum nfsstat4 courtesy_begin(struct courtesy *courtesy) MUST_USE;

/* NFS4ERR_DELAY: a client that lost something has a request in progress, which may have found its
 * state in order; what that request does must not come after a grant. */
enum nfsstat4 courtesy_end(struct courtesy *courtesy) MUST_USE;

/* Is this one of those blamed, and did it not come back?  Then it loses what is in the way. */
bool courtesy_may_revoke(struct courtesy *courtesy, const struct client *client);
