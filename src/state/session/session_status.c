/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each flag is computed from counters that others keep; none is remembered.
 */
#include "state/session/session_status.h"

#include "state/client/client_lease.h"
#include "state/session/session_back.h"

static uint32_t load(const _Atomic uint32_t *value)
{
    return atomic_load_explicit(value, memory_order_relaxed);
}

/* A session that never had a back channel misses nothing, unless its client has lost the last one
 * of all.  One whose back channel is at fault is to be destroyed, and nothing can repair it. */
static uint32_t path_flags(const struct session *session)
{
    const struct client *client = session->client;
    uint32_t flags = 0;

    if (session_back_faulty(session))
        return SEQ4_STATUS_BACKCHANNEL_FAULT;
    if (atomic_load_explicit(&session->back_mute, memory_order_relaxed))
        flags |= SEQ4_STATUS_CB_GSS_CONTEXTS_EXPIRED;
    if (load(&session->back_bound) > 0)
        return flags;
    if (atomic_load_explicit(&session->back_ever_bound, memory_order_relaxed))
        flags |= SEQ4_STATUS_CB_PATH_DOWN_SESSION;
    if (load(&client->back_sessions) > 0 && load(&client->back_up) == 0)
        flags |= SEQ4_STATUS_CB_PATH_DOWN;
    return flags;
}

/* SOME also when nothing is left: never did a lease that was over release all as such, it was a
 * conflict each time.  And the Linux client, told ALL, makes a new client ID and opens its files
 * without RECLAIM_COMPLETE, which is NFS4ERR_GRACE for ever. */
static uint32_t revoked_flags(const struct client *client)
{
    uint32_t revoked = load(&client->revoked_count), admin = load(&client->revoked_admin);
    uint32_t recalled = load(&client->revoked_recalled);
    uint32_t flags = 0;

    if (admin > 0)
        flags |= SEQ4_STATUS_ADMIN_STATE_REVOKED;
    if (recalled > 0)
        flags |= SEQ4_STATUS_RECALLABLE_STATE_REVOKED;
    if (revoked > admin + recalled)
        flags |= SEQ4_STATUS_EXPIRED_SOME_STATE_REVOKED;
    return flags;
}

static bool must_reclaim(const struct client *client)
{
    return atomic_load_explicit(&client->may_reclaim, memory_order_relaxed) &&
           !atomic_load_explicit(&client->reclaim_complete, memory_order_relaxed);
}

uint32_t session_status_flags(const struct session *session)
{
    const struct client *client = session->client;
    uint32_t flags = path_flags(session);

    if (load(&client->revoked_count) > 0)
        flags |= revoked_flags(client);
    if (must_reclaim(client))
        flags |= SEQ4_STATUS_RESTART_RECLAIM_NEEDED;
    return flags;
}

uint32_t session_renew(struct session *session, int64_t now_ns)
{
    uint32_t flags = session_status_flags(session);

    client_renew(session->client, now_ns);
    return flags;
}
