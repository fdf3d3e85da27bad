/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The order of the checks matters.  A sequence number counts only once the header's checksum was
 * right: else whoever has seen a handle could move its window, and so mute the user.
 */
#include "transport/gss_call.h"

#include "base/log.h"
#include "gss/gss_accept.h"
#include "gss/gss_context.h"
#include "gss/gss_table.h"
#include "gss/gss_token.h"
#include "transport/address.h"
#include "transport/call_frame.h"
#include "transport/connection_internal.h"
#include "transport/gss_body.h"
#include "transport/peer_table.h"
#include "transport/transport_internal.h"
#include "transport/worker.h"
#include "wire/rpcsec_gss.h"

/* ---- refusals ---- */

struct refusal {
    enum transport_counter counter;
    enum auth_stat stat;
    const char *why; /* of the log */
};

static const struct refusal malformed = {TRANSPORT_COUNTER_gss_malformed, AUTH_BADCRED,
                                         "its credentials make no sense"};
static const struct refusal bad_version = {TRANSPORT_COUNTER_gss_malformed, AUTH_BADCRED,
                                           "it uses another version of RPCSEC_GSS than 1"};
static const struct refusal bad_new_version = {TRANSPORT_COUNTER_gss_malformed, AUTH_REJECTEDCRED,
                                               "it asks for another version of RPCSEC_GSS than 1"};
static const struct refusal no_verifier = {TRANSPORT_COUNTER_gss_malformed, AUTH_BADVERF,
                                           "its verifier is of another kind"};
static const struct refusal unknown = {
    TRANSPORT_COUNTER_gss_unknown, RPCSEC_GSS_CREDPROBLEM,
    "its context is not known here, or no longer: the client makes another one"};
static const struct refusal bad_verifier = {TRANSPORT_COUNTER_gss_bad_verifiers,
                                            RPCSEC_GSS_CREDPROBLEM,
                                            "the checksum of its header is wrong"};
static const struct refusal expired = {
    TRANSPORT_COUNTER_gss_expired, RPCSEC_GSS_CTXPROBLEM,
    "its context has expired: the client makes another one if its ticket is still good"};
static const struct refusal used_up = {
    TRANSPORT_COUNTER_gss_expired, RPCSEC_GSS_CTXPROBLEM,
    "its context has no sequence numbers left: the client makes another one"};

static const struct refusal bad_body = {TRANSPORT_COUNTER_gss_bad_bodies, AUTH_OK,
                                        "its arguments were changed on the way, or cut off"};

static enum auth_stat refuse(const struct call_frame *frame, const struct refusal *refusal)
{
    const struct connection *conn = frame->call.conn;
    const struct gss_principal *principal =
        frame->gss.context ? gss_context_principal(frame->gss.context) : NULL;
    char peer[ADDRESS_TEXT_BYTES];

    transport_count(conn->transport, refusal->counter, 1);
    log_info("gss.call_refused", LOG_U64("connection", conn->id),
             LOG_STR("peer", address_format(&conn->peer.sa, peer, sizeof(peer))),
             LOG_STR("principal", principal ? principal->name : ""), LOG_STR("why", refusal->why));
    return refusal->stat;
}

/* ---- credentials ---- */

/* Sequence number and service mean nothing here, §5.2.2. */
static enum auth_stat init_check(struct call_frame *frame, const struct rpc_call_header *header,
                                 const struct rpc_gss_cred *cred)
{
    if (header->proc != 0 || (cred->proc == RPCSEC_GSS_INIT && cred->handle.len > 0))
        return refuse(frame, &malformed);
    if (header->verf.flavor != AUTH_NONE || header->verf.body.len > 0)
        return refuse(frame, &no_verifier);
    frame->gss.handle = cred->handle;
    return AUTH_OK;
}

/* The checksum is that of the call from its xid to its credentials, as they came. */
static bool header_verify(const struct call_frame *frame, const struct rpc_call_header *header)
{
    const struct wire_opaque *cred = &header->cred.body;
    const uint8_t *end = cred->data + xdr_padded(cred->len);

    return gss_token_verify(frame->gss.context, frame->record, (size_t)(end - frame->record),
                            header->verf.body.data, header->verf.body.len);
}

