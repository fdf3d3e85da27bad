/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Serves one CALL record, from its header to its encoded reply: version, credentials, program,
 * procedure (RFC 5531 §9).
 *
 * A record whose header can't be decoded gets no reply (GARBAGE_ARGS is about the arguments).  Its
 * sender is not an RPC client, or has lost its place in the stream: the connection is closed.
 */
#include "transport/rpc_serve.h"

#include <string.h>

#include "base/limits.h"
#include "transport/call_frame.h"
#include "transport/connection_internal.h"
#include "transport/gss_body.h"
#include "transport/gss_call.h"
#include "transport/starttls.h"
#include "transport/transport_internal.h"
#include "wire/rpc_msg.h"

/* ---- credentials ---- */

/* Is the credential longer than 400 bytes?  That ends the decoding, but all that the reply needs
 * comes before it. */
static bool cred_is_oversize(const uint8_t *data, size_t len)
{
    enum {
        CRED_LENGTH_AT = 7 * 4, /* after xid, CALL, 2, program, version, procedure, flavor */
    };
    uint32_t be;

    if (len < CRED_LENGTH_AT + sizeof(be))
        return false;
    memcpy(&be, data + CRED_LENGTH_AT, sizeof(be));
    return be32toh(be) > LIMIT_RPC_AUTH_BYTES;
}

/* No bytes may follow the parameters. */
static bool auth_sys_take(const struct wire_opaque *body, struct arena *arena,
                          struct rpc_cred *cred)
{
    struct authsys_parms parms;
    struct xdr x;

    xdr_init_decode(&x, body->data, body->len, arena);
    if (!wire_authsys_parms(&x, &parms) || xdr_left(&x) > 0)
        return false;
    cred->flavor = RPC_AUTH_SYS;
    cred->uid = parms.uid;
    cred->gid = parms.gid;
    cred->gid_count = parms.gids_count;
    if (parms.gids_count > 0)
        memcpy(cred->gids, parms.gids, parms.gids_count * sizeof(*parms.gids));
    cred->machine = parms.machinename;
    return true;
}

/* Set the call's credentials.  AUTH_OK, or why they are refused. */
static enum auth_stat cred_check(const struct rpc_call_header *header, struct call_frame *frame)
{
    struct rpc_call *call = &frame->call;
    struct rpc_cred *cred = &call->cred;

    cred->flavor = RPC_AUTH_NONE;
    cred->service = 0;
    cred->uid = cred->gid = RPC_NOBODY;
    cred->gid_count = 0;
    cred->machine = (struct wire_opaque){0};
    cred->principal = NULL;
    switch (header->cred.flavor) {
    case AUTH_NONE:
        if (header->cred.body.len > 0)
            return AUTH_BADCRED;
        break;
    case AUTH_SYS:
        if (!auth_sys_take(&header->cred.body, call->arena, cred))
            return AUTH_BADCRED;
        break;
    case RPCSEC_GSS:
        return gss_call_check(frame, header);
    case AUTH_TLS:
        return starttls_check(header, call->conn);
    default:
        return AUTH_REJECTEDCRED;
    }
    if (header->verf.flavor != AUTH_NONE || header->verf.body.len > 0)
        return AUTH_BADVERF;
    return AUTH_OK;
}

/* ---- replies ---- */

/* A reply for whose verifier there is none becomes a refusal, RFC 2203 §5.3.3.4.1. */
static void reply_begin(struct call_frame *frame, struct xdr *x, struct rpc_reply_header *header)
{
    uint8_t mic[LIMIT_GSS_MIC_BYTES];

    if (frame->gss.context && header->stat == MSG_ACCEPTED &&
        !gss_call_verifier(frame, mic, &header->verf))
        *header = (struct rpc_reply_header){.stat = MSG_DENIED,
                                            .reject_stat = REJECT_AUTH_ERROR,
                                            .auth_stat = RPCSEC_GSS_CTXPROBLEM};
    header->xid = frame->call.xid;
    xdr_init_encode(x, frame->reply + RPC_RECORD_MARK_BYTES,
                    RPC_REPLY_ROOM - RPC_RECORD_MARK_BYTES);
    wire_rpc_reply_header(x, header);
}

/* Write the record mark.  `tail_len` bytes follow the encoded ones. */
static void reply_end(struct call_frame *frame, const struct xdr *x, size_t tail_len)
{
    rpc_record_mark_put(frame->reply, (uint32_t)(xdr_pos(x) + tail_len), true);
    frame->reply_len = RPC_RECORD_MARK_BYTES + xdr_pos(x);
}

static void reply_refuse(struct call_frame *frame, struct rpc_reply_header *header)
{
    struct xdr x;

    reply_begin(frame, &x, header);
    reply_end(frame, &x, 0);
    transport_count(frame->call.conn->transport, TRANSPORT_COUNTER_rejected, 1);
}

