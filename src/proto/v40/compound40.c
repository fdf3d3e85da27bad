/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The loop of a 4.0 COMPOUND.  Results are encoded one behind the other; the first error ends it,
 * with the results so far.
 */
#include "proto/v40/compound40.h"

#include "proto/attr/attr.h"
#include "proto/v40/duplicate_request.h"
#include "proto/v40/op_run.h"
#include "proto/v40/stateid40.h"
#include "proto/v40/status40.h"
#include "state/session/session_conn.h"
#include "wire/op_table.h"

/* An operation that minor version 0 does not define is ILLEGAL and is answered as such. */
static enum nfs_opnum4 op_read_number(struct xdr *in)
{
    uint32_t number = xdr_get_u32(in);
    const struct op_info *info = op_info(number);

    return info && info->minor_first == 0 ? (enum nfs_opnum4)number : OP_ILLEGAL;
}

/* Has this very request come before?  For one that had to wait that was checked already. */
static enum duplicate_way op_look(struct v40_compound *x, enum nfs_opnum4 op)
{
    if (!x->again)
        return duplicate_request_op(x, op);
    x->again = false;
    return DUPLICATE_GO_ON;
}

/* An owner's result is kept for retries before the reply is, too. */
static bool settle_before(struct v40_compound *x, enum nfs_opnum4 op)
{
    if (changes_await_before(&x->base, &x->reply, op))
        return true;
    x->status = NFS4ERR_IO;
    return false;
}

/* One operation with its result, unless the reply to the whole request turns out to be there, or it
 * is to be run once more, when it has waited (park.asked). */
static enum duplicate_way op_next(struct v40_compound *x)
{
    uint8_t *begin = x->base.in->p;
    enum nfs_opnum4 op = op_read_number(x->base.in);
    enum duplicate_way way = op_look(x, op);
    enum nfsstat4 status;
    size_t pos;

    if (way == DUPLICATE_ANSWERED || way == DUPLICATE_DROPPED || !settle_before(x, op))
        return way;
    pos = reply_op_begin(&x->reply, &x->base, op);
    x->args = x->base.in->p;
    if (x->base.in->failed)
        status = NFS4ERR_BADXDR;
    else if (way == DUPLICATE_TOO_BIG || x->base.op_count > LIMIT_COMPOUND_OPS ||
             !reply_op_fits(&x->reply, &x->base, op_info(op)))
        status = x->reply.too_big;
    else if (x->park.client_removed)
        status = NFS4ERR_DELAY;
    else
        status = v40_status(op, v40_op_run(x, op));
    v40_stateid_done(x, status);
    if (compound_park_wanted(&x->park, status)) {
        x->base.in->p = begin;
        xdr_rewind(x->base.out, pos);
        return DUPLICATE_GO_ON;
    }
    /* What is entered must have an answer. */
    if (x->unanswered && !x->duplicate)
        return duplicate_request_drop(x);
    x->status = reply_op_end(&x->reply, &x->base, op, pos, status);
    return DUPLICATE_GO_ON;
}

static enum rpc_result finish(struct v40_compound *x, enum duplicate_way way)
{
    struct compound *c = &x->base;
    enum rpc_result result;

    if (way == DUPLICATE_GO_ON && !changes_await(c, &x->reply)) {
        x->status = NFS4ERR_IO;
        c->op_index++;
    }
    /* What failed may have met what this very request did when it came before. */
    if (way == DUPLICATE_GO_ON && x->status != NFS4_OK && !x->duplicate)
        way = duplicate_request_begin(x);
    if (way == DUPLICATE_GO_ON) {
        reply_end(&x->reply, c, x->status, c->op_index);
        duplicate_request_end(x);
    }
    result = c->out->failed ? RPC_SYSTEM_ERR : RPC_REPLY;
    compound_release(c);
    v40_client_done(x);
    return compound_park_end(&x->park, way == DUPLICATE_DROPPED ? RPC_DROP : result);
}

static enum rpc_result run_from(struct v40_compound *x, enum duplicate_way way)
{
    struct compound *c = &x->base;

    for (; way == DUPLICATE_GO_ON && x->status == NFS4_OK && c->op_index < c->op_count;
         c->op_index++) {
        if (compound_yield_wanted(&x->park))
            return compound_yield(&x->park);
        way = op_next(x);
        if (x->park.asked)
            return compound_park(&x->park);
    }
    return finish(x, way);
}

static enum rpc_result run_on(struct compound_park *park)
{
    struct v40_compound *x = CONTAINER_OF(park, struct v40_compound, park);

    if (!park->yields)
        x->again = true;
    return run_from(x, DUPLICATE_GO_ON);
}

enum rpc_result v40_compound_run(struct rpc_call *call, struct server *server,
                                 struct session_conn *conn, const struct export_caller *caller,
                                 const struct compound_head *head)
{
    struct v40_compound here, *x = compound_park_place(call, &here, sizeof(here));

    *x = (struct v40_compound){.base.caller = *caller, .status = NFS4_OK, .conn = conn};
    compound_begin(&x->base, call, server, 0, head->op_count);
    x->base.likely_client = session_conn_sole_client(conn);
    x->base.attributes = &attr_minor0;
    reply_begin(&x->reply, &x->base, &head->tag, NFS4ERR_RESOURCE);
    compound_park_begin(&x->park, &x->base, &x->reply, run_on);
    return run_from(x, duplicate_request_begin(x));
}
