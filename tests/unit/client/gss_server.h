/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A server of RPCSEC_GSS in a thread at the other end of a socket pair, made with the library
 * alone.  It answers every call, notes what was wrong with the last one, and echoes arguments.
 */
#pragma once

#include <gssapi/gssapi.h>
#include <pthread.h>

#include "client/client_gss.h"
#include "wire/rpcsec_gss.h"

/* What is wrong with a call. */
enum {
    GSS_CALL_MIC = 1u << 0,
    GSS_CALL_HANDLE = 1u << 1,
    GSS_CALL_BODY = 1u << 2,      /* its MIC, its token, or its form */
    GSS_CALL_INNER_SEQ = 1u << 3, /* differs from that in the credentials */
};

struct gss_server {
    /* May be set between calls. */
    bool bad_verf, no_verf, bad_body, other_seq;
    /* Of the last call. */
    unsigned wrong;
    struct rpc_gss_cred cred; /* but for the handle */
    unsigned calls, contexts, destroyed;
    char caller[128]; /* principal */

    struct client_conn conn; /* the client's end */
    int fd;
    pthread_t thread;
    gss_ctx_id_t context;
};

/* KRB5_KTNAME names the keytab. */
void gss_server_start(struct gss_server *server);

/* Closes both ends. */
void gss_server_stop(struct gss_server *server);
