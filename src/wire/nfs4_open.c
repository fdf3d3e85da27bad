/* SPDX-License-Identifier: Apache-2.0 */
/* OPEN and its kin, and the delegations it grants. */
#include "wire/nfs4_codec.h"
#include "wire/xdr_enum.h"

bool wire_CLOSE4args(struct xdr *x, struct CLOSE4args *v)
{
    xdr_u32(x, &v->seqid);
    wire_stateid4(x, &v->open_stateid);
    return !x->failed;
}

bool wire_creatverfattr(struct xdr *x, struct creatverfattr *v)
{
    xdr_fixed(x, v->cva_verf, NFS4_VERIFIER_SIZE);
    wire_fattr4(x, &v->cva_attrs);
    return !x->failed;
}

bool wire_createhow4(struct xdr *x, struct createhow4 *v)
{
    XDR_ENUM(x, v->mode);
    switch (v->mode) {
    case UNCHECKED4:
    case GUARDED4:
        wire_fattr4(x, &v->createattrs);
        break;
    case EXCLUSIVE4:
        xdr_fixed(x, v->createverf, NFS4_VERIFIER_SIZE);
        break;
    case EXCLUSIVE4_1:
        wire_creatverfattr(x, &v->ch_createboth);
        break;
    default:
        return xdr_fail(x);
    }
    return !x->failed;
}

bool wire_openflag4(struct xdr *x, struct openflag4 *v)
{
    XDR_ENUM_RANGE(x, v->opentype, OPEN4_NOCREATE, OPEN4_CREATE);
    if (v->opentype == OPEN4_CREATE)
        wire_createhow4(x, &v->how);
    return !x->failed;
}

bool wire_nfs_modified_limit4(struct xdr *x, struct nfs_modified_limit4 *v)
{
    xdr_u32(x, &v->num_blocks);
    xdr_u32(x, &v->bytes_per_block);
    return !x->failed;
}

bool wire_nfs_space_limit4(struct xdr *x, struct nfs_space_limit4 *v)
{
    XDR_ENUM(x, v->limitby);
    switch (v->limitby) {
    case NFS_LIMIT_SIZE:
        xdr_u64(x, &v->filesize);
        break;
    case NFS_LIMIT_BLOCKS:
        wire_nfs_modified_limit4(x, &v->mod_blocks);
        break;
    default:
        return xdr_fail(x);
    }
    return !x->failed;
}

bool wire_open_claim_delegate_cur4(struct xdr *x, struct open_claim_delegate_cur4 *v)
{
    wire_stateid4(x, &v->delegate_stateid);
    xdr_opaque(x, &v->file, LIMIT_WIRE_OPAQUE_BYTES);
    return !x->failed;
}

bool wire_open_claim4(struct xdr *x, struct open_claim4 *v)
{
    XDR_ENUM(x, v->claim);
    switch (v->claim) {
    case CLAIM_NULL:
        xdr_opaque(x, &v->file, LIMIT_WIRE_OPAQUE_BYTES);
        break;
    case CLAIM_PREVIOUS:
        XDR_ENUM_RANGE(x, v->delegate_type, OPEN_DELEGATE_NONE, OPEN_DELEGATE_WRITE_ATTRS_DELEG);
        break;
    case CLAIM_DELEGATE_CUR:
        wire_open_claim_delegate_cur4(x, &v->delegate_cur_info);
        break;
    case CLAIM_DELEGATE_PREV:
        xdr_opaque(x, &v->file_delegate_prev, LIMIT_WIRE_OPAQUE_BYTES);
        break;
    case CLAIM_FH:
    case CLAIM_DELEG_PREV_FH:
        break;
    case CLAIM_DELEG_CUR_FH:
        wire_stateid4(x, &v->oc_delegate_stateid);
        break;
    default:
        return xdr_fail(x);
    }
    return !x->failed;
}

