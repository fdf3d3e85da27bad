/* SPDX-License-Identifier: Apache-2.0 */
#include "state/session/session_end.h"

#include "base/log.h"
#include "state/session/session_back.h"
#include "state/session/session_conn.h"
#include "state/session/session_internal.h"

void session_release(struct session *session)
{
    session_conn_unbind_all(session);
    session_back_hook_ended(session);
    session_slots_end(session);
    log_info("session.destroy", LOG_HEX("session", session->id, NFS4_SESSIONID_SIZE),
             LOG_ID("client", session->client->id));
    session_put(session);
}

bool session_end_locked(struct session *session, uint32_t except)
{
    /* In this order, and session_slot_acquire() the other way round, all of it seq_cst: a request
     * that is not counted sees the mark. */
    atomic_store_explicit(&session->ending, true, memory_order_seq_cst);
    if (slot_table_busy(&session->slots, except) > 0) {
        atomic_store_explicit(&session->ending, false, memory_order_seq_cst);
        return false;
    }
    session_unhash_locked(session);
    return true;
}

static enum nfsstat4 destroy_locked(struct session *session, const struct session *own,
                                    uint32_t own_slot)
{
    if (session_dead(session))
        return NFS4ERR_BADSESSION;
    if (!session_end_locked(session, own == session ? own_slot : UINT32_MAX))
        return NFS4ERR_DELAY;
    list_remove(&session->client_link);
    return NFS4_OK;
}

enum nfsstat4 session_destroy(struct state *state, const uint8_t *id, struct session_conn *conn,
                              const struct session *own, uint32_t own_slot)
{
    struct session *session = session_lookup(state, id);
    enum nfsstat4 status;

    if (!session)
        return NFS4ERR_BADSESSION;
    if (session_conn_is_bound(conn, session)) {
        pthread_mutex_lock(&state->clients.lock);
        status = destroy_locked(session, own, own_slot);
        pthread_mutex_unlock(&state->clients.lock);
        if (status == NFS4_OK)
            session_release(session);
    } else {
        status = NFS4ERR_CONN_NOT_BOUND_TO_SESSION;
    }
    session_put(session);
    return status;
}

enum nfsstat4 session_close_by_admin(struct state *state, const uint8_t *id, const char *who)
{
    struct session *session = session_lookup(state, id);
    enum nfsstat4 status;

    if (!session)
        return NFS4ERR_BADSESSION;
    pthread_mutex_lock(&state->clients.lock);
    status = destroy_locked(session, NULL, UINT32_MAX);
    pthread_mutex_unlock(&state->clients.lock);
    if (status == NFS4_OK) {
        log_warn("session.closed", LOG_HEX("session", session->id, NFS4_SESSIONID_SIZE),
                 LOG_ID("client", session->client->id), LOG_STR("by", who));
        session_release(session);
    }
    session_put(session);
    return status;
}