static void reply_error(struct call_frame *frame, enum rpc_accept_stat stat)
{
    reply_refuse(frame, &(struct rpc_reply_header){.stat = MSG_ACCEPTED, .accept_stat = stat});
}

static void reply_prog_mismatch(struct call_frame *frame, const struct rpc_program *program)
{
    reply_refuse(frame, &(struct rpc_reply_header){.stat = MSG_ACCEPTED,
                                                   .accept_stat = ACCEPT_PROG_MISMATCH,
                                                   .low = program->version_low,
                                                   .high = program->version_high});
}

static void reply_rpc_mismatch(struct call_frame *frame)
{
    reply_refuse(frame, &(struct rpc_reply_header){.stat = MSG_DENIED,
                                                   .reject_stat = REJECT_RPC_MISMATCH,
                                                   .low = RPC_VERSION,
                                                   .high = RPC_VERSION});
}

static void reply_auth_error(struct call_frame *frame, enum auth_stat stat)
{
    reply_refuse(frame, &(struct rpc_reply_header){.stat = MSG_DENIED,
                                                   .reject_stat = REJECT_AUTH_ERROR,
                                                   .auth_stat = stat});
}

/* ---- running ---- */

/* The results are where they belong, behind the header. */
static void reply_plain(struct call_frame *frame, size_t tail_len)
{
    const struct xdr *out = &frame->call.out;
    uint8_t *header = frame->reply + RPC_RECORD_MARK_BYTES;

    CHECK(out->start == header + RPC_ACCEPTED_BYTES && out->p <= out->end);
    rpc_success_put(header, frame->call.xid);
    frame->reply_len = (size_t)(out->p - frame->reply);
    rpc_record_mark_put(frame->reply,
                        (uint32_t)(frame->reply_len - RPC_RECORD_MARK_BYTES + tail_len), true);
}

/* With a verifier, and the results sealed (RFC 2203 §5.3.3.4). */
static __attribute__((noinline)) void reply_sealed(struct call_frame *frame, size_t tail_len)
{
    struct rpc_reply_header header = {.stat = MSG_ACCEPTED, .accept_stat = ACCEPT_SUCCESS};
    struct rpc_call *call = &frame->call;
    struct xdr whole;

    reply_begin(frame, &whole, &header);
    if (header.stat == MSG_ACCEPTED && gss_body_seal(frame, &whole)) {
        reply_end(frame, &whole, tail_len);
        return;
    }
    rpc_tail_end(&call->tail);
    if (header.stat == MSG_ACCEPTED)
        connection_shutdown_no_memory(call->conn); /* RFC 2203 §5.3.3.4: no reply */
    else
        reply_end(frame, &whole, 0);
}

static void reply_success(struct call_frame *frame)
{
    struct rpc_call *call = &frame->call;
    size_t tail_len = rpc_tail_bytes(&call->tail);

    if (call->out.failed) {
        rpc_tail_end(&call->tail);
        reply_error(frame, ACCEPT_SYSTEM_ERR);
    } else if (frame->gss.context) {
        reply_sealed(frame, tail_len);
    } else {
        reply_plain(frame, tail_len);
    }
}

static void result_encode(struct call_frame *frame, enum rpc_result result)
{
    struct rpc_call *call = &frame->call;

    CHECK(frame->park.asked == (result == RPC_PARKED));
    if (result != RPC_REPLY && result != RPC_PARKED) /* only success sends it */
        rpc_tail_end(&call->tail);
    switch (result) {
    case RPC_REPLY:
        reply_success(frame);
        break;
    case RPC_GARBAGE_ARGS:
        reply_error(frame, ACCEPT_GARBAGE_ARGS);
        break;
    case RPC_PROC_UNAVAIL:
        reply_error(frame, ACCEPT_PROC_UNAVAIL);
        break;
    case RPC_SYSTEM_ERR:
        reply_error(frame, ACCEPT_SYSTEM_ERR);
        break;
    case RPC_TOOWEAK:
        reply_auth_error(frame, AUTH_TOOWEAK);
        break;
    case RPC_DROP:
        transport_count(call->conn->transport, TRANSPORT_COUNTER_dropped, 1);
        break;
    case RPC_NO_MEMORY:
        connection_shutdown_no_memory(call->conn);
        break;
    case RPC_PARKED:
        break;
    }
}

static void program_run(struct call_frame *frame, const struct rpc_program *program)
{
    struct rpc_call *call = &frame->call;

    if (frame->gss.context && !gss_body_open(frame)) {
        gss_call_refuse_body(frame);
        reply_error(frame, ACCEPT_GARBAGE_ARGS);
        return;
    }
    frame->program = program;
    call->work_pos = 0;
    call->blocked_in = NULL;
    call->park_ok = program->resume != NULL;
    call->args = call->in.p;
    call->args_len = (uint32_t)xdr_left(&call->in);
    xdr_init_encode(&call->out, frame->reply + frame->reply_head, LIMIT_REPLY_BYTES);
    result_encode(frame, program->dispatch(call, program->context));
}