static enum auth_stat seq_take(struct call_frame *frame)
{
    switch (gss_context_take_seq(frame->gss.context, frame->gss.seq_num)) {
    case GSS_SEQ_NEW:
        return AUTH_OK;
    case GSS_SEQ_TOO_BIG:
        return refuse(frame, &used_up);
    case GSS_SEQ_OLD:
        break;
    }
    connection_cut(frame->call.conn, TRANSPORT_COUNTER_gss_replays, "gss.replay");
    return RPCSEC_GSS_CTXPROBLEM; /* which nobody hears */
}

static enum auth_stat context_check(struct call_frame *frame, const struct rpc_call_header *header)
{
    struct gss_table *table = frame->call.conn->transport->config.gss->table;
    struct gss_context *context = frame->gss.context;
    int64_t now_ns = frame->call.received_ns;

    if (!context || !gss_context_is_established(context))
        return refuse(frame, &unknown);
    if (gss_context_is_expired(context, now_ns))
        return refuse(frame, &expired);
    if (header->verf.flavor != RPCSEC_GSS)
        return refuse(frame, &no_verifier);
    if (!header_verify(frame, header))
        return refuse(frame, &bad_verifier);
    gss_table_prove(table, context, now_ns);
    return seq_take(frame);
}

/* Of DATA and DESTROY. */
static enum auth_stat data_check(struct call_frame *frame, const struct rpc_call_header *header,
                                 const struct rpc_gss_cred *cred)
{
    struct rpc_call *call = &frame->call;
    enum auth_stat stat;

    frame->gss.context = gss_table_lookup(call->conn->transport->config.gss->table, &cred->handle);
    stat = context_check(frame, header);
    if (stat != AUTH_OK)
        return stat;
    call->cred.service =
        cred->proc == RPCSEC_GSS_DATA ? (enum rpc_gss_svc_t)cred->service : RPC_GSS_SVC_NONE;
    call->cred.principal = gss_context_principal(frame->gss.context);
    call->tail_ok = call->tail_ok && call->cred.service == RPC_GSS_SVC_NONE;
    gss_body_measure(frame);
    return AUTH_OK;
}

static bool cred_decode(const struct wire_opaque *body, struct rpc_gss_cred *cred)
{
    struct xdr x;

    xdr_init_decode(&x, body->data, body->len, NULL);
    return wire_rpc_gss_cred(&x, cred) &&
           (cred->version != RPCSEC_GSS_VERSION || xdr_left(&x) == 0);
}

/* In all versions that there are, the procedure comes second. */
static enum auth_stat version_refuse(struct call_frame *frame, const struct wire_opaque *body)
{
    struct xdr x;
    uint32_t version, proc;

    xdr_init_decode(&x, body->data, body->len, NULL);
    xdr_u32(&x, &version);
    xdr_u32(&x, &proc);
    return refuse(frame, proc == RPCSEC_GSS_INIT || proc == RPCSEC_GSS_CONTINUE_INIT
                             ? &bad_new_version
                             : &bad_version);
}

enum auth_stat gss_call_check(struct call_frame *frame, const struct rpc_call_header *header)
{
    struct rpc_gss_cred cred;

    if (!frame->call.conn->transport->config.gss)
        return AUTH_REJECTEDCRED;
    if (!cred_decode(&header->cred.body, &cred))
        return refuse(frame, &malformed);
    if (cred.version != RPCSEC_GSS_VERSION)
        return version_refuse(frame, &header->cred.body);
    frame->call.cred.flavor = RPC_AUTH_GSS;
    frame->gss.proc = cred.proc;
    frame->gss.seq_num = cred.seq_num;
    switch (cred.proc) {
    case RPCSEC_GSS_INIT:
    case RPCSEC_GSS_CONTINUE_INIT:
        return init_check(frame, header, &cred);
    case RPCSEC_GSS_DATA:
        if (cred.service < RPC_GSS_SVC_NONE || cred.service > RPC_GSS_SVC_PRIVACY)
            return refuse(frame, &malformed);
        return data_check(frame, header, &cred);
    case RPCSEC_GSS_DESTROY:
        if (header->proc == 0)
            return data_check(frame, header, &cred);
    }
    return refuse(frame, &malformed);
}

