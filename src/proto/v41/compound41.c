/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The loop of a 4.1 COMPOUND.  Results are encoded one behind the other; the first error ends it,
 * with the results so far.  Once the slot is ours every way out goes through v41_sequence_done().
 */
#include "proto/v41/compound41.h"

#include "base/log.h"
#include "proto/v41/op_run.h"
#include "proto/v41/sequence.h"
#include "proto/v41/trace.h"
#include "wire/nfs4_codec.h"
#include "wire/op_table.h"

/* An operation that minor version 1 does not define is ILLEGAL and is answered as such. */
static enum nfs_opnum4 op_read_number(struct xdr *in)
{
    uint32_t number = xdr_get_u32(in);
    const struct op_info *info = op_info(number);

    /* Those of 4.0 that 4.1 took away stay defined, RFC 8881 §17. */
    return info && info->minor_first <= 1 ? (enum nfs_opnum4)number : OP_ILLEGAL;
}

/* What minor version 1 took away has NOTSUPP and no other error, RFC 8881 §15.2. */
static bool op_removed(const struct op_info *info)
{
    return info && info->minor_last == 0;
}

/* Number and status; the status is patched in by op_end(). */
static size_t op_begin(struct v41_compound *x, enum nfs_opnum4 op)
{
    struct xdr *out = x->base.out;
    size_t pos = xdr_pos(out);
    bool last = x->base.op_index + 1 == x->base.op_count;

    out->end = x->limit;
    xdr_put_u32(out, op);
    xdr_put_u32(out, NFS4_OK);
    if (!last && xdr_left(out) >= V41_ERROR_BYTES)
        out->end -= V41_ERROR_BYTES;
    return pos;
}

static void tail_drop(struct rpc_call *call)
{
    if (call->tail.fd < 0)
        return;
    if (call->tail.done)
        call->tail.done(call->tail.arg, call->tail.fd);
    call->tail.fd = -1;
}

static size_t tail_bytes(const struct rpc_call *call)
{
    return call->tail.fd >= 0 ? xdr_padded(call->tail.len) : 0;
}

/* What the handler encoded, and what it hung on as a tail, must fit. */
static bool result_fits(const struct v41_compound *x)
{
    return !x->base.out->failed && tail_bytes(x->base.call) <= xdr_left(x->base.out);
}

static enum nfsstat4 op_end(struct v41_compound *x, enum nfs_opnum4 op, size_t pos,
                            enum nfsstat4 status)
{
    struct xdr *out = x->base.out;
    const struct op_info *info = op_info(op);
    bool fits = result_fits(x);
    bool keep_body = fits && info && info->flags & OP_ERROR_BODY && xdr_pos(out) > pos + 8;

    if (!fits && status == NFS4_OK && info && info->flags & OP_MUTATES)
        log_error("compound.bound", LOG_STR("op", info->name), LOG_U64("bound", info->reply_bound));
    if (!fits && (status == NFS4_OK || (info && info->flags & OP_ERROR_BODY)))
        status = x->too_big;
    out->end = x->limit;
    if (status != NFS4_OK) {
        tail_drop(x->base.call);
        if (!keep_body) {
            xdr_rewind(out, pos + 8);
            /* SETATTR4res has its bitmap with every status. */
            if (op == OP_SETATTR)
                xdr_put_u32(out, 0);
        }
        xdr_patch_u32(out, pos + 4, status);
    }
    v41_trace_add(x->trace, op, xdr_pos(out) - pos + tail_bytes(x->base.call));
    return status;
}

/* An operation runs only if the one behind it can fail still, and one that changes something only
 * if its own result is sure to fit. */
static bool op_too_big(const struct v41_compound *x, enum nfs_opnum4 op)
{
    const struct op_info *info = op_info(op);
    bool last = x->base.op_index + 1 == x->base.op_count;

    if (op_removed(info))
        return false;
    if (!last && (size_t)(x->limit - x->base.out->p) < V41_ERROR_BYTES)
        return true;
    return info && info->flags & OP_MUTATES && info->reply_bound > 8 &&
           xdr_left(x->base.out) < info->reply_bound - 8;
}