/* RPCSEC_GSS makes or destroys a context. */
static void control_run(struct call_frame *frame)
{
    if (gss_call_control(frame))
        reply_success(frame);
    else
        reply_error(frame, ACCEPT_GARBAGE_ARGS);
}

void rpc_serve_resumed(struct call_frame *frame)
{
    const struct rpc_program *program = frame->program;

    result_encode(frame, program->resume(&frame->call, program->context));
    if (frame->reply_len > 0)
        transport_count(frame->call.conn->transport, TRANSPORT_COUNTER_replies, 1);
}

static void program_find(struct transport *transport, struct call_frame *frame)
{
    const struct rpc_call *call = &frame->call;
    bool dialled = connection_is_dialled(call->conn);

    for (unsigned i = 0; i < transport->config.program_count && !dialled; i++) {
        const struct rpc_program *program = &transport->config.programs[i];

        if (program->program != call->program)
            continue;
        if (call->version < program->version_low || call->version > program->version_high)
            reply_prog_mismatch(frame, program);
        else if (gss_call_is_control(frame))
            control_run(frame);
        else
            program_run(frame, program);
        return;
    }
    reply_error(frame, ACCEPT_PROG_UNAVAIL);
}

/* RFC 9289 4.1: what the verifier says of the connection is valid whatever becomes of the call. */
static void probe_answer(struct call_frame *frame)
{
    const struct rpc_call *call = &frame->call;
    const struct transport_config *config = &call->conn->transport->config;
    struct rpc_reply_header header = {.stat = MSG_ACCEPTED, .accept_stat = ACCEPT_PROG_UNAVAIL};
    struct xdr x;

    for (unsigned i = 0; i < config->program_count; i++) {
        const struct rpc_program *program = &config->programs[i];

        if (program->program != call->program)
            continue;
        header.low = program->version_low;
        header.high = program->version_high;
        header.accept_stat = call->version < header.low || call->version > header.high
                                 ? ACCEPT_PROG_MISMATCH
                                 : ACCEPT_SUCCESS;
        break;
    }
    frame->starttls = starttls_offer(call->conn);
    if (frame->starttls)
        header.verf = starttls_verf;
    reply_begin(frame, &x, &header);
    reply_end(frame, &x, 0);
}

/* Process everything up to the arguments.  False when no program is to be run. */
static bool header_take(struct call_frame *frame, uint8_t *data, size_t len)
{
    struct rpc_call *call = &frame->call;
    struct rpc_call_header header;
    enum auth_stat auth_stat;
    bool decoded, oversize;

    xdr_init_decode(&call->in, data, len, &frame->arena);
    decoded = wire_rpc_call_header(&call->in, &header);
    oversize = !decoded && cred_is_oversize(data, len);
    if (!decoded && !oversize) {
        frame->close = true;
        return false;
    }
    transport_count(call->conn->transport, TRANSPORT_COUNTER_calls, 1);
    call->xid = header.xid;
    if (header.rpcvers != RPC_VERSION) {
        reply_rpc_mismatch(frame);
        return false;
    }
    auth_stat = oversize ? AUTH_BADCRED : cred_check(&header, frame);
    if (frame->arena.out_of_memory) {
        connection_shutdown_no_memory(
            call->conn); /* without memory, valid credentials may have failed to
                                        * decode */
        return false;
    }
    if (auth_stat != AUTH_OK) {
        if (!connection_is_dead(call->conn))
            reply_auth_error(frame, auth_stat);
        return false;
    }
    call->program = header.prog;
    call->version = header.vers;
    call->procedure = header.proc;
    if (__builtin_expect(header.cred.flavor == AUTH_TLS, 0)) {
        probe_answer(frame);
        return false;
    }
    return true;
}

void rpc_serve(struct transport *transport, struct call_frame *frame, uint8_t *data, size_t len)
{
    struct rpc_call *call = &frame->call;

    frame->reply_len = 0;
    frame->close = frame->starttls = false;
    frame->gss.context = NULL;
    rpc_tail_init(&call->tail);
    call->tail_ok = transport_now_ns(transport) >=
                    atomic_load_explicit(&transport->tails_from_ns, memory_order_relaxed);
    call->request_bytes = (uint32_t)len;
    call->overhead_bytes = RPC_ACCEPTED_BYTES;
    call->arena = &frame->arena;
    frame->reply_head = RPC_RECORD_MARK_BYTES + RPC_ACCEPTED_BYTES;
    frame->record = data;
    frame->record_len = len;
    if (header_take(frame, data, len))
        program_find(transport, frame);
    if (frame->reply_len > 0)
        transport_count(transport, TRANSPORT_COUNTER_replies, 1);
}
