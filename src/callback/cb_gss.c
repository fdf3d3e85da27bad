/* SPDX-License-Identifier: Apache-2.0 */
#include "callback/cb_gss.h"

#include <endian.h>
#include <string.h>

#include "base/arena.h"
#include "base/log.h"
#include "gss/gss_table.h"
#include "gss/gss_token.h"
#include "state/session/session_back.h"
#include "wire/rpc_msg.h"
#include "wire/rpcsec_gss.h"

/* ---- contexts ---- */

static bool usable(const struct gss_context *context, int64_t now_ns)
{
    return gss_context_is_established(context) && !gss_context_is_expired(context, now_ns);
}

bool cb_gss_known(struct gss_table *table, const struct wire_opaque *handle,
                  const struct client_principal *caller, int64_t now_ns)
{
    struct gss_context *context = table ? gss_table_lookup(table, handle) : NULL;
    bool known =
        context && usable(context, now_ns) &&
        client_principal_equal(client_principal_gss(gss_context_principal(context)->id), *caller);

    gss_context_put(context);
    return known;
}

void cb_gss_forget(struct session *session, const uint8_t *handle, uint32_t len)
{
    session_back_forget_context(session, handle, len);
    log_info("callback.context_gone", LOG_HEX("session", session->id, NFS4_SESSIONID_SIZE),
             LOG_ID("client", session->client->id), LOG_HEX("context", handle, len));
}

static bool take(struct gss_table *table, const struct session_cb_context *offered, int64_t now_ns,
                 struct cb_gss *gss)
{
    const struct wire_opaque handle = {offered->server_handle, offered->server_len};
    struct gss_context *context = table ? gss_table_lookup(table, &handle) : NULL;

    if (!context)
        return false;
    gss->seq = usable(context, now_ns) ? gss_context_next_seq(context) : 0;
    if (gss->seq == 0) {
        gss_context_put(context);
        return false;
    }
    gss->context = context;
    gss->service = offered->service;
    return true;
}

const struct session_cb_context *cb_gss_choose(struct gss_table *table, struct session *session,
                                               const struct session_back_params *params,
                                               int64_t now_ns, struct cb_gss *gss)
{
    memset(gss, 0, sizeof(*gss));
    for (uint32_t i = 0; i < params->auth.context_count; i++) {
        const struct session_cb_context *offered = &params->contexts[i];

        if (take(table, offered, now_ns, gss))
            return offered;
        cb_gss_forget(session, offered->server_handle, offered->server_len);
    }
    return NULL;
}

void cb_gss_fini(struct cb_gss *gss)
{
    gss_context_put(gss->context);
    memset(gss, 0, sizeof(*gss));
}

/* ---- requests ---- */

/* Behind the header, whose MIC is its verifier: RFC 2203 §5.3.1. */
static bool header_seal(const struct cb_gss *gss, const struct session_cb_context *context,
                        struct rpc_call_header *header, struct xdr *out)
{
    uint8_t body[LIMIT_RPC_AUTH_BYTES], mic[LIMIT_GSS_MIC_BYTES];
    struct rpc_gss_cred cred = {
        .version = RPCSEC_GSS_VERSION,
        .proc = RPCSEC_GSS_DATA,
        .seq_num = gss->seq,
        .service = gss->service,
        .handle = {context->client_handle, context->client_len},
    };
    struct opaque_auth verf = {RPCSEC_GSS, {mic, gss_token_sizes(gss->context)->mic}};
    struct xdr encoded;

    xdr_init_encode(&encoded, body, sizeof(body));
    if (!wire_rpc_gss_cred(&encoded, &cred))
        return false;
    header->cred = (struct opaque_auth){RPCSEC_GSS, {body, (uint32_t)xdr_pos(&encoded)}};
    header->verf = (struct opaque_auth){AUTH_NONE, {NULL, 0}};
    if (!wire_rpc_call_header(out, header))
        return false;
    xdr_rewind(out, xdr_pos(out) - 8); /* the empty verifier */
    return gss_token_mic(gss->context, out->start, xdr_pos(out), mic) &&
           wire_opaque_auth(out, &verf);
}

static bool bytes_put(struct xdr *out, const void *data, size_t len)
{
    uint8_t *p = xdr_take(out, len);

    if (p && len > 0)
        memcpy(p, data, len);
    return p != NULL;
}

/* An opaque of a sequence number and the arguments, and its MIC: §5.3.2.2. */
static bool integrity_seal(const struct cb_gss *gss, const struct xdr *args, struct xdr *out)
{
    size_t len = xdr_left(args);
    uint8_t mic[LIMIT_GSS_MIC_BYTES];
    struct wire_opaque checksum = {mic, gss_token_sizes(gss->context)->mic};
    uint8_t *data;

    xdr_put_u32(out, (uint32_t)(4 + len));
    data = out->p;
    xdr_put_u32(out, gss->seq);
    return bytes_put(out, args->p, len) && gss_token_mic(gss->context, data, 4 + len, mic) &&
           xdr_opaque(out, &checksum, sizeof(mic));
}

