/* SPDX-License-Identifier: Apache-2.0 */
#include "client/client_back_gss.h"

#include <stdlib.h>
#include <string.h>

#include "wire/rpcsec_gss.h"

#define WINDOW 64u /* as wide as seqs_seen */

void client_back_gss_offer(struct client_back_gss_table *table, struct client_gss *gss,
                           uint32_t service, struct callback_sec_parms4 *parms)
{
    struct client_back_gss *back = &table->of[table->count];

    CHECK(table->count < CLIENT_BACK_GSS_HANDLES);
    *back = (struct client_back_gss){.gss = client_gss_get(gss), .service = service};
    memcpy(back->handle, "callback", sizeof(back->handle));
    back->handle[0] = (uint8_t)table->count++;
    parms->cb_secflavor = RPCSEC_GSS;
    parms->cbsp_gss_handles = (struct gss_cb_handles4){
        .gcbp_service = (enum rpc_gss_svc_t)service,
        .gcbp_handle_from_server = {gss->handle, gss->handle_len},
        .gcbp_handle_from_client = {back->handle, sizeof(back->handle)},
    };
}

void client_back_gss_fini(struct client_back_gss_table *table)
{
    for (uint32_t i = 0; i < table->count; i++)
        client_gss_put(table->of[i].gss);
    memset(table, 0, sizeof(*table));
}

/* ---- calls ---- */

static struct client_back_gss *lookup(struct client_back_gss_table *table,
                                      const struct wire_opaque *handle)
{
    for (uint32_t i = 0; i < table->count; i++)
        if (handle->len == CLIENT_BACK_GSS_HANDLE_BYTES &&
            memcmp(table->of[i].handle, handle->data, handle->len) == 0)
            return &table->of[i];
    return NULL;
}

/* False: the number was used before, or is too old to know. */
static bool seq_take(struct client_back_gss *back, uint32_t seq)
{
    uint32_t age;

    if (seq > back->seq_top) {
        const uint32_t steps = seq - back->seq_top;

        back->seqs_seen = steps < WINDOW ? back->seqs_seen << steps : 0;
        back->seq_top = seq;
    }
    age = back->seq_top - seq;
    if (age >= WINDOW || back->seqs_seen >> age & 1)
        return false;
    back->seqs_seen |= UINT64_C(1) << age;
    return true;
}

/* Let `args` be what is in `data`, behind the call's sequence number. */
static bool args_take(struct xdr *args, const uint8_t *data, uint32_t len, uint32_t seq)
{
    struct arena *arena = args->arena;

    xdr_init_decode(args, data, len, arena);
    return xdr_get_u32(args) == seq && !args->failed;
}

static bool body_open(struct client_gss *gss, struct xdr *args, struct client_back_gss_call *call)
{
    struct rpc_gss_integ_data integ;
    struct rpc_gss_priv_data priv;
    uint32_t len;

    if (call->service == RPC_GSS_SVC_NONE)
        return true;
    if (call->service == RPC_GSS_SVC_INTEGRITY)
        return wire_rpc_gss_integ_data(args, &integ) &&
               client_gss_verify(gss, integ.databody_integ.data, integ.databody_integ.len,
                                 integ.checksum.data, integ.checksum.len) &&
               args_take(args, integ.databody_integ.data, integ.databody_integ.len, call->seq);
    return wire_rpc_gss_priv_data(args, &priv) &&
           client_gss_unwrap(gss, priv.databody_priv.data, priv.databody_priv.len, &call->plain,
                             &len) &&
           args_take(args, call->plain, len, call->seq);
}

const char *client_back_gss_open(struct client_back_gss_table *table,
                                 const struct rpc_call_header *header, const uint8_t *record,
                                 struct xdr *args, struct client_back_gss_call *call,
                                 enum auth_stat *stat)
{
    const struct wire_opaque *body = &header->cred.body, *mic = &header->verf.body;
    const size_t signed_len = (size_t)(body->data - record) + xdr_padded(body->len);
    struct rpc_gss_cred cred;
    struct xdr x;

