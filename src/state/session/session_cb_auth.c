/* SPDX-License-Identifier: Apache-2.0 */
#include "state/session/session_cb_auth.h"

#include <string.h>

#include "base/memory.h"
#include "state/state.h"
#include "wire/rpc_msg.h"
#include "wire/xdr.h"

enum {
    /* What RPCSEC_GSS adds at most, but for the handle: credentials, MIC of the header, and what is
     * around sealed arguments (RFC 2203 §5.3.2). */
    GSS_CRED_BYTES = 20,
    GSS_SEAL_BYTES = LIMIT_GSS_MIC_BYTES + 16 + LIMIT_GSS_HEADER_BYTES + LIMIT_GSS_TRAILER_BYTES,
};

/* ---- what is offered ---- */

static const struct callback_sec_parms4 *find(const struct callback_sec_parms4 *parms,
                                              uint32_t count, uint32_t flavor)
{
    for (uint32_t i = 0; i < count; i++) {
        if (parms[i].cb_secflavor == flavor)
            return &parms[i];
    }
    return NULL;
}

static enum nfsstat4 context_check(const struct state *state, struct client_principal caller,
                                   const struct gss_cb_handles4 *handles)
{
    const struct state_back_hooks *hooks = &state->back_hooks;

    if (handles->gcbp_handle_from_client.len > LIMIT_CALLBACK_HANDLE_BYTES)
        return NFS4ERR_INVAL;
    if (handles->gcbp_handle_from_server.len > LIMIT_CALLBACK_HANDLE_BYTES ||
        !hooks->context_known ||
        !hooks->context_known(&handles->gcbp_handle_from_server, &caller, hooks->context))
        return NFS4ERR_NOENT;
    return NFS4_OK;
}

enum nfsstat4 session_cb_auth_check(const struct state *state, struct client_principal caller,
                                    const struct callback_sec_parms4 *parms, uint32_t count,
                                    uint64_t *usable)
{
    enum nfsstat4 status = NFS4_OK, one;

    *usable = 0;
    for (uint32_t i = 0; i < count; i++) {
        one = parms[i].cb_secflavor == RPCSEC_GSS
                  ? context_check(state, caller, &parms[i].cbsp_gss_handles)
                  : NFS4_OK;
        if (one == NFS4ERR_INVAL)
            return one;
        if (one == NFS4_OK && i < 64)
            *usable |= UINT64_C(1) << i;
        if (one != NFS4_OK)
            status = one;
    }
    return status;
}

/* ---- AUTH_NONE and AUTH_SYS ---- */

static void plain_drop(struct session_cb_auth *auth)
{
    memory_free(MEMORY_sessions, auth->machine);
    auth->machine = NULL;
    auth->flavor = AUTH_NONE;
    auth->gid_count = 0;
}

