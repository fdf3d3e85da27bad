/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The loop of a 4.0 COMPOUND.  Results are encoded one behind the other; the first error ends it,
 * with the results so far.
 */
#include "proto/v40/compound40.h"

#include "proto/v40/op_run.h"
#include "proto/v40/stateid40.h"
#include "proto/v40/status40.h"
#include "wire/op_table.h"

/* An operation that minor version 0 does not define is ILLEGAL and is answered as such. */
static enum nfs_opnum4 op_read_number(struct xdr *in)
{
    uint32_t number = xdr_get_u32(in);
    const struct op_info *info = op_info(number);

    return info && info->minor_first == 0 ? (enum nfs_opnum4)number : OP_ILLEGAL;
}

static enum nfsstat4 op_next(struct v40_compound *x)
{
    enum nfs_opnum4 op = op_read_number(x->base.in);
    size_t pos = reply_op_begin(&x->reply, &x->base, op);
    enum nfsstat4 status;

    if (x->base.in->failed)
        status = NFS4ERR_BADXDR;
    else if (x->base.op_count > LIMIT_COMPOUND_OPS ||
             !reply_op_fits(&x->reply, &x->base, op_info(op)))
        status = x->reply.too_big;
    else
        status = v40_status(op, v40_op_run(x, op));
    v40_stateid_done(x, status);
    return reply_op_end(&x->reply, &x->base, op, pos, status);
}

static void run(struct v40_compound *x)
{
    struct compound *c = &x->base;
    enum nfsstat4 status = NFS4_OK;

    for (c->op_index = 0; status == NFS4_OK && c->op_index < c->op_count; c->op_index++)
        status = op_next(x);
    reply_end(&x->reply, c, status, c->op_index);
}

enum rpc_result v40_compound_run(struct rpc_call *call, struct server *server,
                                 const struct wire_opaque *tag, uint32_t op_count)
{
    struct v40_compound x = {0};

    compound_begin(&x.base, call, server, op_count);
    x.base.attribute_last = FATTR4_MOUNTED_ON_FILEID;
    reply_begin(&x.reply, &x.base, tag, NFS4ERR_RESOURCE);
    run(&x);
    compound_release(&x.base);
    v40_client_done(&x);
    return call->out.failed ? RPC_SYSTEM_ERR : RPC_REPLY;
}