    *stat = RPCSEC_GSS_CREDPROBLEM;
    xdr_init_decode(&x, body->data, body->len, NULL);
    if (!wire_rpc_gss_cred(&x, &cred) || cred.version != RPCSEC_GSS_VERSION ||
        cred.proc != RPCSEC_GSS_DATA)
        return "bad RPCSEC_GSS credentials";
    call->service = cred.service;
    call->seq = cred.seq_num;
    call->by = lookup(table, &cred.handle);
    if (!call->by)
        return "an RPCSEC_GSS handle that was not offered";
    if (header->verf.flavor != RPCSEC_GSS ||
        !client_gss_verify(call->by->gss, record, signed_len, mic->data, mic->len))
        return "an RPCSEC_GSS verifier that is wrong";
    *stat = RPCSEC_GSS_CTXPROBLEM;
    if (!seq_take(call->by, cred.seq_num))
        return "an RPCSEC_GSS sequence number used twice";
    if (cred.service != call->by->service)
        return "another RPCSEC_GSS service than was offered";
    *stat = AUTH_OK;
    return body_open(call->by->gss, args, call) ? NULL : "RPCSEC_GSS arguments that are not sealed";
}

/* ---- replies ---- */

static void verifier_put(struct xdr *x, const struct client_back_gss_call *call,
                         struct rpc_reply_header *header)
{
    const uint32_t seq = htobe32(call->seq);
    uint8_t *mic;
    uint32_t len;

    CHECK(client_gss_sign(call->by->gss, &seq, sizeof(seq), &mic, &len));
    if (call->bad_verf)
        mic[len - 1] ^= 1;
    header->verf = (struct opaque_auth){RPCSEC_GSS, {mic, len}};
    CHECK(wire_rpc_reply_header(x, header));
    free(mic);
}

static void results_put(struct xdr *x, const struct client_back_gss_call *call,
                        const uint8_t *results, size_t len)
{
    struct client_gss *gss = call->by->gss;
    const uint32_t seq = htobe32(call->seq);
    struct rpc_gss_integ_data integ;
    struct rpc_gss_priv_data priv;
    uint8_t *plain, *sealed;

    if (call->service == RPC_GSS_SVC_NONE) {
        memcpy(xdr_take(x, len), results, len);
        return;
    }
    plain = must_malloc(len + sizeof(seq));
    memcpy(plain, &seq, sizeof(seq));
    memcpy(plain + sizeof(seq), results, len);
    len += sizeof(seq);
    if (call->service == RPC_GSS_SVC_INTEGRITY) {
        CHECK(client_gss_sign(gss, plain, len, &sealed, &integ.checksum.len));
        integ.checksum.data = sealed;
        integ.databody_integ = (struct wire_opaque){plain, (uint32_t)len};
        CHECK(wire_rpc_gss_integ_data(x, &integ));
    } else {
        CHECK(client_gss_wrap(gss, plain, len, &sealed, &priv.databody_priv.len));
        priv.databody_priv.data = sealed;
        CHECK(wire_rpc_gss_priv_data(x, &priv));
    }
    free(sealed);
    free(plain);
}

size_t client_back_gss_seal(const struct client_back_gss_call *call, const uint8_t *reply,
                            size_t len, uint8_t **out)
{
    const size_t size = len + (size_t)4 * LIMIT_GSS_MIC_BYTES + LIMIT_GSS_HEADER_BYTES;
    struct rpc_reply_header header;
    struct xdr in, x;

    *out = must_malloc(size);
    xdr_init_decode(&in, reply, len, NULL);
    xdr_init_encode(&x, *out, size);
    if (!wire_rpc_reply_header(&in, &header) || header.stat != MSG_ACCEPTED) {
        memcpy(*out, reply, len); /* a denial, or what a test sends in place of a reply */
        return len;
    }
    verifier_put(&x, call, &header);
    if (header.accept_stat == ACCEPT_SUCCESS)
        results_put(&x, call, in.p, xdr_left(&in));
    CHECK(!x.failed);
    return xdr_pos(&x);
}
