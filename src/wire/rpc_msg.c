/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/rpc_msg.h"

#include "wire/xdr_enum.h"

bool wire_opaque_auth(struct xdr *x, struct opaque_auth *v)
{
    xdr_u32(x, &v->flavor);
    return xdr_opaque(x, &v->body, LIMIT_RPC_AUTH_BYTES);
}

bool wire_authsys_parms(struct xdr *x, struct authsys_parms *v)
{
    xdr_u32(x, &v->stamp);
    xdr_opaque(x, &v->machinename, LIMIT_RPC_MACHINE_NAME_BYTES);
    xdr_u32(x, &v->uid);
    xdr_u32(x, &v->gid);
    v->gids = xdr_array(x, &v->gids_count, LIMIT_RPC_AUTH_SYS_GIDS, v->gids, sizeof(*v->gids));
    for (uint32_t i = 0; i < v->gids_count && !x->failed; i++)
        xdr_u32(x, &v->gids[i]);
    return !x->failed;
}

static bool wire_msg_type(struct xdr *x, enum rpc_msg_type want)
{
    uint32_t type = want;

    xdr_u32(x, &type);
    return type == (uint32_t)want ? !x->failed : xdr_fail(x);
}

bool wire_rpc_call_header(struct xdr *x, struct rpc_call_header *v)
{
    xdr_u32(x, &v->xid);
    wire_msg_type(x, RPC_MSG_CALL);
    xdr_u32(x, &v->rpcvers);
    if (x->failed || v->rpcvers != RPC_VERSION)
        return !x->failed;
    xdr_u32(x, &v->prog);
    xdr_u32(x, &v->vers);
    xdr_u32(x, &v->proc);
    wire_opaque_auth(x, &v->cred);
    return wire_opaque_auth(x, &v->verf);
}

static bool wire_mismatch(struct xdr *x, struct rpc_reply_header *v)
{
    xdr_u32(x, &v->low);
    return xdr_u32(x, &v->high);
}

static bool wire_accepted(struct xdr *x, struct rpc_reply_header *v)
{
    wire_opaque_auth(x, &v->verf);
    XDR_ENUM_RANGE(x, v->accept_stat, ACCEPT_SUCCESS, ACCEPT_SYSTEM_ERR);
    if (v->accept_stat == ACCEPT_PROG_MISMATCH)
        wire_mismatch(x, v);
    return !x->failed;
}

static bool wire_denied(struct xdr *x, struct rpc_reply_header *v)
{
    XDR_ENUM_RANGE(x, v->reject_stat, REJECT_RPC_MISMATCH, REJECT_AUTH_ERROR);
    if (v->reject_stat == REJECT_RPC_MISMATCH)
        wire_mismatch(x, v);
    else
        XDR_ENUM(x, v->auth_stat);
    return !x->failed;
}

bool wire_rpc_reply_header(struct xdr *x, struct rpc_reply_header *v)
{
    xdr_u32(x, &v->xid);
    wire_msg_type(x, RPC_MSG_REPLY);
    return wire_rpc_reply_body(x, v);
}

bool wire_rpc_reply_body(struct xdr *x, struct rpc_reply_header *v)
{
    XDR_ENUM_RANGE(x, v->stat, MSG_ACCEPTED, MSG_DENIED);
    return v->stat == MSG_ACCEPTED ? wire_accepted(x, v) : wire_denied(x, v);
}

bool rpc_msg_peek(const void *data, size_t len, uint32_t *xid, enum rpc_msg_type *type)
{
    struct xdr x;
    uint32_t word;

    xdr_init_decode(&x, data, len, NULL);
    xdr_u32(&x, xid);
    xdr_u32(&x, &word);
    *type = word;
    return !x.failed && word <= RPC_MSG_REPLY;
}