/* The same, encrypted: §5.3.2.3. */
static bool privacy_seal(const struct cb_gss *gss, const struct xdr *args, struct xdr *out)
{
    const struct gss_token_sizes *sizes = gss_token_sizes(gss->context);
    size_t len = xdr_left(args), token, at = xdr_pos(out);
    uint8_t *data;

    xdr_put_u32(out, 0);
    if (!xdr_take(out, sizes->header))
        return false;
    data = out->p;
    xdr_put_u32(out, gss->seq);
    if (!bytes_put(out, args->p, len) || xdr_left(out) < sizes->trailer + 4)
        return false;
    token = gss_token_wrap(gss->context, data, 4 + len);
    if (token == 0)
        return false;
    xdr_patch_u32(out, at, (uint32_t)token);
    xdr_rewind(out, at + 4);
    memset(out->p + token, 0, xdr_padded(token) - token);
    return xdr_take(out, xdr_padded(token)) != NULL;
}

size_t cb_gss_seal(const struct cb_gss *gss, const struct session_cb_context *context,
                   const uint8_t *record, size_t len, uint8_t *to, size_t size)
{
    struct rpc_call_header header;
    struct xdr args, out;
    bool sealed;

    xdr_init_decode(&args, record, len, NULL);
    CHECK(wire_rpc_call_header(&args, &header)); /* our own */
    xdr_init_encode(&out, to, size);
    if (!header_seal(gss, context, &header, &out))
        return 0;
    switch (gss->service) {
    case RPC_GSS_SVC_INTEGRITY:
        sealed = integrity_seal(gss, &args, &out);
        break;
    case RPC_GSS_SVC_PRIVACY:
        sealed = privacy_seal(gss, &args, &out);
        break;
    default:
        sealed = bytes_put(&out, args.p, xdr_left(&args));
        break;
    }
    return sealed && !out.failed ? xdr_pos(&out) : 0;
}

/* ---- replies ---- */

/* The verifier of a reply is the MIC of the request's sequence number: §5.3.3.2. */
static bool verifier_is_right(const struct cb_gss *gss, const struct opaque_auth *verf)
{
    uint32_t seq = htobe32(gss->seq);

    return verf->flavor == RPCSEC_GSS &&
           gss_token_verify(gss->context, &seq, sizeof(seq), verf->body.data, verf->body.len);
}

/* The results behind the sequence number of the request, which must be that. */
static bool numbered(const struct cb_gss *gss, const uint8_t *data, size_t len,
                     struct wire_opaque *results)
{
    uint32_t seq;

    if (len < sizeof(seq))
        return false;
    memcpy(&seq, data, sizeof(seq));
    *results = (struct wire_opaque){data + sizeof(seq), (uint32_t)(len - sizeof(seq))};
    return be32toh(seq) == gss->seq;
}

static bool integrity_open(const struct cb_gss *gss, struct xdr *x, struct wire_opaque *results)
{
    struct rpc_gss_integ_data data;

    return wire_rpc_gss_integ_data(x, &data) && xdr_left(x) == 0 &&
           gss_token_verify(gss->context, data.databody_integ.data, data.databody_integ.len,
                            data.checksum.data, data.checksum.len) &&
           numbered(gss, data.databody_integ.data, data.databody_integ.len, results);
}

static bool privacy_open(const struct cb_gss *gss, struct xdr *x, struct arena *arena,
                         struct wire_opaque *results)
{
    struct rpc_gss_priv_data data;
    uint8_t *token, *plain;
    size_t len;

    if (!wire_rpc_gss_priv_data(x, &data) || xdr_left(x) != 0)
        return false;
    token = arena_alloc(arena, data.databody_priv.len);
    if (!token)
        return false;
    memcpy(token, data.databody_priv.data, data.databody_priv.len);
    plain = gss_token_unwrap(gss->context, token, data.databody_priv.len, &len);
    return plain && numbered(gss, plain, len, results);
}

enum cb_answer cb_gss_open(const struct cb_gss *gss, const void *body, size_t len,
                           struct arena *arena, struct wire_opaque *results, bool *lost)
{
    struct rpc_reply_header header;
    bool opened = true;
    struct xdr x;

    *lost = false;
    xdr_init_decode(&x, body, len, arena);
    if (!wire_rpc_reply_body(&x, &header))
        return CB_MALFORMED;
    if (header.stat == MSG_DENIED) {
        *lost = header.reject_stat == REJECT_AUTH_ERROR;
        return CB_REFUSED;
    }
    if (!verifier_is_right(gss, &header.verf))
        return CB_MALFORMED;
    if (header.accept_stat != ACCEPT_SUCCESS)
        return CB_REFUSED;
    *results = (struct wire_opaque){x.p, (uint32_t)xdr_left(&x)};
    if (gss->service == RPC_GSS_SVC_INTEGRITY)
        opened = integrity_open(gss, &x, results);
    else if (gss->service == RPC_GSS_SVC_PRIVACY)
        opened = privacy_open(gss, &x, arena, results);
    return opened ? CB_ANSWERED : CB_MALFORMED;
}
