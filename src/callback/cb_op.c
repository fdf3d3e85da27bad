/* SPDX-License-Identifier: Apache-2.0 */
#include "callback/cb_op.h"

bool cb_op_put(struct xdr *x, struct cb_op *op)
{
    xdr_put_u32(x, op->op);
    switch (op->op) {
#define X(NAME, member, arguments)                                                                 \
    case OP_##NAME:                                                                                \
        return wire_##arguments(x, &op->member);
        CB_OPS(X)
#undef X
    case OP_CB_ILLEGAL:
        break;
    }
    return xdr_fail(x);
}

bool cb_op_result_get(struct xdr *x, struct cb_op_result *result)
{
    result->op = xdr_get_u32(x);
    result->status = xdr_get_u32(x);
    if (x->failed || result->status != NFS4_OK)
        return !x->failed;
    switch (result->op) {
#define X(NAME, member, results)                                                                   \
    case OP_##NAME:                                                                                \
        return wire_##results(x, &result->member);
        CB_OPS_WITH_RESULTS(X)
#undef X
    default:
        return true;
    }
}