static void sys_set(struct session_cb_auth *auth, const struct authsys_parms *sys)
{
    auth->flavor = AUTH_SYS;
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

/* An empty list says nothing against AUTH_NONE. */
static void plain_add(struct session_cb_auth *auth, const struct callback_sec_parms4 *parms,
                      uint32_t count)
{
    const struct callback_sec_parms4 *sys = find(parms, count, AUTH_SYS);

    if (!sys && !find(parms, count, AUTH_NONE) && count > 0)
        return;
    plain_drop(auth);
    auth->plain = true;
    if (sys)
        sys_set(auth, &sys->cbsp_sys_cred);
}

/* ---- RPCSEC_GSS ---- */

static uint32_t handle_copy(uint8_t *to, const struct wire_opaque *from)
{
    if (from->len)
        memcpy(to, from->data, from->len);
    return from->len;
}

/* The last one makes room. */
static void context_insert(struct session_cb_auth *auth, const struct gss_cb_handles4 *handles)
{
    uint32_t at = 0, last = auth->context_count < LIMIT_CALLBACK_CONTEXTS
                                ? auth->context_count++
                                : LIMIT_CALLBACK_CONTEXTS - 1;
    struct session_cb_context *context;

    while (at < last && auth->contexts[at].service > handles->gcbp_service)
        at++;
    memmove(&auth->contexts[at + 1], &auth->contexts[at], (last - at) * sizeof(*auth->contexts));
    context = &auth->contexts[at];
    memset(context, 0, sizeof(*context));
    context->service = handles->gcbp_service;
    context->server_len = handle_copy(context->server_handle, &handles->gcbp_handle_from_server);
    context->client_len = handle_copy(context->client_handle, &handles->gcbp_handle_from_client);
}

static bool is_context(const struct callback_sec_parms4 *parms, uint32_t number, uint64_t usable)
{
    return number < 64 && (usable >> number & 1) && parms[number].cb_secflavor == RPCSEC_GSS;
}

bool session_cb_auth_add(struct session_cb_auth *auth, const struct callback_sec_parms4 *parms,
                         uint32_t count, uint64_t usable)
{
    if (find(parms, count, RPCSEC_GSS) && !auth->contexts) {
        auth->contexts =
            memory_zalloc(MEMORY_sessions, LIMIT_CALLBACK_CONTEXTS * sizeof(*auth->contexts));
        if (!auth->contexts)
            return false;
    }
    plain_add(auth, parms, count);
    for (uint32_t i = count; i > 0; i--) { /* the first of equals comes first */
        if (is_context(parms, i - 1, usable))
            context_insert(auth, &parms[i - 1].cbsp_gss_handles);
    }
    return true;
}

static bool has_handle(const struct session_cb_context *context, const uint8_t *handle,
                       uint32_t len)
{
    return context->server_len == len && memcmp(context->server_handle, handle, len) == 0;
}

void session_cb_auth_forget(struct session_cb_auth *auth, const uint8_t *server_handle,
                            uint32_t server_len)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < auth->context_count; i++) {
        if (!has_handle(&auth->contexts[i], server_handle, server_len))
            auth->contexts[kept++] = auth->contexts[i];
    }
    auth->context_count = kept;
}

void session_cb_auth_fini(struct session_cb_auth *auth)
{
    plain_drop(auth);
    memory_free(MEMORY_sessions, auth->contexts);
    auth->contexts = NULL;
    auth->context_count = 0;
}

/* ---- sizes ---- */

static uint32_t max_u32(uint32_t a, uint32_t b)
{
    return a > b ? a : b;
}

static uint32_t sys_bytes(size_t machine_len, uint32_t gid_count)
{
    return 20 + (uint32_t)xdr_padded(machine_len) + 4 * gid_count;
}

static uint32_t context_bytes(uint32_t client_len)
{
    return GSS_CRED_BYTES + (uint32_t)xdr_padded(client_len) + GSS_SEAL_BYTES;
}

uint32_t session_cb_auth_offered_bytes(const struct callback_sec_parms4 *parms, uint32_t count)
{
    uint32_t most = 0;

    for (uint32_t i = 0; i < count; i++) {
        const struct callback_sec_parms4 *one = &parms[i];

        if (one->cb_secflavor == AUTH_SYS)
            most = max_u32(
                most, sys_bytes(one->cbsp_sys_cred.machinename.len, one->cbsp_sys_cred.gids_count));
        if (one->cb_secflavor == RPCSEC_GSS)
            most = max_u32(most, context_bytes(one->cbsp_gss_handles.gcbp_handle_from_client.len));
    }
    return most;
}

uint32_t session_cb_auth_bytes(const struct session_cb_auth *auth)
{
    uint32_t most = 0;

    if (auth->flavor == AUTH_SYS)
        most = sys_bytes(auth->machine ? strlen(auth->machine) : 0, auth->gid_count);
    for (uint32_t i = 0; i < auth->context_count; i++)
        most = max_u32(most, context_bytes(auth->contexts[i].client_len));
    return most;
}
