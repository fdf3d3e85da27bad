/* SPDX-License-Identifier: Apache-2.0 */
#include "state/session/session_back.h"

#include <string.h>

#include "base/log.h"
#include "state/session/session_conn.h"
#include "wire/rpc_msg.h"

/* ---- the caller ---- */

void session_back_params(struct session *session, struct session_back_params *caller)
{
    pthread_mutex_lock(&session->lock);
    caller->program = session->cb_program;
    caller->auth = session->cb_auth;
    caller->auth.machine = NULL;
    if (session->cb_auth.machine) {
        strncpy(caller->machine, session->cb_auth.machine, sizeof(caller->machine) - 1);
        caller->machine[sizeof(caller->machine) - 1] = '\0';
        caller->auth.machine = caller->machine;
    }
    caller->auth.contexts = caller->contexts;
    if (session->cb_auth.context_count > 0)
        memcpy(caller->contexts, session->cb_auth.contexts,
               session->cb_auth.context_count * sizeof(caller->contexts[0]));
    pthread_mutex_unlock(&session->lock);
}

static void mute_set_locked(struct session *session)
{
    bool mute = !session->cb_auth.plain && session->cb_auth.context_count == 0;

    atomic_store_explicit(&session->back_mute, mute, memory_order_relaxed);
}

void session_back_forget_context(struct session *session, const uint8_t *server_handle,
                                 uint32_t server_len)
{
    pthread_mutex_lock(&session->lock);
    session_cb_auth_forget(&session->cb_auth, server_handle, server_len);
    mute_set_locked(session);
    pthread_mutex_unlock(&session->lock);
}

static enum nfsstat4 control_check(const struct session *session, struct client_principal caller,
                                   const struct BACKCHANNEL_CTL4args *args, uint64_t *usable)
{
    uint32_t bytes = session_cb_auth_offered_bytes(args->bca_sec_parms, args->bca_sec_parms_count);
    enum nfsstat4 status;

    if (!session_back_ever_bound(session))
        return NFS4ERR_INVAL;
    status = session_cb_auth_check(session->client->state, caller, args->bca_sec_parms,
                                   args->bca_sec_parms_count, usable);
    if (status != NFS4_OK)
        return status;
    return SESSION_BACK_REQUEST_BYTES_MIN + bytes > session->back.ca_maxrequestsize ? NFS4ERR_INVAL
                                                                                    : NFS4_OK;
}

enum nfsstat4 session_back_control(struct session *session, struct client_principal caller,
                                   const struct BACKCHANNEL_CTL4args *args)
{
    uint64_t usable;
    enum nfsstat4 status = control_check(session, caller, args, &usable);
    bool set = true;

    if (status != NFS4_OK)
        return status;
    pthread_mutex_lock(&session->lock);
    if (args->bca_sec_parms_count > 0)
        set = session_cb_auth_add(&session->cb_auth, args->bca_sec_parms, args->bca_sec_parms_count,
                                  usable);
    if (set)
        session->cb_program = args->bca_cb_program;
    mute_set_locked(session);
    pthread_mutex_unlock(&session->lock);
    if (!set)
        return NFS4ERR_DELAY;
    client_back_set_refused(session->client, false);
    log_info("session.backchannel", LOG_HEX("session", session->id, NFS4_SESSIONID_SIZE),
             LOG_U64("program", args->bca_cb_program),
             LOG_U64("flavors", args->bca_sec_parms_count));
    return NFS4_OK;
}

/* ---- connections ---- */

void session_back_visit(struct session *session, void (*visit)(void *transport, void *arg),
                        void *arg)
{
    pthread_mutex_lock(&session->lock);
    LIST_FOREACH (binding, &session->bindings, struct session_binding, session_link) {
        if (binding->back)
            visit(binding->conn->transport, arg);
    }
    pthread_mutex_unlock(&session->lock);
}

static void client_up_add(struct client *client, uint32_t n)
{
    atomic_fetch_add_explicit(&client->back_up, n, memory_order_relaxed);
}

void session_back_count_locked(struct session *session, bool bound)
{
    struct client *client = session->client;
    uint32_t before = atomic_fetch_add_explicit(&session->back_bound, bound ? 1 : UINT32_MAX,
                                                memory_order_relaxed);

    if (bound)
        client_back_set_refused(client, false);
    if (before == (bound ? 0 : 1) && !session_back_faulty(session))
        client_up_add(client, bound ? 1 : UINT32_MAX);
    if (bound && !atomic_exchange_explicit(&session->back_ever_bound, true, memory_order_relaxed))
        atomic_fetch_add_explicit(&client->back_sessions, 1, memory_order_relaxed);
}

void session_back_forget_locked(struct session *session)
{
    if (atomic_exchange_explicit(&session->back_ever_bound, false, memory_order_relaxed))
        atomic_fetch_sub_explicit(&session->client->back_sessions, 1, memory_order_relaxed);
}

void session_back_set_faulty(struct session *session)
{
    bool first;

    pthread_mutex_lock(&session->lock);
    first = !atomic_exchange_explicit(&session->back_fault, true, memory_order_relaxed);
    if (first && atomic_load_explicit(&session->back_bound, memory_order_relaxed) > 0)
        client_up_add(session->client, UINT32_MAX);
    pthread_mutex_unlock(&session->lock);
    if (first)
        log_info("session.backchannel_fault", LOG_HEX("session", session->id, NFS4_SESSIONID_SIZE),
                 LOG_ID("client", session->client->id));
}

/* ---- sessions of a client, requests of a session ---- */

uint32_t session_back_list(struct client *client, struct session **sessions)
{
    struct state *state = client->state;
    uint32_t count = 0;

    pthread_mutex_lock(&state->clients.lock);
    if (!client_dead(client)) {
        LIST_FOREACH (session, &client->sessions, struct session, client_link) {
            if (count < LIMIT_SESSIONS_PER_CLIENT && session_back_ever_bound(session))
                sessions[count++] = session_get(session);
        }
    }
    pthread_mutex_unlock(&state->clients.lock);
    return count;
}

bool session_call_unconfirmed(struct state *state, const struct session_call *call)
{
    struct session *session = session_lookup(state, call->sessionid);
    const struct slot *slot = NULL;
    bool unseen;

    if (!session)
        return false;
    if (call->slotid < slot_table_kept(&session->slots))
        slot = slot_at(&session->slots, call->slotid); /* it was used: it is there */
    unseen = slot && slot_seqid(slot) == call->sequenceid;
    session_put(session);
    return unseen;
}

/* ---- hooks ---- */

void session_back_hook_bound(struct session *session)
{
    const struct state_back_hooks *hooks = &session->client->state->back_hooks;

    if (hooks->bound)
        hooks->bound(session, hooks->context);
}

void session_back_hook_ended(struct session *session)
{
    const struct state_back_hooks *hooks = &session->client->state->back_hooks;

    if (hooks->ended)
        hooks->ended(session, hooks->context);
}
