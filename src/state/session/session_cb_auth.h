/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The credentials of a session's callbacks (RFC 8881 §18.36.3, csa_sec_parms): AUTH_NONE or
 * AUTH_SYS, and contexts of RPCSEC_GSS that the client has made.  callback/ uses the strongest that
 * it can, and nothing that was not offered (§2.10.8.2).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/check.h"
#include "base/limits.h"
#include "state/client/client_principal.h"
#include "wire/nfs4_types.h"

struct state;

/* A context of RPCSEC_GSS.  It has two handles: that of the server, under which the client calls,
 * and one of the client, for calls in the other direction. */
struct session_cb_context {
    enum rpc_gss_svc_t service; /* callbacks must use it */
    uint32_t server_len, client_len;
    uint8_t server_handle[LIMIT_CALLBACK_HANDLE_BYTES];
    uint8_t client_handle[LIMIT_CALLBACK_HANDLE_BYTES];
};

struct session_cb_auth {
    bool plain; /* the client takes `flavor`; false: contexts only */
    uint32_t
        flavor; /* AUTH_SYS if the client offered it, because Linux requires it; or AUTH_NONE */
    uint32_t stamp, uid, gid, gid_count;
    uint32_t gids[LIMIT_RPC_AUTH_SYS_GIDS];
    char *machine; /* AUTH_SYS only */
    uint32_t context_count;
    struct session_cb_context *contexts; /* the strongest first, of these the latest; NULL: none */
};

/* May these be used?  NOENT: not all, as the server has given the caller no context with such a
 * handle (a handle alone proves nothing, so nobody offers the contexts of others); INVAL: a handle
 * of the client that is too long.  *usable: bit i for number i, if that is less than 64; all that
 * are not contexts, too.  Without locks. */
enum nfsstat4 session_cb_auth_check(const struct state *state, struct client_principal caller,
                                    const struct callback_sec_parms4 *parms, uint32_t count,
                                    uint64_t *usable) MUST_USE;

/* Add what is offered: one of AUTH_NONE and AUTH_SYS takes the place of the present one, contexts
 * come in addition (§18.33.3) if they are usable; of more than LIMIT_CALLBACK_CONTEXTS the last
 * ones go.  False without memory: nothing has changed. */
bool session_cb_auth_add(struct session_cb_auth *auth, const struct callback_sec_parms4 *parms,
                         uint32_t count, uint64_t usable) MUST_USE;
void session_cb_auth_fini(struct session_cb_auth *auth);

/* The context with this handle of the server has ended. */
void session_cb_auth_forget(struct session_cb_auth *auth, const uint8_t *server_handle,
                            uint32_t server_len);

/* How much longer a call with those that are offered can be than one with AUTH_NONE. */
uint32_t session_cb_auth_offered_bytes(const struct callback_sec_parms4 *parms, uint32_t count);

/* The same for the present ones. */
uint32_t session_cb_auth_bytes(const struct session_cb_auth *auth);
