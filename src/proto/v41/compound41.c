/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The loop of a COMPOUND with sessions.  Results are encoded one behind the other; the first error
 * ends it, with the results so far.  Once the slot is ours every way out goes through
 * v41_sequence_done().
 */
#include "proto/v41/compound41.h"

#include "proto/attr/attr.h"
#include "proto/open_arguments.h"
#include "proto/v41/op_run.h"
#include "proto/v41/sequence.h"
#include "wire/op_table.h"

/* An operation that the minor version does not define is ILLEGAL and is answered as such.  `info`:
 * what op_info() has of the result. */
static enum nfs_opnum4 op_read_number(struct v41_compound *x, const struct op_info **info)
{
    uint32_t number = xdr_get_u32(x->base.in);

    *info = op_info(number);
    /* Those that were taken away stay defined, RFC 8881 §17. */
    if (__builtin_expect(*info && (*info)->minor_first <= x->minor, 1))
        return (enum nfs_opnum4)number;
    *info = op_info(OP_ILLEGAL);
    return OP_ILLEGAL;
}

/* What the minor version or one before it took away has NOTSUPP and no other error, whatever the
 * arguments are: RFC 8881 §15.2, RFC 7862 §14.2. */
static bool op_removed(const struct v41_compound *x, const struct op_info *info)
{
    return info && info->minor_last < x->minor;
}

/* The current filehandle may be used with these credentials for some operations only.  (SAVEFH is
 * none of them: it would carry the handle past this check.) */
static bool deferred_refuses(const struct v41_compound *x, enum nfs_opnum4 op)
{
    switch ((uint32_t)op) {
    case OP_PUTFH:
    case OP_PUTROOTFH:
    case OP_PUTPUBFH:
    case OP_GETATTR:
    case OP_ILLEGAL:
        return false;
    case OP_SETATTR: /* of the times of a delegation that is returned */
        return !compound_mach_allows(&x->base, OP_DELEGRETURN);
    default:
        return !compound_mach_allows(&x->base, op);
    }
}

/* One operation behind the first one; false: it is to be run once more, when it has waited. */
static bool op_next(struct v41_compound *x, enum v41_gate gate)
{
    uint8_t *begin = x->base.in->p;
    const struct op_info *info;
    enum nfs_opnum4 op = op_read_number(x, &info);
    enum nfsstat4 status;
    size_t pos;

    if (!changes_await_before(&x->base, &x->reply, op)) {
        x->status = NFS4ERR_IO;
        return true;
    }
    pos = reply_op_begin(&x->reply, &x->base, op);
    if (x->base.in->failed)
        status = NFS4ERR_BADXDR;
    else if (op_removed(x, info))
        status = NFS4ERR_NOTSUPP;
    else if (gate == V41_GATE_UNCACHED)
        status = v41_op_retried(x, op);
    else if (x->park.client_removed)
        status = NFS4ERR_DELAY;
    else if (!reply_op_fits(&x->reply, &x->base, info))
        status = x->reply.too_big;
    else if (__builtin_expect(x->base.wrongsec_deferred, 0) && deferred_refuses(x, op))
        status = NFS4ERR_ACCESS;
    else
        status = v41_op_run(x, op);
    if (compound_park_wanted(&x->park, status)) {
        x->base.in->p = begin;
        xdr_rewind(x->base.out, pos);
        return false;
    }
    x->status = reply_op_end(&x->reply, &x->base, op, pos, status);
    return true;
}

static enum rpc_result finish(struct v41_compound *x)
{
    compound_release(&x->base);
    session_conn_done(x->session, x->binding);
    return compound_park_end(&x->park, x->base.out->failed ? RPC_SYSTEM_ERR : RPC_REPLY);
}

static enum rpc_result run_from(struct v41_compound *x, enum v41_gate gate)
{
    struct compound *c = &x->base;

    for (; x->status == NFS4_OK && c->op_index < c->op_count; c->op_index++) {
        if (compound_yield_wanted(&x->park))
            return compound_yield(&x->park);
        if (!op_next(x, gate))
            return compound_park(&x->park);
    }
    if (changes_pending(&c->changes) && !changes_await(c, &x->reply)) {
        x->status = NFS4ERR_IO;
        c->op_index++;
    }
    reply_end(&x->reply, c, x->status, c->op_index);
    v41_sequence_done(x);
    return finish(x);
}

static enum rpc_result run_on(struct compound_park *park)
{
    return run_from(CONTAINER_OF(park, struct v41_compound, park), V41_GATE_EXECUTE);
}

static enum rpc_result run_in_session(struct v41_compound *x)
{
    enum nfsstat4 status = NFS4_OK;
    size_t pos = reply_op_begin(&x->reply, &x->base, OP_SEQUENCE);
    enum v41_gate gate = v41_sequence(x, &status);

    if (gate == V41_GATE_REPLAY)
        return finish(x);
    if (gate == V41_GATE_EXECUTE)
        compound_park_begin(&x->park, &x->base, &x->reply, run_on);
    reply_op_end(&x->reply, &x->base, OP_SEQUENCE, pos, status);
    x->status = status;
    x->base.op_index = 1;
    return run_from(x, gate);
}

/* One operation without SEQUENCE: one of the few that can, alone; or none (RFC 8881 §18.46.3). */
static enum rpc_result run_alone(struct v41_compound *x, enum nfs_opnum4 op,
                                 const struct op_info *info)
{
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
    return finish(x);
}

enum rpc_result v41_compound_run(struct rpc_call *call, struct server *server,
                                 struct session_conn *conn, const struct export_caller *caller,
                                 const struct compound_head *head)
{
    struct v41_compound here, *x = compound_park_place(call, &here, sizeof(here));
    const struct op_info *info;
    enum nfs_opnum4 op;

    *x = (struct v41_compound){.base.caller = *caller, .conn = conn, .minor = head->minor};
    compound_begin(&x->base, call, server, head->minor, head->op_count);
    x->base.attributes = head->minor < 2 ? &attr_minor1 : &attr_minor2;
    x->base.open_wants = head->minor < 2 ? 0 : OPEN_ARGUMENTS_WANTS_MINOR2;
    reply_begin(&x->reply, &x->base, &head->tag, NFS4ERR_REP_TOO_BIG);
    if (head->op_count == 0) {
        reply_end(&x->reply, &x->base, NFS4_OK, 0);
        return finish(x);
    }
    op = op_read_number(x, &info);
    if (call->in.failed) {
        compound_release(&x->base);
        return RPC_GARBAGE_ARGS;
    }
    return op == OP_SEQUENCE ? run_in_session(x) : run_alone(x, op, info);
}
