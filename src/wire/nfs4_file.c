/* SPDX-License-Identifier: Apache-2.0 */
/* Operations on one object: its attributes, its bytes, its handle. */
#include "wire/nfs4_codec.h"
#include "wire/xdr_enum.h"

bool wire_ACCESS4args(struct xdr *x, struct ACCESS4args *v)
{
    xdr_u32(x, &v->access);
    return !x->failed;
}

bool wire_ACCESS4resok(struct xdr *x, struct ACCESS4resok *v)
{
    xdr_u32(x, &v->supported);
    xdr_u32(x, &v->access);
    return !x->failed;
}

bool wire_COMMIT4args(struct xdr *x, struct COMMIT4args *v)
{
    xdr_u64(x, &v->offset);
    xdr_u32(x, &v->count);
    return !x->failed;
}

bool wire_COMMIT4resok(struct xdr *x, struct COMMIT4resok *v)
{
    xdr_fixed(x, v->writeverf, NFS4_VERIFIER_SIZE);
    return !x->failed;
}

bool wire_GETATTR4args(struct xdr *x, struct GETATTR4args *v)
{
    wire_bitmap4(x, &v->attr_request);
    return !x->failed;
}

bool wire_GETATTR4resok(struct xdr *x, struct GETATTR4resok *v)
{
    wire_fattr4(x, &v->obj_attributes);
    return !x->failed;
}

bool wire_GETFH4resok(struct xdr *x, struct GETFH4resok *v)
{
    wire_nfs_fh4(x, &v->object);
    return !x->failed;
}

bool wire_NVERIFY4args(struct xdr *x, struct NVERIFY4args *v)
{
    wire_fattr4(x, &v->obj_attributes);
    return !x->failed;
}

bool wire_PUTFH4args(struct xdr *x, struct PUTFH4args *v)
{
    wire_nfs_fh4(x, &v->object);
    return !x->failed;
}

bool wire_READ4args(struct xdr *x, struct READ4args *v)
{
    wire_stateid4(x, &v->stateid);
    xdr_u64(x, &v->offset);
    xdr_u32(x, &v->count);
    return !x->failed;
}

bool wire_READ4resok(struct xdr *x, struct READ4resok *v)
{
    xdr_bool(x, &v->eof);
    xdr_opaque(x, &v->data, LIMIT_WIRE_OPAQUE_BYTES);
    return !x->failed;
}

bool wire_READLINK4resok(struct xdr *x, struct READLINK4resok *v)
{
    xdr_opaque(x, &v->link, LIMIT_WIRE_OPAQUE_BYTES);
    return !x->failed;
}

bool wire_SETATTR4args(struct xdr *x, struct SETATTR4args *v)
{
    wire_stateid4(x, &v->stateid);
    wire_fattr4(x, &v->obj_attributes);
    return !x->failed;
}

bool wire_VERIFY4args(struct xdr *x, struct VERIFY4args *v)
{
    wire_fattr4(x, &v->obj_attributes);
    return !x->failed;
}

bool wire_WRITE4args(struct xdr *x, struct WRITE4args *v)
{
    wire_stateid4(x, &v->stateid);
    xdr_u64(x, &v->offset);
    XDR_ENUM_RANGE(x, v->stable, UNSTABLE4, FILE_SYNC4);
    xdr_opaque(x, &v->data, LIMIT_WIRE_OPAQUE_BYTES);
    return !x->failed;
}

bool wire_WRITE4resok(struct xdr *x, struct WRITE4resok *v)
{
    xdr_u32(x, &v->count);
    XDR_ENUM_RANGE(x, v->committed, UNSTABLE4, FILE_SYNC4);
    xdr_fixed(x, v->writeverf, NFS4_VERIFIER_SIZE);
    return !x->failed;
}
