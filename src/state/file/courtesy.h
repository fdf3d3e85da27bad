/* SPDX-License-Identifier: Apache-2.0 */
/*
 * State of a client whose lease is over stays until it conflicts with a request, and is revoked
 * then (RFC 8881 §8.4.3).  Such a request repeats these steps, until nothing conflicts any more, or
 * only state of clients whose lease is valid does:
 *
 *     with file.lock: courtesy_add() the expired clients, if only their state conflicts
 *     without: courtesy_begin() records their losses in stable storage, which may take a while
 *     with the lock again: check again, revoke if courtesy_may_revoke()
 *     without: courtesy_end() checks again, for requests of these clients that came before
 *
 * A client that renews its lease meanwhile keeps its state.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/limits.h"
#include "state/client/client_lease.h"

/* On the stack of a request. */
struct courtesy {
    int64_t now_ns; /* when the request came */
    uint32_t turns; /* rounds begun */
    uint32_t count;
    uint32_t lost;                                  /* bit per client that lost something */
    struct client *clients[LIMIT_COURTESY_CLIENTS]; /* a reference each */
};

/* Note a client whose state conflicts.  Those that don't fit are noted in the next round. */
void courtesy_add(struct courtesy *courtesy, struct client *client);

/* NFS4ERR_DELAY, without a courtesy_end(): a request of one of the clients runs, the loss cannot be
 * recorded, or this takes too long.  Without locks; at least one client must have been noted. */
enum nfsstat4 courtesy_begin(struct courtesy *courtesy) MUST_USE;

/* NFS4ERR_DELAY: a client that lost something has a request in progress, which may have found its
 * state valid; the effect of that request must not come after a grant. */
enum nfsstat4 courtesy_end(struct courtesy *courtesy) MUST_USE;

/* Is the client one of those noted, and has not renewed its lease?  Then its conflicting state is
 * revoked. */
bool courtesy_may_revoke(struct courtesy *courtesy, const struct client *client);