bool wire_open_arguments4(struct xdr *x, struct open_arguments4 *v)
{
    wire_bitmap4(x, &v->oa_share_access);
    wire_bitmap4(x, &v->oa_share_deny);
    wire_bitmap4(x, &v->oa_share_access_want);
    wire_bitmap4(x, &v->oa_open_claim);
    return wire_bitmap4(x, &v->oa_create_mode);
}

bool wire_OPEN4args(struct xdr *x, struct OPEN4args *v)
{
    xdr_u32(x, &v->seqid);
    xdr_u32(x, &v->share_access);
    xdr_u32(x, &v->share_deny);
    wire_state_owner4(x, &v->owner);
    wire_openflag4(x, &v->openhow);
    wire_open_claim4(x, &v->claim);
    return !x->failed;
}

bool wire_open_read_delegation4(struct xdr *x, struct open_read_delegation4 *v)
{
    wire_stateid4(x, &v->stateid);
    xdr_bool(x, &v->recall);
    wire_nfsace4(x, &v->permissions);
    return !x->failed;
}

bool wire_open_write_delegation4(struct xdr *x, struct open_write_delegation4 *v)
{
    wire_stateid4(x, &v->stateid);
    xdr_bool(x, &v->recall);
    wire_nfs_space_limit4(x, &v->space_limit);
    wire_nfsace4(x, &v->permissions);
    return !x->failed;
}

bool wire_open_none_delegation4(struct xdr *x, struct open_none_delegation4 *v)
{
    XDR_ENUM(x, v->ond_why);
    switch (v->ond_why) {
    case WND4_CONTENTION:
        xdr_bool(x, &v->ond_server_will_push_deleg);
        break;
    case WND4_RESOURCE:
        xdr_bool(x, &v->ond_server_will_signal_avail);
        break;
    default:
        break;
    }
    return !x->failed;
}

bool wire_open_delegation4(struct xdr *x, struct open_delegation4 *v)
{
    XDR_ENUM(x, v->delegation_type);
    switch (v->delegation_type) {
    case OPEN_DELEGATE_NONE:
        break;
    case OPEN_DELEGATE_READ:
    case OPEN_DELEGATE_READ_ATTRS_DELEG:
        wire_open_read_delegation4(x, &v->read);
        break;
    case OPEN_DELEGATE_WRITE:
    case OPEN_DELEGATE_WRITE_ATTRS_DELEG:
        wire_open_write_delegation4(x, &v->write);
        break;
    case OPEN_DELEGATE_NONE_EXT:
        wire_open_none_delegation4(x, &v->od_whynone);
        break;
    default:
        return xdr_fail(x);
    }
    return !x->failed;
}

bool wire_OPEN4resok(struct xdr *x, struct OPEN4resok *v)
{
    wire_stateid4(x, &v->stateid);
    wire_change_info4(x, &v->cinfo);
    xdr_u32(x, &v->rflags);
    wire_bitmap4(x, &v->attrset);
    wire_open_delegation4(x, &v->delegation);
    return !x->failed;
}

bool wire_OPEN_CONFIRM4args(struct xdr *x, struct OPEN_CONFIRM4args *v)
{
    wire_stateid4(x, &v->open_stateid);
    xdr_u32(x, &v->seqid);
    return !x->failed;
}

bool wire_OPEN_CONFIRM4resok(struct xdr *x, struct OPEN_CONFIRM4resok *v)
{
    wire_stateid4(x, &v->open_stateid);
    return !x->failed;
}

bool wire_OPEN_DOWNGRADE4args(struct xdr *x, struct OPEN_DOWNGRADE4args *v)
{
    wire_stateid4(x, &v->open_stateid);
    xdr_u32(x, &v->seqid);
    xdr_u32(x, &v->share_access);
    xdr_u32(x, &v->share_deny);
    return !x->failed;
}

bool wire_OPEN_DOWNGRADE4resok(struct xdr *x, struct OPEN_DOWNGRADE4resok *v)
{
    wire_stateid4(x, &v->open_stateid);
    return !x->failed;
}

bool wire_CLOSE4resok(struct xdr *x, struct CLOSE4resok *v)
{
    return wire_stateid4(x, &v->open_stateid);
}
