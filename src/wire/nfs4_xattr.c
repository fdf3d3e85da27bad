/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/nfs4_xattr.h"

#include "wire/xdr_enum.h"

bool wire_GETXATTR4args(struct xdr *x, struct GETXATTR4args *v)
{
    xdr_opaque(x, &v->gxa_name, LIMIT_WIRE_OPAQUE_BYTES);
    return !x->failed;
}

bool wire_GETXATTR4resok(struct xdr *x, struct GETXATTR4resok *v)
{
    xdr_opaque(x, &v->gxr_value, LIMIT_WIRE_OPAQUE_BYTES);
    return !x->failed;
}

bool wire_SETXATTR4args(struct xdr *x, struct SETXATTR4args *v)
{
    XDR_ENUM_RANGE(x, v->sxa_option, SETXATTR4_EITHER, SETXATTR4_REPLACE);
    xdr_opaque(x, &v->sxa_key, LIMIT_WIRE_OPAQUE_BYTES);
    xdr_opaque(x, &v->sxa_value, LIMIT_WIRE_OPAQUE_BYTES);
    return !x->failed;
}

bool wire_SETXATTR4resok(struct xdr *x, struct SETXATTR4resok *v)
{
    wire_change_info4(x, &v->sxr_info);
    return !x->failed;
}

bool wire_LISTXATTRS4args(struct xdr *x, struct LISTXATTRS4args *v)
{
    xdr_u64(x, &v->lxa_cookie);
    xdr_u32(x, &v->lxa_maxcount);
    return !x->failed;
}

bool wire_LISTXATTRS4resok(struct xdr *x, struct LISTXATTRS4resok *v)
{
    xdr_u64(x, &v->lxr_cookie);
    v->lxr_names = xdr_array(x, &v->lxr_names_count, LIMIT_WIRE_XATTR_NAMES, v->lxr_names,
                             sizeof(*v->lxr_names));
    for (uint32_t i = 0; i < v->lxr_names_count && !x->failed; i++)
        xdr_opaque(x, &v->lxr_names[i], LIMIT_WIRE_OPAQUE_BYTES);
    xdr_bool(x, &v->lxr_eof);
    return !x->failed;
}

bool wire_REMOVEXATTR4args(struct xdr *x, struct REMOVEXATTR4args *v)
{
    xdr_opaque(x, &v->rxa_name, LIMIT_WIRE_OPAQUE_BYTES);
    return !x->failed;
}

bool wire_REMOVEXATTR4resok(struct xdr *x, struct REMOVEXATTR4resok *v)
{
    wire_change_info4(x, &v->rxr_info);
    return !x->failed;
}
