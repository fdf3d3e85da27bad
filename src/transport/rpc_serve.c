/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One CALL record from its header to its encoded reply: version, credentials, program, procedure
 * (RFC 5531 §9).
 *
 * A record whose header can't be decoded has no reply (GARBAGE_ARGS speaks of the arguments), and
 * its sender is no RPC client or has lost its place in the stream: the connection is closed.
 */
#include "base/log.h"
#include "transport/transport_internal.h"

enum {
    RPC_VERSION = 2,
    RPC_MSG_REPLY = 1,

    MSG_ACCEPTED = 0,
    MSG_DENIED = 1,

    REJECT_RPC_MISMATCH = 0,
    REJECT_AUTH_ERROR = 1,

    ACCEPT_SUCCESS = 0,
    ACCEPT_PROG_UNAVAIL = 1,
    ACCEPT_PROG_MISMATCH = 2,
    ACCEPT_PROC_UNAVAIL = 3,
    ACCEPT_GARBAGE_ARGS = 4,
    ACCEPT_SYSTEM_ERR = 5,

    AUTH_OK = 0,
    AUTH_BADCRED = 1,
    AUTH_REJECTEDCRED = 2,
    AUTH_BADVERF = 3,
};

struct call_header {
    uint32_t rpc_version;
    uint32_t cred_flavor, verf_flavor;
    struct wire_opaque cred, verf;
    bool cred_oversize; /* over 400 bytes: what follows was not decoded */
};

/* ---- decoding ---- */

static bool auth_decode(struct xdr *x, uint32_t *flavor, struct wire_opaque *body)
{
    return xdr_u32(x, flavor) && xdr_opaque(x, body, LIMIT_RPC_AUTH_BYTES);
}

/* Everything up to the arguments; a version other than 2 stops it behind the version. */
static bool header_decode(struct xdr *x, struct rpc_call *call, struct call_header *header)
{
    struct xdr peek;

    call->xid = xdr_get_u32(x);
    xdr_get_u32(x); /* CALL, known */
    header->rpc_version = xdr_get_u32(x);
    if (x->failed || header->rpc_version != RPC_VERSION)
        return !x->failed;
    call->program = xdr_get_u32(x);
    call->version = xdr_get_u32(x);
    call->procedure = xdr_get_u32(x);
    peek = *x;
    xdr_get_u32(&peek);
    header->cred_oversize = xdr_get_u32(&peek) > LIMIT_RPC_AUTH_BYTES;
    if (header->cred_oversize)
        return !peek.failed;
    return auth_decode(x, &header->cred_flavor, &header->cred) &&
           auth_decode(x, &header->verf_flavor, &header->verf);
}

/* AUTH_SYS parameters, RFC 5531 appendix A; nothing may follow them. */
static bool auth_sys_decode(const struct wire_opaque *body, struct rpc_cred *cred)
{
    struct xdr x;

    xdr_init_decode(&x, body->data, body->len, NULL);
    xdr_get_u32(&x); /* stamp */
    xdr_opaque(&x, &cred->machine, LIMIT_RPC_MACHINE_NAME_BYTES);
    cred->uid = xdr_get_u32(&x);
    cred->gid = xdr_get_u32(&x);
    cred->gid_count = xdr_get_u32(&x);
    if (x.failed || cred->gid_count > LIMIT_RPC_AUTH_SYS_GIDS)
        return false;
    for (uint32_t i = 0; i < cred->gid_count; i++)
        cred->gids[i] = xdr_get_u32(&x);
    return !x.failed && xdr_left(&x) == 0;
}

/* The call's credentials; AUTH_OK or why they are refused. */
static uint32_t cred_check(const struct call_header *header, struct rpc_cred *cred)
{
    if (header->cred_oversize)
        return AUTH_BADCRED;
    cred->flavor = RPC_AUTH_NONE;
    cred->uid = cred->gid = RPC_NOBODY;
    cred->gid_count = 0;
    cred->machine = (struct wire_opaque){0};
    switch (header->cred_flavor) {
    case RPC_AUTH_NONE:
        if (header->cred.len > 0)
            return AUTH_BADCRED;
        break;
    case RPC_AUTH_SYS:
        cred->flavor = RPC_AUTH_SYS;
        if (!auth_sys_decode(&header->cred, cred))
            return AUTH_BADCRED;
        break;
    default:
        return AUTH_REJECTEDCRED;
    }
    if (header->verf_flavor != RPC_AUTH_NONE || header->verf.len > 0)
        return AUTH_BADVERF;
    return AUTH_OK;
}

/* ---- replies ---- */

static void reply_begin(struct call_frame *frame, struct xdr *x, uint32_t reply_stat)
{
    xdr_init_encode(x, frame->reply + 4, RPC_REPLY_ROOM - 4);
    xdr_put_u32(x, frame->call.xid);
    xdr_put_u32(x, RPC_MSG_REPLY);
    xdr_put_u32(x, reply_stat);
}

/* Write the record mark; `tail_len` bytes follow the encoded ones. */
static void reply_end(struct call_frame *frame, const struct xdr *x, size_t tail_len)
{
    uint32_t mark = htobe32(0x80000000u | (uint32_t)(xdr_pos(x) + tail_len));

    memcpy(frame->reply, &mark, sizeof(mark));
    frame->reply_len = sizeof(mark) + xdr_pos(x);
}

