/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The loop of a COMPOUND with sessions.  Results are encoded one behind the other; the first error
 * ends it, with the results so far.  Once the slot is ours every way out goes through
 * v41_sequence_done().
 */
#include "proto/v41/compound41.h"

#include "proto/attr/attr.h"
#include "proto/v41/op_run.h"
#include "proto/v41/sequence.h"
#include "wire/op_table.h"

/* An operation that the minor version does not define is ILLEGAL and is answered as such. */
static enum nfs_opnum4 op_read_number(struct v41_compound *x)
{
    uint32_t number = xdr_get_u32(x->base.in);
    const struct op_info *info = op_info(number);

    /* Those that were taken away stay defined, RFC 8881 §17. */
    return info && info->minor_first <= x->minor ? (enum nfs_opnum4)number : OP_ILLEGAL;
}

/* What the minor version or one before it took away has NOTSUPP and no other error, whatever the
 * arguments are: RFC 8881 §15.2, RFC 7862 §14.2. */
static bool op_removed(const struct v41_compound *x, const struct op_info *info)
{
    return info && info->minor_last < x->minor;
}

/* One operation behind the first one. */
static enum nfsstat4 op_next(struct v41_compound *x, enum v41_gate gate)
{
    enum nfs_opnum4 op = op_read_number(x);
    const struct op_info *info = op_info(op);
    size_t pos = reply_op_begin(&x->reply, &x->base, op);
    enum nfsstat4 status;

    if (x->base.in->failed)
        status = NFS4ERR_BADXDR;
    else if (op_removed(x, info))
        status = NFS4ERR_NOTSUPP;
    else if (gate == V41_GATE_UNCACHED)
        status = v41_op_retried(x, op);
    else if (!reply_op_fits(&x->reply, &x->base, info))
        status = x->reply.too_big;
    else
        status = v41_op_run(x, op);
    return reply_op_end(&x->reply, &x->base, op, pos, status);
}

static void run_in_session(struct v41_compound *x)
{
    enum nfsstat4 status = NFS4_OK;
    size_t pos = reply_op_begin(&x->reply, &x->base, OP_SEQUENCE);
    enum v41_gate gate = v41_sequence(x, &status);

    if (gate == V41_GATE_REPLAY)
        return;
    reply_op_end(&x->reply, &x->base, OP_SEQUENCE, pos, status);
    for (x->base.op_index = 1; status == NFS4_OK && x->base.op_index < x->base.op_count;
         x->base.op_index++)
        status = op_next(x, gate);
    reply_end(&x->reply, &x->base, status, x->base.op_index);
    v41_sequence_done(x);
}

/* One operation without SEQUENCE: one of the few that can, alone; or none (RFC 8881 §18.46.3). */
static void run_alone(struct v41_compound *x, enum nfs_opnum4 op)
{
    const struct op_info *info = op_info(op);
    size_t pos = reply_op_begin(&x->reply, &x->base, op);
    enum nfsstat4 status;

    if (op == OP_ILLEGAL)
        status = NFS4ERR_OP_ILLEGAL;
    else if (op_removed(x, info))
        status = NFS4ERR_NOTSUPP;
    else if (!(info->flags & OP_SESSION_FREE))
        status = NFS4ERR_OP_NOT_IN_SESSION;
    else if (x->base.op_count > 1)
        status = NFS4ERR_NOT_ONLY_OP;
    else
        status = v41_op_run(x, op);
    status = reply_op_end(&x->reply, &x->base, op, pos, status);
    reply_end(&x->reply, &x->base, status, 1);
}

enum rpc_result v41_compound_run(struct rpc_call *call, struct server *server,
                                 struct session_conn *conn, uint32_t minor,
                                 const struct wire_opaque *tag, uint32_t op_count)
{
    struct v41_compound x = {.conn = conn, .minor = minor};
    enum nfs_opnum4 op;

    compound_begin(&x.base, call, server, op_count);
    x.base.attributes = minor < 2 ? &attr_minor1 : &attr_minor2;
    reply_begin(&x.reply, &x.base, tag, NFS4ERR_REP_TOO_BIG);
    if (op_count == 0) {
        reply_end(&x.reply, &x.base, NFS4_OK, 0);
        return call->out.failed ? RPC_SYSTEM_ERR : RPC_REPLY;
    }
    op = op_read_number(&x);
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
