/* SPDX-License-Identifier: Apache-2.0 */
#include "client/client_gss_call.h"

#include <stdlib.h>
#include <string.h>

#include "client/client_call.h"
#include "wire/rpcsec_gss.h"

enum {
    CALLS = CLIENT_STASH_RECORDS, /* remembered, by xid */
    RETRIES = 4,                  /* of one call: their sequence numbers */
    VERF_NONE_BYTES = 8,          /* AUTH_NONE, encoded */
    MESSAGE_ROOM = 512,           /* for all but arguments, MICs and tokens */
};

struct sent_call {
    struct client_gss *gss; /* a reference; NULL: there was none */
    uint32_t xid, proc, service;
    uint32_t seq_count, seqs[RETRIES];
};

struct client_gss_calls {
    struct sent_call sent[CALLS];
};

static struct sent_call *sent_lookup(const struct client_conn *conn, uint32_t xid)
{
    struct sent_call *sent = conn->gss_calls ? &conn->gss_calls->sent[xid % CALLS] : NULL;

    return sent && sent->gss && sent->xid == xid ? sent : NULL;
}

static void sent_note(struct client_conn *conn, const struct client_gss_message *message,
                      uint32_t seq)
{
    struct sent_call *sent;

    if (!conn->gss_calls)
        conn->gss_calls = must_calloc(1, sizeof(*conn->gss_calls));
    sent = sent_lookup(conn, message->xid);
    if (!sent || sent->gss != message->gss) {
        sent = &conn->gss_calls->sent[message->xid % CALLS];
        client_gss_put(sent->gss);
        *sent = (struct sent_call){.gss = client_gss_get(message->gss), .xid = message->xid};
    }
    sent->proc = message->proc;
    sent->service = message->service;
    sent->seqs[sent->seq_count++ % RETRIES] = seq;
}

void client_gss_calls_free(struct client_conn *conn)
{
    if (!conn->gss_calls)
        return;
    for (uint32_t i = 0; i < CALLS; i++)
        client_gss_put(conn->gss_calls->sent[i].gss);
    free(conn->gss_calls);
    conn->gss_calls = NULL;
}

/* ---- calls ---- */

/* What spoils this call. */
static struct client_gss_fault fault_take(struct client_conn *conn)
{
    struct client_gss_fault fault = conn->gss_fault;

    if (fault.calls > 1)
        conn->gss_fault.calls--;
    else
        memset(&conn->gss_fault, 0, sizeof(conn->gss_fault));
    return fault;
}

static bool spoils(const struct client_gss_fault *fault, uint32_t bit)
{
    return fault->what & bit;
}

static uint32_t seq_next(const struct client_gss_message *message,
                         const struct client_gss_fault *fault)
{
    if (spoils(fault, CLIENT_GSS_SET_SEQ))
        return fault->number;
    if (message->proc == RPCSEC_GSS_INIT || message->proc == RPCSEC_GSS_CONTINUE_INIT)
        return 0;
    return ++message->gss->seq;
}

/* Up to the credentials: what the verifier signs. */
static void header_put(struct xdr *x, const struct client_gss_message *message,
                       const struct client_gss_fault *fault, uint32_t seq)
{
    uint8_t handle[CLIENT_GSS_HANDLE_BYTES], body[CLIENT_GSS_HANDLE_BYTES + 32];
    struct rpc_gss_cred cred = {
        .version = RPCSEC_GSS_VERSION,
        .proc = spoils(fault, CLIENT_GSS_SET_PROC) ? fault->number : message->proc,
        .seq_num = seq,
        .service = spoils(fault, CLIENT_GSS_SET_SERVICE) ? fault->number : message->service,
        .handle = {handle, message->gss->handle_len},
    };
    struct rpc_call_header header = {
        .xid = message->xid,
        .rpcvers = RPC_VERSION,
        .prog = message->rpc_program,
        .vers = message->rpc_version,
        .proc = message->rpc_proc,
    };
    struct xdr c;

    memcpy(handle, message->gss->handle, sizeof(handle));
    if (spoils(fault, CLIENT_GSS_BAD_HANDLE))
        handle[0] ^= 1;
    if (spoils(fault, CLIENT_GSS_NO_HANDLE))
        cred.handle.len = 0;
    xdr_init_encode(&c, body, sizeof(body));
    CHECK(wire_rpc_gss_cred(&c, &cred));
    if (spoils(fault, CLIENT_GSS_SET_VERSION))
        xdr_patch_u32(&c, 0, fault->number);
    header.cred = (struct opaque_auth){RPCSEC_GSS, {body, (uint32_t)xdr_pos(&c)}};
    CHECK(wire_rpc_call_header(x, &header));
    x->p -= VERF_NONE_BYTES;
}