static void reply_accepted_begin(struct call_frame *frame, struct xdr *x, uint32_t accept_stat)
{
    reply_begin(frame, x, MSG_ACCEPTED);
    xdr_put_u32(x, RPC_AUTH_NONE); /* verifier */
    xdr_put_u32(x, 0);
    xdr_put_u32(x, accept_stat);
}

static void reply_error(struct call_frame *frame, uint32_t accept_stat)
{
    struct xdr x;

    reply_accepted_begin(frame, &x, accept_stat);
    reply_end(frame, &x, 0);
    counter_add(frame->call.conn->transport, TRANSPORT_COUNTER_rejected, 1);
}

static void reply_prog_mismatch(struct call_frame *frame, const struct rpc_program *program)
{
    struct xdr x;

    reply_accepted_begin(frame, &x, ACCEPT_PROG_MISMATCH);
    xdr_put_u32(&x, program->version_low);
    xdr_put_u32(&x, program->version_high);
    reply_end(frame, &x, 0);
    counter_add(frame->call.conn->transport, TRANSPORT_COUNTER_rejected, 1);
}

static void reply_rpc_mismatch(struct call_frame *frame)
{
    struct xdr x;

    reply_begin(frame, &x, MSG_DENIED);
    xdr_put_u32(&x, REJECT_RPC_MISMATCH);
    xdr_put_u32(&x, RPC_VERSION);
    xdr_put_u32(&x, RPC_VERSION);
    reply_end(frame, &x, 0);
    counter_add(frame->call.conn->transport, TRANSPORT_COUNTER_rejected, 1);
}

static void reply_auth_error(struct call_frame *frame, uint32_t auth_stat)
{
    struct xdr x;

    reply_begin(frame, &x, MSG_DENIED);
    xdr_put_u32(&x, REJECT_AUTH_ERROR);
    xdr_put_u32(&x, auth_stat);
    reply_end(frame, &x, 0);
    counter_add(frame->call.conn->transport, TRANSPORT_COUNTER_rejected, 1);
}

/* ---- running ---- */

/* A tail is part of the answer only when the call succeeded. */
static void tail_drop(struct rpc_tail *tail)
{
    if (tail->fd >= 0 && tail->done)
        tail->done(tail->arg, tail->fd);
    tail->fd = -1;
}

static void reply_success(struct call_frame *frame)
{
    struct rpc_call *call = &frame->call;
    size_t tail_len = call->tail.fd >= 0 ? xdr_padded(call->tail.len) : 0;
    struct xdr whole;

    if (call->out.failed) {
        tail_drop(&call->tail);
        reply_error(frame, ACCEPT_SYSTEM_ERR);
        return;
    }
    reply_accepted_begin(frame, &whole, ACCEPT_SUCCESS);
    CHECK(whole.p == call->out.start && call->out.p <= whole.end);
    whole.p = call->out.p;
    reply_end(frame, &whole, tail_len);
}

static void program_run(struct call_frame *frame, const struct rpc_program *program)
{
    struct rpc_call *call = &frame->call;
    enum rpc_result result;

    call->args = call->in.p;
    call->args_len = (uint32_t)xdr_left(&call->in);
    xdr_init_encode(&call->out, frame->reply + RPC_REPLY_HEADER_BYTES, LIMIT_REPLY_BYTES);
    result = program->dispatch(call, program->context);
    if (result != RPC_REPLY)
        tail_drop(&call->tail);
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
    case RPC_DROP:
        counter_add(call->conn->transport, TRANSPORT_COUNTER_dropped, 1);
        break;
    }
}

static void program_find(struct transport *transport, struct call_frame *frame)
{
    const struct rpc_call *call = &frame->call;

    for (unsigned i = 0; i < transport->config.program_count; i++) {
        const struct rpc_program *program = &transport->config.programs[i];

        if (program->program != call->program)
            continue;
        if (call->version < program->version_low || call->version > program->version_high)
            reply_prog_mismatch(frame, program);
        else
            program_run(frame, program);
        return;
    }
    reply_error(frame, ACCEPT_PROG_UNAVAIL);
}

void rpc_serve(struct transport *transport, struct call_frame *frame, const uint8_t *data,
               size_t len)
{
    struct rpc_call *call = &frame->call;
    struct call_header header;
    uint32_t auth_stat;

    frame->reply_len = 0;
    frame->close = false;
    call->tail.fd = -1;
    call->tail_ok = true;
    call->arena = &frame->arena;
    xdr_init_decode(&call->in, data, len, &frame->arena);
    if (!header_decode(&call->in, call, &header)) {
        frame->close = true;
        return;
    }
    counter_add(transport, TRANSPORT_COUNTER_calls, 1);
    if (header.rpc_version != RPC_VERSION) {
        reply_rpc_mismatch(frame);
    } else {
        auth_stat = cred_check(&header, &call->cred);
        if (auth_stat == AUTH_OK)
            program_find(transport, frame);
        else
            reply_auth_error(frame, auth_stat);
    }
    if (frame->reply_len > 0)
        counter_add(transport, TRANSPORT_COUNTER_replies, 1);
}
