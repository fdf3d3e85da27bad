/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Leases (RFC 8881 §8.3, §8.4.3).  A client whose lease is over keeps its sessions and its state as
 * a courtesy, until one of these events:
 *
 *     it sends a request                it continues as if its lease had not expired
 *     a request conflicts               conflicting state is revoked, the rest stays (courtesy.h)
 *     a table is full                   it is removed, the longest expired first
 *     memory for replies is scarce      its sessions are ended, the rest stays
 *     a shortage (state_limit.h)        it is removed, the longest expired first, some per second
 *     LIMIT_COURTESY_S of silence       it is removed; LIMIT_COURTESY_IDLE_S without opens
 *     another principal uses its name,  it is removed
 *     DESTROY_CLIENTID
 *
 * A renewal is at most one store.  While a request runs, client_sweep() renews the lease.
 */
#pragma once

#include "state/client/client.h"

static inline int64_t client_silent_ns(const struct client *client, int64_t now_ns)
{
    return now_ns - atomic_load_explicit(&client->renewed_ns, memory_order_relaxed);
}

/* Has it been silent for longer than `span_ns`, not counting time in which the server was
 * stalled? */
static inline bool client_silent_for(const struct client *client, int64_t now_ns, int64_t span_ns)
{
    return client_silent_ns(client, now_ns) > span_ns &&
           !stall_within(&client->state->stall, now_ns, span_ns);
}

/* Has the promised lease expired?  For unconfirmed records. */
static inline bool client_expired(const struct client *client, int64_t now_ns)
{
    return client_silent_for(client, now_ns, client->state->lease_ns);
}

/* Is the lease over?  A confirmed client gets slightly more than promised, because its last renewal
 * may be under way, and the sweep may not have run. */
static inline bool client_lease_over(const struct client *client, int64_t now_ns)
{
    return client_silent_for(client, now_ns, client->state->lease_ns + client->state->margin_ns);
}

/* May its state be revoked in favour of another client: is its lease over, with no request running?
 * Takes client_table.lock: no other lock may be held. */
bool client_lapsed(struct client *client, int64_t now_ns);
bool client_lapsed_locked(struct client *client, int64_t now_ns);

/* Has it a request in progress?  Finds every request that may not see what was revoked before the
 * call (stateid_revoked()).  Takes client_table.lock. */
bool client_request_runs(struct client *client);
bool client_request_runs_locked(struct client *client);

/* A renewal within this time of the last one is skipped: then threads that serve the client only
 * read its cache line. */
enum {
    CLIENT_RENEW_GRAIN_NS = 1000000
};

static inline bool client_renewed_now(const struct client *client, int64_t now_ns)
{
    return client_silent_ns(client, now_ns) < CLIENT_RENEW_GRAIN_NS;
}

static inline void client_renew(struct client *client, int64_t now_ns)
{
    if (!client_renewed_now(client, now_ns))
        atomic_store_explicit(&client->renewed_ns, now_ns, memory_order_relaxed);
}
