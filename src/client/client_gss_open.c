/* SPDX-License-Identifier: Apache-2.0 */
/* Contexts made and destroyed by calls of NULL. */
#include <gssapi/gssapi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/client_call.h"
#include "wire/rpcsec_gss.h"

/* The server refused an INIT. */
static void explain_refusal(uint32_t major, char why[CLIENT_WHY_BYTES])
{
    gss_buffer_desc text = GSS_C_EMPTY_BUFFER;
    OM_uint32 minor, more = 0;

    (void)gss_display_status(&minor, major, GSS_C_GSS_CODE, GSS_C_NO_OID, &more, &text);
    (void)snprintf(why, CLIENT_WHY_BYTES, "the server refuses the ticket: %.*s", (int)text.length,
                   text.value ? (const char *)text.value : "");
    gss_release_buffer(&minor, &text);
}

/* NULL with a control procedure of RPCSEC_GSS. */
static enum client_status control_call(struct client_conn *conn, struct client_gss *gss,
                                       uint32_t proc, const void *args, size_t len,
                                       struct client_reply *reply)
{
    const struct client_gss_message message = {
        .gss = gss,
        .proc = proc,
        .service = conn->gss_service ? conn->gss_service : RPC_GSS_SVC_NONE,
        .rpc_program = NFS4_PROGRAM,
        .rpc_version = NFS_V4,
        .rpc_proc = NFSPROC4_NULL,
        .args = args,
        .args_len = len,
        .xid = ++conn->xid,
    };
    struct client_bytes call = client_gss_call_encode(conn, &message);
    enum client_status status = client_conn_send_record(conn, call.data, call.len, 0);

    free(call.data);
    return status == CLIENT_OK ? client_call_receive(conn, message.xid, reply) : status;
}

/* The verifier of a complete context is the MIC of its window. */
static bool window_signed(struct client_gss *gss, const struct client_reply *reply)
{
    const struct opaque_auth *verf = &reply->header.verf;
    const uint32_t window = htobe32(gss->window);

    return verf->flavor == RPCSEC_GSS &&
           client_gss_verify(gss, &window, sizeof(window), verf->body.data, verf->body.len);
}

static enum client_status result_take(struct client_gss *gss, struct client_reply *reply,
                                      char why[CLIENT_WHY_BYTES])
{
    struct rpc_gss_init_res res;
    uint32_t major = GSS_S_COMPLETE, minor = 0;

    if (!wire_rpc_gss_init_res(&reply->results, &res) || res.handle.len > CLIENT_GSS_HANDLE_BYTES) {
        (void)snprintf(why, CLIENT_WHY_BYTES,
                       "the server's answer to RPCSEC_GSS_INIT is malformed");
        return CLIENT_MALFORMED;
    }
    gss->major = res.gss_major;
    gss->minor = res.gss_minor;
    gss->window = res.seq_window;
    gss->handle_len = res.handle.len;
    if (res.handle.len)
        memcpy(gss->handle, res.handle.data, res.handle.len);
    if (GSS_ERROR(res.gss_major)) {
        explain_refusal(res.gss_major, why);
        return CLIENT_OK;
    }
    if (res.gss_token.len > 0)
        major = client_gss_advance(gss, res.gss_token.data, res.gss_token.len, &minor);
    gss->done = major == GSS_S_COMPLETE && res.gss_major == GSS_S_COMPLETE;
    if (GSS_ERROR(major) || (gss->done && !window_signed(gss, reply))) {
        gss->done = false;
        (void)snprintf(why, CLIENT_WHY_BYTES,
                       "the server could not prove that it is the one asked for");
        return CLIENT_MALFORMED;
    }
    return CLIENT_OK;
}

enum client_status client_gss_step(struct client_conn *conn, struct client_gss *gss,
                                   struct client_reply *reply, char why[CLIENT_WHY_BYTES])
{
    const uint32_t proc = gss->handle_len ? RPCSEC_GSS_CONTINUE_INIT : RPCSEC_GSS_INIT;
    struct rpc_gss_init_arg arg = {{gss->token, gss->token_len}};
    struct client_reply own = {0};
    const size_t size = xdr_padded(gss->token_len) + 4;
    uint8_t *args = must_malloc(size);
    enum client_status status;
    struct xdr x;

    *why = '\0';
    xdr_init_encode(&x, args, size);
    CHECK(wire_rpc_gss_init_arg(&x, &arg));
    status = control_call(conn, gss, proc, args, size, &own);
    free(args);
    if (status == CLIENT_OK)
        status = result_take(gss, &own, why);
    else
        (void)snprintf(why, CLIENT_WHY_BYTES, "RPCSEC_GSS_INIT: %s",
                       status == CLIENT_REJECTED ? "the server does not offer Kerberos"
                                                 : client_status_name(status));
    if (reply)
        *reply = own;
    else
        client_reply_free(&own);
    return status;
}

enum client_status client_gss_open(struct client_conn *conn, const struct client_gss_wish *wish,
                                   struct client_gss **gss, char why[CLIENT_WHY_BYTES])
{
    enum client_status status = client_gss_create(wish, gss, why);

    while (status == CLIENT_OK && !(*gss)->done) {
        status = client_gss_step(conn, *gss, NULL, why);
        if (status == CLIENT_OK && GSS_ERROR((*gss)->major))
            status = CLIENT_REJECTED;
    }
    if (status != CLIENT_OK) {
        client_gss_put(*gss);
        *gss = NULL;
    }
    return status;
}

enum client_status client_gss_destroy(struct client_conn *conn, struct client_gss *gss)
{
    struct client_reply reply = {0};
    enum client_status status = control_call(conn, gss, RPCSEC_GSS_DESTROY, NULL, 0, &reply);

    client_reply_free(&reply);
    return status;
}
