/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/rpcsec_gss.h"

bool wire_rpc_gss_cred(struct xdr *x, struct rpc_gss_cred *v)
{
    xdr_u32(x, &v->version);
    if (x->op == XDR_DECODE)
        *v = (struct rpc_gss_cred){.version = v->version};
    if (x->failed || v->version != RPCSEC_GSS_VERSION)
        return !x->failed;
    xdr_u32(x, &v->proc);
    xdr_u32(x, &v->seq_num);
    xdr_u32(x, &v->service);
    return xdr_opaque(x, &v->handle, LIMIT_RPC_AUTH_BYTES);
}

bool wire_rpc_gss_init_arg(struct xdr *x, struct rpc_gss_init_arg *v)
{
    return xdr_opaque(x, &v->gss_token, LIMIT_GSS_TOKEN_BYTES);
}

bool wire_rpc_gss_init_res(struct xdr *x, struct rpc_gss_init_res *v)
{
    xdr_opaque(x, &v->handle, LIMIT_RPC_AUTH_BYTES);
    xdr_u32(x, &v->gss_major);
    xdr_u32(x, &v->gss_minor);
    xdr_u32(x, &v->seq_window);
    return xdr_opaque(x, &v->gss_token, LIMIT_GSS_TOKEN_BYTES);
}

bool wire_rpc_gss_integ_data(struct xdr *x, struct rpc_gss_integ_data *v)
{
    xdr_opaque(x, &v->databody_integ, LIMIT_WIRE_OPAQUE_BYTES);
    return xdr_opaque(x, &v->checksum, LIMIT_RPC_AUTH_BYTES);
}

bool wire_rpc_gss_priv_data(struct xdr *x, struct rpc_gss_priv_data *v)
{
    return xdr_opaque(x, &v->databody_priv, LIMIT_WIRE_OPAQUE_BYTES);
}