/* One operation behind the first one. */
static enum nfsstat4 op_next(struct v41_compound *x, enum v41_gate gate)
{
    enum nfs_opnum4 op = op_read_number(x->base.in);
    size_t pos = op_begin(x, op);
    enum nfsstat4 status;

    if (x->base.in->failed)
        status = NFS4ERR_BADXDR;
    else if (gate == V41_GATE_UNCACHED)
        status = v41_op_retried(x, op);
    else if (op_too_big(x, op))
        status = x->too_big;
    else
        status = v41_op_run(x, op);
    return op_end(x, op, pos, status);
}

/* Patch the head; `results` operations have one. */
static void finish(struct v41_compound *x, enum nfsstat4 status, uint32_t results)
{
    size_t body = x->count_pos + 4;

    xdr_patch_u32(x->base.out, x->start, status);
    xdr_patch_u32(x->base.out, x->count_pos, results);
    v41_trace_end(x->trace, status, body - x->start,
                  xdr_pos(x->base.out) - body + tail_bytes(x->base.call));
}

static void run_in_session(struct v41_compound *x)
{
    enum nfsstat4 status = NFS4_OK;
    size_t pos = op_begin(x, OP_SEQUENCE);
    enum v41_gate gate = v41_sequence(x, &status);

    if (gate == V41_GATE_REPLAY)
        return;
    op_end(x, OP_SEQUENCE, pos, status);
    for (x->base.op_index = 1; status == NFS4_OK && x->base.op_index < x->base.op_count;
         x->base.op_index++)
        status = op_next(x, gate);
    finish(x, status, x->base.op_index);
    v41_sequence_done(x);
}

/* One operation without SEQUENCE: one of the few that can, alone; or none (RFC 8881 §18.46.3). */
static void run_alone(struct v41_compound *x, enum nfs_opnum4 op)
{
    const struct op_info *info = op_info(op);
    size_t pos = op_begin(x, op);
    enum nfsstat4 status;

    if (op == OP_ILLEGAL)
        status = NFS4ERR_OP_ILLEGAL;
    else if (op_removed(info))
        status = NFS4ERR_NOTSUPP;
    else if (!(info->flags & OP_SESSION_FREE))
        status = NFS4ERR_OP_NOT_IN_SESSION;
    else if (x->base.op_count > 1)
        status = NFS4ERR_NOT_ONLY_OP;
    else
        status = v41_op_run(x, op);
    status = op_end(x, op, pos, status);
    finish(x, status, 1);
}

static void head_encode(struct v41_compound *x, const struct wire_opaque *tag)
{
    struct xdr *out = x->base.out;
    struct wire_opaque copy = *tag;

    x->start = xdr_pos(out);
    xdr_put_u32(out, NFS4_OK);
    xdr_opaque(out, &copy, LIMIT_COMPOUND_TAG_BYTES);
    x->count_pos = xdr_pos(out);
    xdr_put_u32(out, 0);
}

static void setup(struct v41_compound *x, struct rpc_call *call, struct server *server,
                  struct session_conn *conn, uint32_t op_count)
{
    x->base.call = call;
    x->base.server = server;
    x->base.in = &call->in;
    x->base.out = &call->out;
    x->base.arena = call->arena;
    x->base.op_count = op_count;
    x->conn = conn;
    x->limit = call->out.end;
    x->too_big = NFS4ERR_REP_TOO_BIG;
    x->trace = v41_trace_begin(call->arena);
}

enum rpc_result v41_compound_run(struct rpc_call *call, struct server *server,
                                 struct session_conn *conn, const struct wire_opaque *tag,
                                 uint32_t op_count)
{
    struct v41_compound x = {0};
    enum nfs_opnum4 op;

    setup(&x, call, server, conn, op_count);
    head_encode(&x, tag);
    if (op_count == 0) {
        finish(&x, NFS4_OK, 0);
        return call->out.failed ? RPC_SYSTEM_ERR : RPC_REPLY;
    }
    op = op_read_number(&call->in);
    if (call->in.failed)
        return RPC_GARBAGE_ARGS;
    if (op == OP_SEQUENCE)
        run_in_session(&x);
    else
        run_alone(&x, op);
    compound_release(&x.base);
    session_conn_done(x.session, x.binding);
    return call->out.failed ? RPC_SYSTEM_ERR : RPC_REPLY;
}
