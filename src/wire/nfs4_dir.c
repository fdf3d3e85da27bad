/* SPDX-License-Identifier: Apache-2.0 */
/* Operations on names in directories. */
#include "wire/nfs4_codec.h"
#include "wire/xdr_enum.h"

bool wire_createtype4(struct xdr *x, struct createtype4 *v)
{
    XDR_ENUM(x, v->type);
    switch (v->type) {
    case NF4LNK:
        xdr_opaque(x, &v->linkdata, LIMIT_WIRE_OPAQUE_BYTES);
        break;
    case NF4BLK:
    case NF4CHR:
        wire_specdata4(x, &v->devdata);
        break;
    default: /* nothing more, or a type that CREATE refuses */
        break;
    }
    return !x->failed;
}

bool wire_CREATE4args(struct xdr *x, struct CREATE4args *v)
{
    wire_createtype4(x, &v->objtype);
    xdr_opaque(x, &v->objname, LIMIT_WIRE_OPAQUE_BYTES);
    wire_fattr4(x, &v->createattrs);
    return !x->failed;
}

bool wire_CREATE4resok(struct xdr *x, struct CREATE4resok *v)
{
    wire_change_info4(x, &v->cinfo);
    wire_bitmap4(x, &v->attrset);
    return !x->failed;
}

bool wire_LINK4args(struct xdr *x, struct LINK4args *v)
{
    xdr_opaque(x, &v->newname, LIMIT_WIRE_OPAQUE_BYTES);
    return !x->failed;
}

bool wire_LINK4resok(struct xdr *x, struct LINK4resok *v)
{
    wire_change_info4(x, &v->cinfo);
    return !x->failed;
}

bool wire_LOOKUP4args(struct xdr *x, struct LOOKUP4args *v)
{
    xdr_opaque(x, &v->objname, LIMIT_WIRE_OPAQUE_BYTES);
    return !x->failed;
}

bool wire_OPENATTR4args(struct xdr *x, struct OPENATTR4args *v)
{
    xdr_bool(x, &v->createdir);
    return !x->failed;
}

bool wire_READDIR4args(struct xdr *x, struct READDIR4args *v)
{
    xdr_u64(x, &v->cookie);
    xdr_fixed(x, v->cookieverf, NFS4_VERIFIER_SIZE);
    xdr_u32(x, &v->dircount);
    xdr_u32(x, &v->maxcount);
    wire_bitmap4(x, &v->attr_request);
    return !x->failed;
}

bool wire_REMOVE4args(struct xdr *x, struct REMOVE4args *v)
{
    xdr_opaque(x, &v->target, LIMIT_WIRE_OPAQUE_BYTES);
    return !x->failed;
}

bool wire_REMOVE4resok(struct xdr *x, struct REMOVE4resok *v)
{
    wire_change_info4(x, &v->cinfo);
    return !x->failed;
}

bool wire_RENAME4args(struct xdr *x, struct RENAME4args *v)
{
    xdr_opaque(x, &v->oldname, LIMIT_WIRE_OPAQUE_BYTES);
    xdr_opaque(x, &v->newname, LIMIT_WIRE_OPAQUE_BYTES);
    return !x->failed;
}

bool wire_RENAME4resok(struct xdr *x, struct RENAME4resok *v)
{
    wire_change_info4(x, &v->source_cinfo);
    wire_change_info4(x, &v->target_cinfo);
    return !x->failed;
}

bool wire_SECINFO4args(struct xdr *x, struct SECINFO4args *v)
{
    xdr_opaque(x, &v->name, LIMIT_WIRE_OPAQUE_BYTES);
    return !x->failed;
}

bool wire_SECINFO_NO_NAME4args(struct xdr *x, struct SECINFO_NO_NAME4args *v)
{
    XDR_ENUM_RANGE(x, v->style, SECINFO_STYLE4_CURRENT_FH, SECINFO_STYLE4_PARENT);
    return !x->failed;
}

bool wire_rpcsec_gss_info(struct xdr *x, struct rpcsec_gss_info *v)
{
    xdr_opaque(x, &v->oid, LIMIT_WIRE_OPAQUE_BYTES);
    xdr_u32(x, &v->qop);
    XDR_ENUM_RANGE(x, v->service, RPC_GSS_SVC_NONE, RPC_GSS_SVC_PRIVACY);
    return !x->failed;
}

bool wire_secinfo4(struct xdr *x, struct secinfo4 *v)
{
    xdr_u32(x, &v->flavor);
    if (v->flavor == RPCSEC_GSS)
        wire_rpcsec_gss_info(x, &v->flavor_info);
    return !x->failed;
}

bool wire_SECINFO4resok(struct xdr *x, struct SECINFO4resok *v)
{
    v->flavors = xdr_array(x, &v->flavors_count, LIMIT_WIRE_ARRAY, v->flavors, sizeof(*v->flavors));
    for (uint32_t i = 0; i < v->flavors_count && !x->failed; i++)
        wire_secinfo4(x, &v->flavors[i]);
    return !x->failed;
}

bool wire_entry4(struct xdr *x, struct entry4 *v)
{
    xdr_u64(x, &v->cookie);
    xdr_opaque(x, &v->name, LIMIT_WIRE_OPAQUE_BYTES);
    wire_fattr4(x, &v->attrs);
    return !x->failed;
}

/* A list: each entry is announced by TRUE, the end by FALSE.  The bytes that are there bound it. */
bool wire_dirlist4(struct xdr *x, struct dirlist4 *v)
{
    struct entry4 **link = &v->entries;
    bool more;

    if (x->op == XDR_DECODE)
        *v = (struct dirlist4){0};
    for (;;) {
        more = x->op == XDR_ENCODE && *link;
        if (!xdr_bool(x, &more) || !more)
            break;
        if (x->op == XDR_DECODE)
            *link = x->arena ? arena_zalloc(x->arena, sizeof(**link)) : NULL;
        if (!*link)
            return xdr_fail(x);
        if (!wire_entry4(x, *link))
            break;
        link = &(*link)->nextentry;
    }
    xdr_bool(x, &v->eof);
    return !x->failed;
}

bool wire_READDIR4resok(struct xdr *x, struct READDIR4resok *v)
{
    xdr_fixed(x, v->cookieverf, NFS4_VERIFIER_SIZE);
    wire_dirlist4(x, &v->reply);
    return !x->failed;
}