/* The verifier: a MIC of all before it. */
static void verifier_put(struct xdr *x, const struct client_gss_message *message,
                         const struct client_gss_fault *fault)
{
    struct opaque_auth verf = {.flavor = AUTH_NONE};
    uint8_t *mic = NULL;
    uint32_t len = 0;

    if (message->gss->done && !spoils(fault, CLIENT_GSS_NO_MIC)) {
        CHECK(client_gss_sign(message->gss, x->start, xdr_pos(x), &mic, &len));
        if (spoils(fault, CLIENT_GSS_BAD_MIC))
            mic[len - 1] ^= 1;
        if (spoils(fault, CLIENT_GSS_SHORT_MIC))
            len -= 4;
        verf = (struct opaque_auth){RPCSEC_GSS, {mic, len}};
    }
    CHECK(wire_opaque_auth(x, &verf));
    free(mic);
}

static void integrity_put(struct xdr *x, const struct client_gss_message *message,
                          const struct client_gss_fault *fault, uint8_t *plain, size_t len)
{
    struct rpc_gss_integ_data data = {.databody_integ = {plain, (uint32_t)len}};
    uint8_t *mic;

    CHECK(client_gss_sign(message->gss, plain, len, &mic, &data.checksum.len));
    if (spoils(fault, CLIENT_GSS_BAD_BODY))
        mic[data.checksum.len - 1] ^= 1;
    if (spoils(fault, CLIENT_GSS_BAD_ARGS))
        plain[len - 1] ^= 1;
    data.checksum.data = mic;
    CHECK(wire_rpc_gss_integ_data(x, &data));
    free(mic);
}

static void privacy_put(struct xdr *x, const struct client_gss_message *message,
                        const struct client_gss_fault *fault, const uint8_t *plain, size_t len)
{
    struct rpc_gss_priv_data data;
    uint8_t *token;

    CHECK(client_gss_wrap(message->gss, plain, len, &token, &data.databody_priv.len));
    if (spoils(fault, CLIENT_GSS_BAD_BODY))
        token[data.databody_priv.len / 2] ^= 1;
    data.databody_priv.data = token;
    CHECK(wire_rpc_gss_priv_data(x, &data));
    free(token);
}

/* The arguments, with the sequence number in front if they are protected. */
static void body_put(struct xdr *x, const struct client_gss_message *message,
                     const struct client_gss_fault *fault, uint32_t seq)
{
    const size_t len = message->args_len + 4, at = xdr_pos(x);
    uint8_t *plain;
    struct xdr p;

    if (message->proc != RPCSEC_GSS_DATA || message->service == RPC_GSS_SVC_NONE) {
        if (message->args_len)
            memcpy(xdr_take(x, message->args_len), message->args, message->args_len);
        return;
    }
    plain = must_malloc(len);
    xdr_init_encode(&p, plain, len);
    xdr_put_u32(&p, spoils(fault, CLIENT_GSS_INNER_SEQ) ? seq + 1 : seq);
    if (message->args_len)
        memcpy(p.p, message->args, message->args_len);
    if (message->service == RPC_GSS_SVC_INTEGRITY)
        integrity_put(x, message, fault, plain, len);
    else
        privacy_put(x, message, fault, plain, len);
    if (spoils(fault, CLIENT_GSS_BODY_LENGTH))
        xdr_patch_u32(x, at, UINT32_C(1) << 31);
    free(plain);
}

