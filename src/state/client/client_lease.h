/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Leases (RFC 8881 §8.3, §8.4.3).  A client whose lease is over keeps its sessions and all its
 * state as a courtesy, until one of these comes:
 *
 *     the client itself                 it continues as if it had never been silent
 *     a request that conflicts          what conflicts is revoked, the rest stays (courtesy.h)
 *     a table that is full              it goes whole, the longest expired first
 *     a scarce budget for replies       its sessions go, all else stays
 *     a shortage (state_shortage())     it goes whole, the longest expired first, some each second
 *     LIMIT_COURTESY_S of silence       it goes whole; LIMIT_COURTESY_IDLE_S without opens
 *     another principal with its name,  it goes whole
 *     DESTROY_CLIENTID
 *
 * Renewing is one store at the most.  While a request runs, client_sweep() renews for it.
 */
#pragma once

#include "state/client/client.h"

static inline int64_t client_silent_ns(const struct client *client, int64_t now_ns)
{
    return now_ns - atomic_load_explicit(&client->renewed_ns, memory_order_relaxed);
}

/* Has it been silent for longer than `span_ns`, in which the server has not stood still? */
static inline bool client_silent_for(const struct client *client, int64_t now_ns, int64_t span_ns)
{
    return client_silent_ns(client, now_ns) > span_ns &&
           !stall_within(&client->state->stall, now_ns, span_ns);
}

/* Has what was promised run out?  For records that are not confirmed. */
static inline bool client_expired(const struct client *client, int64_t now_ns)
{
    return client_silent_for(client, now_ns, client->state->lease_ns);
}

/* Is the lease over?  A confirmed client gets a little more than promised: its last renewal may be
 * under way, and the sweep may not have looked yet. */
static inline bool client_lease_over(const struct client *client, int64_t now_ns)
{
    return client_silent_for(client, now_ns, client->state->lease_ns + client->state->margin_ns);
}

/* May its state be revoked for another client: is the lease over, and does no request run?  Takes
 * client_table.lock: no other lock may be held. */
bool client_lapsed(struct client *client, int64_t now_ns);
bool client_lapsed_locked(struct client *client, int64_t now_ns);

/* Has it a request in progress?  Of those that do not see what was revoked before the call
 * (stateid_revoked()) none is missed.  Takes client_table.lock. */
bool client_request_runs(struct client *client);
bool client_request_runs_locked(struct client *client);

/* A renewal that is younger than this may stand for the next: the client's cache line is then only
 * read, by all threads that serve it. */
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