/* ---- making and destroying contexts ---- */

bool gss_call_is_control(const struct call_frame *frame)
{
    return frame->call.cred.flavor == RPC_AUTH_GSS && frame->gss.proc != RPCSEC_GSS_DATA;
}

static void accept_token(struct call_frame *frame, const struct wire_opaque *token,
                         struct gss_accept_reply *reply)
{
    struct connection *conn = frame->call.conn;
    const struct transport_gss *gss = conn->transport->config.gss;
    char peer[ADDRESS_TEXT_BYTES];
    struct gss_accept_call accept = {
        .first = frame->gss.proc == RPCSEC_GSS_INIT,
        .handle = frame->gss.handle,
        .token = *token,
        .peer = address_format(&conn->peer.sa, peer, sizeof(peer)),
        .address = peer_hash(&conn->transport->peers, &conn->peer.sa),
        .now_ns = frame->call.received_ns,
    };

    frame->call.blocked_in = &conn->transport->gss_blocked;
    if (rpc_call_is_crowded(&frame->call)) {
        gss_accept_put_off(gss->acceptor, &accept, reply);
        return;
    }
    worker_may_block();
    if (gss->begin)
        gss->begin();
    gss_accept(gss->acceptor, &accept, reply);
    if (gss->end)
        gss->end();
    worker_unblock();
    frame->call.blocked_in = NULL;
}

/* The verifier of the reply that completes a context is the checksum of its window, §5.2.3.1. */
static void context_complete(struct call_frame *frame, const struct gss_accept_reply *reply)
{
    const struct transport_gss *gss = frame->call.conn->transport->config.gss;

    frame->gss.context = gss_context_get(reply->context);
    frame->gss.seq_num = reply->seq_window;
    frame->call.cred.service = RPC_GSS_SVC_NONE;
    gss_body_measure(frame);
    if (gss->seen)
        gss->seen(gss_context_principal(reply->context), gss->context);
}

static bool init_run(struct call_frame *frame)
{
    struct rpc_call *call = &frame->call;
    struct rpc_gss_init_arg arg;
    struct rpc_gss_init_res res = {0};
    struct gss_accept_reply reply;

    if (!wire_rpc_gss_init_arg(&call->in, &arg) || xdr_left(&call->in) > 0)
        return false;
    accept_token(frame, &arg.gss_token, &reply);
    if (reply.complete)
        context_complete(frame, &reply);
    if (reply.context)
        res.handle = (struct wire_opaque){gss_context_handle(reply.context), GSS_HANDLE_BYTES};
    res.gss_major = reply.major;
    res.gss_minor = reply.minor;
    res.seq_window = reply.seq_window;
    res.gss_token = (struct wire_opaque){reply.token, reply.token_bytes};
    xdr_init_encode(&call->out, frame->reply + frame->reply_head, LIMIT_REPLY_BYTES);
    wire_rpc_gss_init_res(&call->out, &res);
    gss_accept_reply_fini(&reply);
    return true;
}

bool gss_call_control(struct call_frame *frame)
{
    struct rpc_call *call = &frame->call;

    if (frame->gss.proc != RPCSEC_GSS_DESTROY)
        return init_run(frame);
    gss_table_remove(call->conn->transport->config.gss->table, frame->gss.context);
    xdr_init_encode(&call->out, frame->reply + frame->reply_head, LIMIT_REPLY_BYTES);
    return true;
}

/* ---- replies ---- */

void gss_call_refuse_body(const struct call_frame *frame)
{
    (void)refuse(frame, &bad_body);
}

bool gss_call_verifier(const struct call_frame *frame, uint8_t mic[LIMIT_GSS_MIC_BYTES],
                       struct opaque_auth *verf)
{
    uint32_t be = htobe32(frame->gss.seq_num);

    *verf = (struct opaque_auth){
        .flavor = RPCSEC_GSS,
        .body = {mic, gss_token_sizes(frame->gss.context)->mic},
    };
    return gss_token_mic(frame->gss.context, &be, sizeof(be), mic);
}

void gss_call_end(struct call_frame *frame)
{
    gss_context_put(frame->gss.context);
    frame->gss.context = NULL;
}