struct client_bytes client_gss_call_encode(struct client_conn *conn,
                                           const struct client_gss_message *message)
{
    const struct client_gss_fault fault = fault_take(conn);
    const uint32_t seq = seq_next(message, &fault);
    const size_t size = MESSAGE_ROOM + 3 * LIMIT_GSS_MIC_BYTES + LIMIT_GSS_HEADER_BYTES +
                        LIMIT_GSS_TRAILER_BYTES + message->args_len;
    struct client_bytes call = {must_malloc(size), 0};
    struct xdr x;

    xdr_init_encode(&x, call.data, size);
    header_put(&x, message, &fault, seq);
    verifier_put(&x, message, &fault);
    body_put(&x, message, &fault, seq);
    CHECK(!x.failed);
    call.len = xdr_pos(&x);
    if (spoils(&fault, CLIENT_GSS_SHORT_BODY))
        call.len -= 4;
    sent_note(conn, message, seq);
    return call;
}

/* ---- replies ---- */

static enum client_verf verifier_check(const struct sent_call *sent, const struct opaque_auth *verf)
{
    if (verf->flavor == AUTH_NONE)
        return CLIENT_VERF_NONE;
    if (verf->flavor != RPCSEC_GSS)
        return CLIENT_VERF_OTHER;
    for (uint32_t i = 0; i < sent->seq_count && i < RETRIES; i++) {
        const uint32_t seq = htobe32(sent->seqs[i]);

        if (client_gss_verify(sent->gss, &seq, sizeof(seq), verf->body.data, verf->body.len))
            return CLIENT_VERF_GOOD;
    }
    return CLIENT_VERF_WRONG;
}

/* Let the results be what is in `plain`, behind a sequence number of the call. */
static bool results_open(const struct sent_call *sent, struct client_reply *reply,
                         const uint8_t *plain, uint32_t len)
{
    uint32_t seq;

    xdr_init_decode(&reply->results, plain, len, &reply->arena);
    seq = xdr_get_u32(&reply->results);
    for (uint32_t i = 0; i < sent->seq_count && i < RETRIES; i++)
        if (sent->seqs[i] == seq)
            return !reply->results.failed;
    return false;
}

static bool body_check(const struct sent_call *sent, struct client_reply *reply)
{
    struct rpc_gss_integ_data integ;
    struct rpc_gss_priv_data priv;
    uint32_t len;

    if (sent->service == RPC_GSS_SVC_NONE)
        return true;
    if (sent->service == RPC_GSS_SVC_INTEGRITY)
        return wire_rpc_gss_integ_data(&reply->results, &integ) &&
               client_gss_verify(sent->gss, integ.databody_integ.data, integ.databody_integ.len,
                                 integ.checksum.data, integ.checksum.len) &&
               results_open(sent, reply, integ.databody_integ.data, integ.databody_integ.len);
    return wire_rpc_gss_priv_data(&reply->results, &priv) &&
           client_gss_unwrap(sent->gss, priv.databody_priv.data, priv.databody_priv.len,
                             &reply->plain, &len) &&
           results_open(sent, reply, reply->plain, len);
}

bool client_gss_call_check(struct client_conn *conn, struct client_reply *reply)
{
    const struct sent_call *sent = sent_lookup(conn, reply->header.xid);

    if (reply->header.stat != MSG_ACCEPTED || !sent)
        return true;
    if (sent->proc == RPCSEC_GSS_INIT || sent->proc == RPCSEC_GSS_CONTINUE_INIT)
        return true;
    reply->verf = verifier_check(sent, &reply->header.verf);
    if (reply->verf != CLIENT_VERF_GOOD && !conn->gss_lenient)
        return false;
    if (reply->header.accept_stat != ACCEPT_SUCCESS || sent->proc != RPCSEC_GSS_DATA)
        return true;
    return body_check(sent, reply) || conn->gss_lenient;
}
