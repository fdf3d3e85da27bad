/* SPDX-License-Identifier: Apache-2.0 */
#include "state/session/session_back.h"

#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "state/session/session_conn.h"

/* RPC flavors of callback_sec_parms4, RFC 5531 §8.2. */
enum {
    CB_AUTH_NONE = 0,
    CB_AUTH_SYS = 1
};

/* ---- the caller ---- */

static void cb_auth_sys(struct session_cb_auth *auth, const struct authsys_parms *sys)
{
    auth->flavor = CB_AUTH_SYS;
    auth->stamp = sys->stamp;
    auth->uid = sys->uid;
    auth->gid = sys->gid;
    auth->gid_count =
        sys->gids_count < LIMIT_RPC_AUTH_SYS_GIDS ? sys->gids_count : LIMIT_RPC_AUTH_SYS_GIDS;
    for (uint32_t i = 0; i < auth->gid_count; i++)
        auth->gids[i] = sys->gids[i];
    /* Without memory another name will do: clients look at none of it. */
    auth->machine = memory_zalloc(MEMORY_sessions, (size_t)sys->machinename.len + 1);
    if (auth->machine && sys->machinename.len)
        memcpy(auth->machine, sys->machinename.data, sys->machinename.len);
}

/* NULL: it is not among them. */
static const struct authsys_parms *find_sys(const struct callback_sec_parms4 *parms, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (parms[i].cb_secflavor == CB_AUTH_SYS)
            return &parms[i].cbsp_sys_cred;
    }
    return NULL;
}

void session_cb_auth_set(struct session_cb_auth *auth, const struct callback_sec_parms4 *parms,
                         uint32_t count)
{
    const struct authsys_parms *sys = find_sys(parms, count);

    memory_free(MEMORY_sessions, auth->machine);
    memset(auth, 0, sizeof(*auth));
    if (sys)
        cb_auth_sys(auth, sys);
}

static uint32_t sys_bytes(size_t machine_len, uint32_t gid_count)
{
    return 20 + (uint32_t)xdr_padded(machine_len) + 4 * gid_count;
}

uint32_t session_cb_cred_bytes(const struct callback_sec_parms4 *parms, uint32_t count)
{
    const struct authsys_parms *sys = find_sys(parms, count);

    return sys ? sys_bytes(sys->machinename.len, sys->gids_count) : 0;
}

uint32_t session_cb_auth_bytes(const struct session_cb_auth *auth)
{
    if (auth->flavor != CB_AUTH_SYS)
        return 0;
    return sys_bytes(auth->machine ? strlen(auth->machine) : 0, auth->gid_count);
}

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
    pthread_mutex_unlock(&session->lock);
}

static bool gss_wanted(const struct BACKCHANNEL_CTL4args *args)
{
    for (uint32_t i = 0; i < args->bca_sec_parms_count; i++) {
        if (args->bca_sec_parms[i].cb_secflavor != CB_AUTH_NONE &&
            args->bca_sec_parms[i].cb_secflavor != CB_AUTH_SYS)
            return true;
    }
    return false;
}

enum nfsstat4 session_back_control(struct session *session, const struct BACKCHANNEL_CTL4args *args)
{
    if (!session_back_ever_bound(session))
        return NFS4ERR_INVAL;
    if (gss_wanted(args))
        return NFS4ERR_NOENT;
    if (SESSION_BACK_REQUEST_BYTES_MIN +
            session_cb_cred_bytes(args->bca_sec_parms, args->bca_sec_parms_count) >
        session->back.ca_maxrequestsize)
        return NFS4ERR_INVAL;
    pthread_mutex_lock(&session->lock);
    session->cb_program = args->bca_cb_program;
    if (args->bca_sec_parms_count > 0)
        session_cb_auth_set(&session->cb_auth, args->bca_sec_parms, args->bca_sec_parms_count);
    pthread_mutex_unlock(&session->lock);
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
