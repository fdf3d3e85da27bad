/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Filters for the types of NFSv4.0 and 4.1, in the order of RFC 5662.  A discriminant that selects
 * no arm is a failure, which the server answers with NFS4ERR_BADXDR.
 */
#include "wire/nfs4_codec.h"

#define XDR_ENUM(x, field)                                                                         \
    do {                                                                                           \
        uint32_t word = (uint32_t)(field);                                                         \
        xdr_u32(x, &word);                                                                         \
        (field) = word;                                                                            \
    } while (0)

/* Words beyond ours are read and dropped: nobody knows those attributes. */
bool wire_bitmap4(struct xdr *x, struct bitmap4 *v)
{
    if (!xdr_u32(x, &v->count) || v->count > LIMIT_BITMAP_WIRE_WORDS) {
        *v = (struct bitmap4){0};
        return xdr_fail(x);
    }
    for (uint32_t i = 0; i < v->count; i++) {
        uint32_t word = i < LIMIT_BITMAP_WORDS ? v->words[i] : 0;

        xdr_u32(x, &word);
        if (i < LIMIT_BITMAP_WORDS)
            v->words[i] = word;
    }
    if (x->op == XDR_DECODE) {
        for (uint32_t i = v->count; i < LIMIT_BITMAP_WORDS; i++)
            v->words[i] = 0;
        if (v->count > LIMIT_BITMAP_WORDS)
            v->count = LIMIT_BITMAP_WORDS;
    }
    return !x->failed;
}

bool wire_nfstime4(struct xdr *x, struct nfstime4 *v)
{
    xdr_i64(x, &v->seconds);
    xdr_u32(x, &v->nseconds);
    return !x->failed;
}

bool wire_settime4(struct xdr *x, struct settime4 *v)
{
    XDR_ENUM(x, v->set_it);
    switch (v->set_it) {
    case SET_TO_CLIENT_TIME4:
        wire_nfstime4(x, &v->time);
        break;
    default:
        break;
    }
    return !x->failed;
}

bool wire_fsid4(struct xdr *x, struct fsid4 *v)
{
    xdr_u64(x, &v->major);
    xdr_u64(x, &v->minor);
    return !x->failed;
}

bool wire_change_policy4(struct xdr *x, struct change_policy4 *v)
{
    xdr_u64(x, &v->cp_major);
    xdr_u64(x, &v->cp_minor);
    return !x->failed;
}

bool wire_nfsace4(struct xdr *x, struct nfsace4 *v)
{
    xdr_u32(x, &v->type);
    xdr_u32(x, &v->flag);
    xdr_u32(x, &v->access_mask);
    xdr_opaque(x, &v->who, LIMIT_WIRE_OPAQUE_BYTES);
    return !x->failed;
}

bool wire_nfsacl41(struct xdr *x, struct nfsacl41 *v)
{
    xdr_u32(x, &v->na41_flag);
    v->na41_aces =
        xdr_array(x, &v->na41_aces_count, LIMIT_WIRE_ARRAY, v->na41_aces, sizeof(*v->na41_aces));
    for (uint32_t i = 0; i < v->na41_aces_count && !x->failed; i++)
        wire_nfsace4(x, &v->na41_aces[i]);
    return !x->failed;
}

bool wire_mode_masked4(struct xdr *x, struct mode_masked4 *v)
{
    xdr_u32(x, &v->mm_value_to_set);
    xdr_u32(x, &v->mm_mask_bits);
    return !x->failed;
}

bool wire_specdata4(struct xdr *x, struct specdata4 *v)
{
    xdr_u32(x, &v->specdata1);
    xdr_u32(x, &v->specdata2);
    return !x->failed;
}

bool wire_netaddr4(struct xdr *x, struct netaddr4 *v)
{
    xdr_opaque(x, &v->na_r_netid, LIMIT_WIRE_OPAQUE_BYTES);
    xdr_opaque(x, &v->na_r_addr, LIMIT_WIRE_OPAQUE_BYTES);
    return !x->failed;
}

bool wire_nfs_impl_id4(struct xdr *x, struct nfs_impl_id4 *v)
{
    xdr_opaque(x, &v->nii_domain, LIMIT_WIRE_OPAQUE_BYTES);
    xdr_opaque(x, &v->nii_name, LIMIT_WIRE_OPAQUE_BYTES);
    wire_nfstime4(x, &v->nii_date);
    return !x->failed;
}

bool wire_stateid4(struct xdr *x, struct stateid4 *v)
{
    xdr_u32(x, &v->seqid);
    xdr_fixed(x, v->other, 12);
    return !x->failed;
}

bool wire_layout_content4(struct xdr *x, struct layout_content4 *v)
{
    XDR_ENUM(x, v->loc_type);
    xdr_opaque(x, &v->loc_body, LIMIT_WIRE_OPAQUE_BYTES);
    return !x->failed;
}

bool wire_layout4(struct xdr *x, struct layout4 *v)
{
    xdr_u64(x, &v->lo_offset);
    xdr_u64(x, &v->lo_length);
    XDR_ENUM(x, v->lo_iomode);
    wire_layout_content4(x, &v->lo_content);
    return !x->failed;
}

bool wire_device_addr4(struct xdr *x, struct device_addr4 *v)
{
    XDR_ENUM(x, v->da_layout_type);
    xdr_opaque(x, &v->da_addr_body, LIMIT_WIRE_OPAQUE_BYTES);
    return !x->failed;
}

bool wire_layoutupdate4(struct xdr *x, struct layoutupdate4 *v)
{
    XDR_ENUM(x, v->lou_type);
    xdr_opaque(x, &v->lou_body, LIMIT_WIRE_OPAQUE_BYTES);
    return !x->failed;
}

bool wire_layoutreturn_file4(struct xdr *x, struct layoutreturn_file4 *v)
{
    xdr_u64(x, &v->lrf_offset);
    xdr_u64(x, &v->lrf_length);
    wire_stateid4(x, &v->lrf_stateid);
    xdr_opaque(x, &v->lrf_body, LIMIT_WIRE_OPAQUE_BYTES);
    return !x->failed;
}

bool wire_layoutreturn4(struct xdr *x, struct layoutreturn4 *v)
{
    XDR_ENUM(x, v->lr_returntype);
    switch (v->lr_returntype) {
    case LAYOUTRETURN4_FILE:
        wire_layoutreturn_file4(x, &v->lr_layout);
        break;
    default:
        break;
    }
    return !x->failed;
}

bool wire_threshold_item4(struct xdr *x, struct threshold_item4 *v)
{
    XDR_ENUM(x, v->thi_layout_type);
    wire_bitmap4(x, &v->thi_hintset);
    xdr_opaque(x, &v->thi_hintlist, LIMIT_WIRE_OPAQUE_BYTES);
    return !x->failed;
}

bool wire_fattr4(struct xdr *x, struct fattr4 *v)
{
    wire_bitmap4(x, &v->attrmask);
    xdr_opaque(x, &v->attr_vals, LIMIT_WIRE_OPAQUE_BYTES);
    return !x->failed;
}

bool wire_change_info4(struct xdr *x, struct change_info4 *v)
{
    xdr_bool(x, &v->atomic);
    xdr_u64(x, &v->before);
    xdr_u64(x, &v->after);
    return !x->failed;
}

bool wire_cb_client4(struct xdr *x, struct cb_client4 *v)
{
    xdr_u32(x, &v->cb_program);
    wire_netaddr4(x, &v->cb_location);
    return !x->failed;
}

bool wire_nfs_client_id4(struct xdr *x, struct nfs_client_id4 *v)
{
    xdr_fixed(x, v->verifier, NFS4_VERIFIER_SIZE);
    xdr_opaque(x, &v->id, NFS4_OPAQUE_LIMIT);
    return !x->failed;
}

bool wire_client_owner4(struct xdr *x, struct client_owner4 *v)
{
    xdr_fixed(x, v->co_verifier, NFS4_VERIFIER_SIZE);
    xdr_opaque(x, &v->co_ownerid, NFS4_OPAQUE_LIMIT);
    return !x->failed;
}

bool wire_server_owner4(struct xdr *x, struct server_owner4 *v)
{
    xdr_u64(x, &v->so_minor_id);
    xdr_opaque(x, &v->so_major_id, NFS4_OPAQUE_LIMIT);
    return !x->failed;
}

bool wire_state_owner4(struct xdr *x, struct state_owner4 *v)
{
    xdr_u64(x, &v->clientid);
    xdr_opaque(x, &v->owner, NFS4_OPAQUE_LIMIT);
    return !x->failed;
}

bool wire_ssv_mic_plain_tkn4(struct xdr *x, struct ssv_mic_plain_tkn4 *v)
{
    xdr_u32(x, &v->smpt_ssv_seq);
    xdr_opaque(x, &v->smpt_orig_plain, LIMIT_WIRE_OPAQUE_BYTES);
    return !x->failed;
}

bool wire_ssv_mic_tkn4(struct xdr *x, struct ssv_mic_tkn4 *v)
{
    xdr_u32(x, &v->smt_ssv_seq);
    xdr_opaque(x, &v->smt_hmac, LIMIT_WIRE_OPAQUE_BYTES);
    return !x->failed;
}

bool wire_ssv_seal_plain_tkn4(struct xdr *x, struct ssv_seal_plain_tkn4 *v)
{
    xdr_opaque(x, &v->sspt_confounder, LIMIT_WIRE_OPAQUE_BYTES);
    xdr_u32(x, &v->sspt_ssv_seq);
    xdr_opaque(x, &v->sspt_orig_plain, LIMIT_WIRE_OPAQUE_BYTES);
    xdr_opaque(x, &v->sspt_pad, LIMIT_WIRE_OPAQUE_BYTES);
    return !x->failed;
}

bool wire_ssv_seal_cipher_tkn4(struct xdr *x, struct ssv_seal_cipher_tkn4 *v)
{
    xdr_u32(x, &v->ssct_ssv_seq);
    xdr_opaque(x, &v->ssct_iv, LIMIT_WIRE_OPAQUE_BYTES);
    xdr_opaque(x, &v->ssct_encr_data, LIMIT_WIRE_OPAQUE_BYTES);
    xdr_opaque(x, &v->ssct_hmac, LIMIT_WIRE_OPAQUE_BYTES);
    return !x->failed;
}

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

bool wire_CLOSE4args(struct xdr *x, struct CLOSE4args *v)
{
    xdr_u32(x, &v->seqid);
    wire_stateid4(x, &v->open_stateid);
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
    case NF4SOCK:
    case NF4FIFO:
    case NF4DIR:
        break;
    default:
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

bool wire_DELEGPURGE4args(struct xdr *x, struct DELEGPURGE4args *v)
{
    xdr_u64(x, &v->clientid);
    return !x->failed;
}

bool wire_DELEGPURGE4res(struct xdr *x, struct DELEGPURGE4res *v)
{
    XDR_ENUM(x, v->status);
    return !x->failed;
}

bool wire_DELEGRETURN4args(struct xdr *x, struct DELEGRETURN4args *v)
{
    wire_stateid4(x, &v->deleg_stateid);
    return !x->failed;
}

bool wire_DELEGRETURN4res(struct xdr *x, struct DELEGRETURN4res *v)
{
    XDR_ENUM(x, v->status);
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

bool wire_open_to_lock_owner4(struct xdr *x, struct open_to_lock_owner4 *v)
{
    xdr_u32(x, &v->open_seqid);
    wire_stateid4(x, &v->open_stateid);
    xdr_u32(x, &v->lock_seqid);
    wire_state_owner4(x, &v->lock_owner);
    return !x->failed;
}

bool wire_exist_lock_owner4(struct xdr *x, struct exist_lock_owner4 *v)
{
    wire_stateid4(x, &v->lock_stateid);
    xdr_u32(x, &v->lock_seqid);
    return !x->failed;
}

bool wire_locker4(struct xdr *x, struct locker4 *v)
{
    xdr_bool(x, &v->new_lock_owner);
    if (v->new_lock_owner)
        wire_open_to_lock_owner4(x, &v->open_owner);
    if (!v->new_lock_owner)
        wire_exist_lock_owner4(x, &v->lock_owner);
    return !x->failed;
}

bool wire_LOCK4args(struct xdr *x, struct LOCK4args *v)
{
    XDR_ENUM(x, v->locktype);
    xdr_bool(x, &v->reclaim);
    xdr_u64(x, &v->offset);
    xdr_u64(x, &v->length);
    wire_locker4(x, &v->locker);
    return !x->failed;
}

bool wire_LOCK4denied(struct xdr *x, struct LOCK4denied *v)
{
    xdr_u64(x, &v->offset);
    xdr_u64(x, &v->length);
    XDR_ENUM(x, v->locktype);
    wire_state_owner4(x, &v->owner);
    return !x->failed;
}

bool wire_LOCK4resok(struct xdr *x, struct LOCK4resok *v)
{
    wire_stateid4(x, &v->lock_stateid);
    return !x->failed;
}

bool wire_LOCKT4args(struct xdr *x, struct LOCKT4args *v)
{
    XDR_ENUM(x, v->locktype);
    xdr_u64(x, &v->offset);
    xdr_u64(x, &v->length);
    wire_state_owner4(x, &v->owner);
    return !x->failed;
}

bool wire_LOCKU4args(struct xdr *x, struct LOCKU4args *v)
{
    XDR_ENUM(x, v->locktype);
    xdr_u32(x, &v->seqid);
    wire_stateid4(x, &v->lock_stateid);
    xdr_u64(x, &v->offset);
    xdr_u64(x, &v->length);
    return !x->failed;
}

bool wire_LOOKUP4args(struct xdr *x, struct LOOKUP4args *v)
{
    xdr_opaque(x, &v->objname, LIMIT_WIRE_OPAQUE_BYTES);
    return !x->failed;
}

bool wire_LOOKUP4res(struct xdr *x, struct LOOKUP4res *v)
{
    XDR_ENUM(x, v->status);
    return !x->failed;
}

bool wire_LOOKUPP4res(struct xdr *x, struct LOOKUPP4res *v)
{
    XDR_ENUM(x, v->status);
    return !x->failed;
}

bool wire_NVERIFY4args(struct xdr *x, struct NVERIFY4args *v)
{
    wire_fattr4(x, &v->obj_attributes);
    return !x->failed;
}

bool wire_NVERIFY4res(struct xdr *x, struct NVERIFY4res *v)
{
    XDR_ENUM(x, v->status);
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
    XDR_ENUM(x, v->opentype);
    switch (v->opentype) {
    case OPEN4_CREATE:
        wire_createhow4(x, &v->how);
        break;
    default:
        break;
    }
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
        XDR_ENUM(x, v->delegate_type);
        break;
    case CLAIM_DELEGATE_CUR:
        wire_open_claim_delegate_cur4(x, &v->delegate_cur_info);
        break;
    case CLAIM_DELEGATE_PREV:
        xdr_opaque(x, &v->file_delegate_prev, LIMIT_WIRE_OPAQUE_BYTES);
        break;
    case CLAIM_FH:
        break;
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
        wire_open_read_delegation4(x, &v->read);
        break;
    case OPEN_DELEGATE_WRITE:
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

bool wire_OPENATTR4args(struct xdr *x, struct OPENATTR4args *v)
{
    xdr_bool(x, &v->createdir);
    return !x->failed;
}

bool wire_OPENATTR4res(struct xdr *x, struct OPENATTR4res *v)
{
    XDR_ENUM(x, v->status);
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

bool wire_PUTFH4args(struct xdr *x, struct PUTFH4args *v)
{
    wire_nfs_fh4(x, &v->object);
    return !x->failed;
}

bool wire_PUTFH4res(struct xdr *x, struct PUTFH4res *v)
{
    XDR_ENUM(x, v->status);
    return !x->failed;
}

bool wire_PUTPUBFH4res(struct xdr *x, struct PUTPUBFH4res *v)
{
    XDR_ENUM(x, v->status);
    return !x->failed;
}

bool wire_PUTROOTFH4res(struct xdr *x, struct PUTROOTFH4res *v)
{
    XDR_ENUM(x, v->status);
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

bool wire_READDIR4args(struct xdr *x, struct READDIR4args *v)
{
    xdr_u64(x, &v->cookie);
    xdr_fixed(x, v->cookieverf, NFS4_VERIFIER_SIZE);
    xdr_u32(x, &v->dircount);
    xdr_u32(x, &v->maxcount);
    wire_bitmap4(x, &v->attr_request);
    return !x->failed;
}

bool wire_READLINK4resok(struct xdr *x, struct READLINK4resok *v)
{
    xdr_opaque(x, &v->link, LIMIT_WIRE_OPAQUE_BYTES);
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

bool wire_RENEW4args(struct xdr *x, struct RENEW4args *v)
{
    xdr_u64(x, &v->clientid);
    return !x->failed;
}

bool wire_RENEW4res(struct xdr *x, struct RENEW4res *v)
{
    XDR_ENUM(x, v->status);
    return !x->failed;
}

bool wire_RESTOREFH4res(struct xdr *x, struct RESTOREFH4res *v)
{
    XDR_ENUM(x, v->status);
    return !x->failed;
}

bool wire_SAVEFH4res(struct xdr *x, struct SAVEFH4res *v)
{
    XDR_ENUM(x, v->status);
    return !x->failed;
}

bool wire_SECINFO4args(struct xdr *x, struct SECINFO4args *v)
{
    xdr_opaque(x, &v->name, LIMIT_WIRE_OPAQUE_BYTES);
    return !x->failed;
}

bool wire_rpcsec_gss_info(struct xdr *x, struct rpcsec_gss_info *v)
{
    xdr_opaque(x, &v->oid, LIMIT_WIRE_OPAQUE_BYTES);
    xdr_u32(x, &v->qop);
    XDR_ENUM(x, v->service);
    return !x->failed;
}

bool wire_secinfo4(struct xdr *x, struct secinfo4 *v)
{
    xdr_u32(x, &v->flavor);
    switch (v->flavor) {
    case RPCSEC_GSS:
        wire_rpcsec_gss_info(x, &v->flavor_info);
        break;
    default:
        break;
    }
    return !x->failed;
}

bool wire_SETATTR4args(struct xdr *x, struct SETATTR4args *v)
{
    wire_stateid4(x, &v->stateid);
    wire_fattr4(x, &v->obj_attributes);
    return !x->failed;
}

bool wire_SETATTR4res(struct xdr *x, struct SETATTR4res *v)
{
    XDR_ENUM(x, v->status);
    wire_bitmap4(x, &v->attrsset);
    return !x->failed;
}

bool wire_SETCLIENTID4args(struct xdr *x, struct SETCLIENTID4args *v)
{
    wire_nfs_client_id4(x, &v->client);
    wire_cb_client4(x, &v->callback);
    xdr_u32(x, &v->callback_ident);
    return !x->failed;
}

bool wire_SETCLIENTID4resok(struct xdr *x, struct SETCLIENTID4resok *v)
{
    xdr_u64(x, &v->clientid);
    xdr_fixed(x, v->setclientid_confirm, NFS4_VERIFIER_SIZE);
    return !x->failed;
}

bool wire_SETCLIENTID_CONFIRM4args(struct xdr *x, struct SETCLIENTID_CONFIRM4args *v)
{
    xdr_u64(x, &v->clientid);
    xdr_fixed(x, v->setclientid_confirm, NFS4_VERIFIER_SIZE);
    return !x->failed;
}

bool wire_SETCLIENTID_CONFIRM4res(struct xdr *x, struct SETCLIENTID_CONFIRM4res *v)
{
    XDR_ENUM(x, v->status);
    return !x->failed;
}

bool wire_VERIFY4args(struct xdr *x, struct VERIFY4args *v)
{
    wire_fattr4(x, &v->obj_attributes);
    return !x->failed;
}

bool wire_VERIFY4res(struct xdr *x, struct VERIFY4res *v)
{
    XDR_ENUM(x, v->status);
    return !x->failed;
}

bool wire_WRITE4args(struct xdr *x, struct WRITE4args *v)
{
    wire_stateid4(x, &v->stateid);
    xdr_u64(x, &v->offset);
    XDR_ENUM(x, v->stable);
    xdr_opaque(x, &v->data, LIMIT_WIRE_OPAQUE_BYTES);
    return !x->failed;
}

bool wire_WRITE4resok(struct xdr *x, struct WRITE4resok *v)
{
    xdr_u32(x, &v->count);
    XDR_ENUM(x, v->committed);
    xdr_fixed(x, v->writeverf, NFS4_VERIFIER_SIZE);
    return !x->failed;
}

bool wire_RELEASE_LOCKOWNER4args(struct xdr *x, struct RELEASE_LOCKOWNER4args *v)
{
    wire_state_owner4(x, &v->lock_owner);
    return !x->failed;
}

bool wire_RELEASE_LOCKOWNER4res(struct xdr *x, struct RELEASE_LOCKOWNER4res *v)
{
    XDR_ENUM(x, v->status);
    return !x->failed;
}

bool wire_ILLEGAL4res(struct xdr *x, struct ILLEGAL4res *v)
{
    XDR_ENUM(x, v->status);
    return !x->failed;
}

bool wire_gss_cb_handles4(struct xdr *x, struct gss_cb_handles4 *v)
{
    XDR_ENUM(x, v->gcbp_service);
    xdr_opaque(x, &v->gcbp_handle_from_server, LIMIT_WIRE_OPAQUE_BYTES);
    xdr_opaque(x, &v->gcbp_handle_from_client, LIMIT_WIRE_OPAQUE_BYTES);
    return !x->failed;
}

bool wire_authsys_parms(struct xdr *x, struct authsys_parms *v)
{
    xdr_u32(x, &v->stamp);
    xdr_opaque(x, &v->machinename, 255);
    xdr_u32(x, &v->uid);
    xdr_u32(x, &v->gid);
    v->gids = xdr_array(x, &v->gids_count, 16, v->gids, sizeof(*v->gids));
    for (uint32_t i = 0; i < v->gids_count && !x->failed; i++)
        xdr_u32(x, &v->gids[i]);
    return !x->failed;
}

bool wire_callback_sec_parms4(struct xdr *x, struct callback_sec_parms4 *v)
{
    xdr_u32(x, &v->cb_secflavor);
    switch (v->cb_secflavor) {
    case AUTH_NONE:
        break;
    case AUTH_SYS:
        wire_authsys_parms(x, &v->cbsp_sys_cred);
        break;
    case RPCSEC_GSS:
        wire_gss_cb_handles4(x, &v->cbsp_gss_handles);
        break;
    default:
        return xdr_fail(x);
    }
    return !x->failed;
}

bool wire_BACKCHANNEL_CTL4args(struct xdr *x, struct BACKCHANNEL_CTL4args *v)
{
    xdr_u32(x, &v->bca_cb_program);
    v->bca_sec_parms = xdr_array(x, &v->bca_sec_parms_count, LIMIT_WIRE_ARRAY, v->bca_sec_parms,
                                 sizeof(*v->bca_sec_parms));
    for (uint32_t i = 0; i < v->bca_sec_parms_count && !x->failed; i++)
        wire_callback_sec_parms4(x, &v->bca_sec_parms[i]);
    return !x->failed;
}

bool wire_BACKCHANNEL_CTL4res(struct xdr *x, struct BACKCHANNEL_CTL4res *v)
{
    XDR_ENUM(x, v->bcr_status);
    return !x->failed;
}

bool wire_BIND_CONN_TO_SESSION4args(struct xdr *x, struct BIND_CONN_TO_SESSION4args *v)
{
    xdr_fixed(x, v->bctsa_sessid, NFS4_SESSIONID_SIZE);
    XDR_ENUM(x, v->bctsa_dir);
    xdr_bool(x, &v->bctsa_use_conn_in_rdma_mode);
    return !x->failed;
}

bool wire_BIND_CONN_TO_SESSION4resok(struct xdr *x, struct BIND_CONN_TO_SESSION4resok *v)
{
    xdr_fixed(x, v->bctsr_sessid, NFS4_SESSIONID_SIZE);
    XDR_ENUM(x, v->bctsr_dir);
    xdr_bool(x, &v->bctsr_use_conn_in_rdma_mode);
    return !x->failed;
}

bool wire_state_protect_ops4(struct xdr *x, struct state_protect_ops4 *v)
{
    wire_bitmap4(x, &v->spo_must_enforce);
    wire_bitmap4(x, &v->spo_must_allow);
    return !x->failed;
}

bool wire_ssv_sp_parms4(struct xdr *x, struct ssv_sp_parms4 *v)
{
    wire_state_protect_ops4(x, &v->ssp_ops);
    v->ssp_hash_algs = xdr_array(x, &v->ssp_hash_algs_count, LIMIT_WIRE_ARRAY, v->ssp_hash_algs,
                                 sizeof(*v->ssp_hash_algs));
    for (uint32_t i = 0; i < v->ssp_hash_algs_count && !x->failed; i++)
        xdr_opaque(x, &v->ssp_hash_algs[i], LIMIT_WIRE_OPAQUE_BYTES);
    v->ssp_encr_algs = xdr_array(x, &v->ssp_encr_algs_count, LIMIT_WIRE_ARRAY, v->ssp_encr_algs,
                                 sizeof(*v->ssp_encr_algs));
    for (uint32_t i = 0; i < v->ssp_encr_algs_count && !x->failed; i++)
        xdr_opaque(x, &v->ssp_encr_algs[i], LIMIT_WIRE_OPAQUE_BYTES);
    xdr_u32(x, &v->ssp_window);
    xdr_u32(x, &v->ssp_num_gss_handles);
    return !x->failed;
}

bool wire_state_protect4_a(struct xdr *x, struct state_protect4_a *v)
{
    XDR_ENUM(x, v->spa_how);
    switch (v->spa_how) {
    case SP4_NONE:
        break;
    case SP4_MACH_CRED:
        wire_state_protect_ops4(x, &v->spa_mach_ops);
        break;
    case SP4_SSV:
        wire_ssv_sp_parms4(x, &v->spa_ssv_parms);
        break;
    default:
        return xdr_fail(x);
    }
    return !x->failed;
}

bool wire_EXCHANGE_ID4args(struct xdr *x, struct EXCHANGE_ID4args *v)
{
    wire_client_owner4(x, &v->eia_clientowner);
    xdr_u32(x, &v->eia_flags);
    wire_state_protect4_a(x, &v->eia_state_protect);
    v->eia_client_impl_id = xdr_array(x, &v->eia_client_impl_id_count, 1, v->eia_client_impl_id,
                                      sizeof(*v->eia_client_impl_id));
    for (uint32_t i = 0; i < v->eia_client_impl_id_count && !x->failed; i++)
        wire_nfs_impl_id4(x, &v->eia_client_impl_id[i]);
    return !x->failed;
}

bool wire_ssv_prot_info4(struct xdr *x, struct ssv_prot_info4 *v)
{
    wire_state_protect_ops4(x, &v->spi_ops);
    xdr_u32(x, &v->spi_hash_alg);
    xdr_u32(x, &v->spi_encr_alg);
    xdr_u32(x, &v->spi_ssv_len);
    xdr_u32(x, &v->spi_window);
    v->spi_handles = xdr_array(x, &v->spi_handles_count, LIMIT_WIRE_ARRAY, v->spi_handles,
                               sizeof(*v->spi_handles));
    for (uint32_t i = 0; i < v->spi_handles_count && !x->failed; i++)
        xdr_opaque(x, &v->spi_handles[i], LIMIT_WIRE_OPAQUE_BYTES);
    return !x->failed;
}

bool wire_state_protect4_r(struct xdr *x, struct state_protect4_r *v)
{
    XDR_ENUM(x, v->spr_how);
    switch (v->spr_how) {
    case SP4_NONE:
        break;
    case SP4_MACH_CRED:
        wire_state_protect_ops4(x, &v->spr_mach_ops);
        break;
    case SP4_SSV:
        wire_ssv_prot_info4(x, &v->spr_ssv_info);
        break;
    default:
        return xdr_fail(x);
    }
    return !x->failed;
}

bool wire_EXCHANGE_ID4resok(struct xdr *x, struct EXCHANGE_ID4resok *v)
{
    xdr_u64(x, &v->eir_clientid);
    xdr_u32(x, &v->eir_sequenceid);
    xdr_u32(x, &v->eir_flags);
    wire_state_protect4_r(x, &v->eir_state_protect);
    wire_server_owner4(x, &v->eir_server_owner);
    xdr_opaque(x, &v->eir_server_scope, NFS4_OPAQUE_LIMIT);
    v->eir_server_impl_id = xdr_array(x, &v->eir_server_impl_id_count, 1, v->eir_server_impl_id,
                                      sizeof(*v->eir_server_impl_id));
    for (uint32_t i = 0; i < v->eir_server_impl_id_count && !x->failed; i++)
        wire_nfs_impl_id4(x, &v->eir_server_impl_id[i]);
    return !x->failed;
}

bool wire_channel_attrs4(struct xdr *x, struct channel_attrs4 *v)
{
    xdr_u32(x, &v->ca_headerpadsize);
    xdr_u32(x, &v->ca_maxrequestsize);
    xdr_u32(x, &v->ca_maxresponsesize);
    xdr_u32(x, &v->ca_maxresponsesize_cached);
    xdr_u32(x, &v->ca_maxoperations);
    xdr_u32(x, &v->ca_maxrequests);
    v->ca_rdma_ird =
        xdr_array(x, &v->ca_rdma_ird_count, 1, v->ca_rdma_ird, sizeof(*v->ca_rdma_ird));
    for (uint32_t i = 0; i < v->ca_rdma_ird_count && !x->failed; i++)
        xdr_u32(x, &v->ca_rdma_ird[i]);
    return !x->failed;
}

bool wire_CREATE_SESSION4args(struct xdr *x, struct CREATE_SESSION4args *v)
{
    xdr_u64(x, &v->csa_clientid);
    xdr_u32(x, &v->csa_sequence);
    xdr_u32(x, &v->csa_flags);
    wire_channel_attrs4(x, &v->csa_fore_chan_attrs);
    wire_channel_attrs4(x, &v->csa_back_chan_attrs);
    xdr_u32(x, &v->csa_cb_program);
    v->csa_sec_parms = xdr_array(x, &v->csa_sec_parms_count, LIMIT_WIRE_ARRAY, v->csa_sec_parms,
                                 sizeof(*v->csa_sec_parms));
    for (uint32_t i = 0; i < v->csa_sec_parms_count && !x->failed; i++)
        wire_callback_sec_parms4(x, &v->csa_sec_parms[i]);
    return !x->failed;
}

bool wire_CREATE_SESSION4resok(struct xdr *x, struct CREATE_SESSION4resok *v)
{
    xdr_fixed(x, v->csr_sessionid, NFS4_SESSIONID_SIZE);
    xdr_u32(x, &v->csr_sequence);
    xdr_u32(x, &v->csr_flags);
    wire_channel_attrs4(x, &v->csr_fore_chan_attrs);
    wire_channel_attrs4(x, &v->csr_back_chan_attrs);
    return !x->failed;
}

bool wire_DESTROY_SESSION4args(struct xdr *x, struct DESTROY_SESSION4args *v)
{
    xdr_fixed(x, v->dsa_sessionid, NFS4_SESSIONID_SIZE);
    return !x->failed;
}

bool wire_DESTROY_SESSION4res(struct xdr *x, struct DESTROY_SESSION4res *v)
{
    XDR_ENUM(x, v->dsr_status);
    return !x->failed;
}

bool wire_FREE_STATEID4args(struct xdr *x, struct FREE_STATEID4args *v)
{
    wire_stateid4(x, &v->fsa_stateid);
    return !x->failed;
}

bool wire_FREE_STATEID4res(struct xdr *x, struct FREE_STATEID4res *v)
{
    XDR_ENUM(x, v->fsr_status);
    return !x->failed;
}

bool wire_GET_DIR_DELEGATION4args(struct xdr *x, struct GET_DIR_DELEGATION4args *v)
{
    xdr_bool(x, &v->gdda_signal_deleg_avail);
    wire_bitmap4(x, &v->gdda_notification_types);
    wire_nfstime4(x, &v->gdda_child_attr_delay);
    wire_nfstime4(x, &v->gdda_dir_attr_delay);
    wire_bitmap4(x, &v->gdda_child_attributes);
    wire_bitmap4(x, &v->gdda_dir_attributes);
    return !x->failed;
}

bool wire_GET_DIR_DELEGATION4resok(struct xdr *x, struct GET_DIR_DELEGATION4resok *v)
{
    xdr_fixed(x, v->gddr_cookieverf, NFS4_VERIFIER_SIZE);
    wire_stateid4(x, &v->gddr_stateid);
    wire_bitmap4(x, &v->gddr_notification);
    wire_bitmap4(x, &v->gddr_child_attributes);
    wire_bitmap4(x, &v->gddr_dir_attributes);
    return !x->failed;
}

bool wire_GET_DIR_DELEGATION4res_non_fatal(struct xdr *x,
                                           struct GET_DIR_DELEGATION4res_non_fatal *v)
{
    XDR_ENUM(x, v->gddrnf_status);
    switch (v->gddrnf_status) {
    case GDD4_OK:
        wire_GET_DIR_DELEGATION4resok(x, &v->gddrnf_resok4);
        break;
    case GDD4_UNAVAIL:
        xdr_bool(x, &v->gddrnf_will_signal_deleg_avail);
        break;
    default:
        return xdr_fail(x);
    }
    return !x->failed;
}

bool wire_GETDEVICEINFO4args(struct xdr *x, struct GETDEVICEINFO4args *v)
{
    xdr_fixed(x, v->gdia_device_id, NFS4_DEVICEID4_SIZE);
    XDR_ENUM(x, v->gdia_layout_type);
    xdr_u32(x, &v->gdia_maxcount);
    wire_bitmap4(x, &v->gdia_notify_types);
    return !x->failed;
}

bool wire_GETDEVICEINFO4resok(struct xdr *x, struct GETDEVICEINFO4resok *v)
{
    wire_device_addr4(x, &v->gdir_device_addr);
    wire_bitmap4(x, &v->gdir_notification);
    return !x->failed;
}

bool wire_GETDEVICELIST4args(struct xdr *x, struct GETDEVICELIST4args *v)
{
    XDR_ENUM(x, v->gdla_layout_type);
    xdr_u32(x, &v->gdla_maxdevices);
    xdr_u64(x, &v->gdla_cookie);
    xdr_fixed(x, v->gdla_cookieverf, NFS4_VERIFIER_SIZE);
    return !x->failed;
}

bool wire_GETDEVICELIST4resok(struct xdr *x, struct GETDEVICELIST4resok *v)
{
    xdr_u64(x, &v->gdlr_cookie);
    xdr_fixed(x, v->gdlr_cookieverf, NFS4_VERIFIER_SIZE);
    v->gdlr_deviceid_list = xdr_array(x, &v->gdlr_deviceid_list_count, LIMIT_WIRE_ARRAY,
                                      v->gdlr_deviceid_list, sizeof(*v->gdlr_deviceid_list));
    for (uint32_t i = 0; i < v->gdlr_deviceid_list_count && !x->failed; i++)
        xdr_fixed(x, v->gdlr_deviceid_list[i], NFS4_DEVICEID4_SIZE);
    xdr_bool(x, &v->gdlr_eof);
    return !x->failed;
}

bool wire_newtime4(struct xdr *x, struct newtime4 *v)
{
    xdr_bool(x, &v->nt_timechanged);
    if (v->nt_timechanged)
        wire_nfstime4(x, &v->nt_time);
    return !x->failed;
}

bool wire_newoffset4(struct xdr *x, struct newoffset4 *v)
{
    xdr_bool(x, &v->no_newoffset);
    if (v->no_newoffset)
        xdr_u64(x, &v->no_offset);
    return !x->failed;
}

bool wire_LAYOUTCOMMIT4args(struct xdr *x, struct LAYOUTCOMMIT4args *v)
{
    xdr_u64(x, &v->loca_offset);
    xdr_u64(x, &v->loca_length);
    xdr_bool(x, &v->loca_reclaim);
    wire_stateid4(x, &v->loca_stateid);
    wire_newoffset4(x, &v->loca_last_write_offset);
    wire_newtime4(x, &v->loca_time_modify);
    wire_layoutupdate4(x, &v->loca_layoutupdate);
    return !x->failed;
}

bool wire_newsize4(struct xdr *x, struct newsize4 *v)
{
    xdr_bool(x, &v->ns_sizechanged);
    if (v->ns_sizechanged)
        xdr_u64(x, &v->ns_size);
    return !x->failed;
}

bool wire_LAYOUTCOMMIT4resok(struct xdr *x, struct LAYOUTCOMMIT4resok *v)
{
    wire_newsize4(x, &v->locr_newsize);
    return !x->failed;
}

bool wire_LAYOUTGET4args(struct xdr *x, struct LAYOUTGET4args *v)
{
    xdr_bool(x, &v->loga_signal_layout_avail);
    XDR_ENUM(x, v->loga_layout_type);
    XDR_ENUM(x, v->loga_iomode);
    xdr_u64(x, &v->loga_offset);
    xdr_u64(x, &v->loga_length);
    xdr_u64(x, &v->loga_minlength);
    wire_stateid4(x, &v->loga_stateid);
    xdr_u32(x, &v->loga_maxcount);
    return !x->failed;
}

bool wire_LAYOUTGET4resok(struct xdr *x, struct LAYOUTGET4resok *v)
{
    xdr_bool(x, &v->logr_return_on_close);
    wire_stateid4(x, &v->logr_stateid);
    v->logr_layout = xdr_array(x, &v->logr_layout_count, LIMIT_WIRE_ARRAY, v->logr_layout,
                               sizeof(*v->logr_layout));
    for (uint32_t i = 0; i < v->logr_layout_count && !x->failed; i++)
        wire_layout4(x, &v->logr_layout[i]);
    return !x->failed;
}

bool wire_LAYOUTRETURN4args(struct xdr *x, struct LAYOUTRETURN4args *v)
{
    xdr_bool(x, &v->lora_reclaim);
    XDR_ENUM(x, v->lora_layout_type);
    XDR_ENUM(x, v->lora_iomode);
    wire_layoutreturn4(x, &v->lora_layoutreturn);
    return !x->failed;
}

bool wire_layoutreturn_stateid(struct xdr *x, struct layoutreturn_stateid *v)
{
    xdr_bool(x, &v->lrs_present);
    if (v->lrs_present)
        wire_stateid4(x, &v->lrs_stateid);
    return !x->failed;
}

bool wire_SEQUENCE4args(struct xdr *x, struct SEQUENCE4args *v)
{
    xdr_fixed(x, v->sa_sessionid, NFS4_SESSIONID_SIZE);
    xdr_u32(x, &v->sa_sequenceid);
    xdr_u32(x, &v->sa_slotid);
    xdr_u32(x, &v->sa_highest_slotid);
    xdr_bool(x, &v->sa_cachethis);
    return !x->failed;
}

bool wire_SEQUENCE4resok(struct xdr *x, struct SEQUENCE4resok *v)
{
    xdr_fixed(x, v->sr_sessionid, NFS4_SESSIONID_SIZE);
    xdr_u32(x, &v->sr_sequenceid);
    xdr_u32(x, &v->sr_slotid);
    xdr_u32(x, &v->sr_highest_slotid);
    xdr_u32(x, &v->sr_target_highest_slotid);
    xdr_u32(x, &v->sr_status_flags);
    return !x->failed;
}

bool wire_ssa_digest_input4(struct xdr *x, struct ssa_digest_input4 *v)
{
    wire_SEQUENCE4args(x, &v->sdi_seqargs);
    return !x->failed;
}

bool wire_SET_SSV4args(struct xdr *x, struct SET_SSV4args *v)
{
    xdr_opaque(x, &v->ssa_ssv, LIMIT_WIRE_OPAQUE_BYTES);
    xdr_opaque(x, &v->ssa_digest, LIMIT_WIRE_OPAQUE_BYTES);
    return !x->failed;
}

bool wire_SEQUENCE4res(struct xdr *x, struct SEQUENCE4res *v)
{
    XDR_ENUM(x, v->sr_status);
    switch (v->sr_status) {
    case NFS4_OK:
        wire_SEQUENCE4resok(x, &v->sr_resok4);
        break;
    default:
        break;
    }
    return !x->failed;
}

bool wire_ssr_digest_input4(struct xdr *x, struct ssr_digest_input4 *v)
{
    wire_SEQUENCE4res(x, &v->sdi_seqres);
    return !x->failed;
}

bool wire_SET_SSV4resok(struct xdr *x, struct SET_SSV4resok *v)
{
    xdr_opaque(x, &v->ssr_digest, LIMIT_WIRE_OPAQUE_BYTES);
    return !x->failed;
}

bool wire_TEST_STATEID4args(struct xdr *x, struct TEST_STATEID4args *v)
{
    v->ts_stateids = xdr_array(x, &v->ts_stateids_count, LIMIT_WIRE_ARRAY, v->ts_stateids,
                               sizeof(*v->ts_stateids));
    for (uint32_t i = 0; i < v->ts_stateids_count && !x->failed; i++)
        wire_stateid4(x, &v->ts_stateids[i]);
    return !x->failed;
}

bool wire_TEST_STATEID4resok(struct xdr *x, struct TEST_STATEID4resok *v)
{
    v->tsr_status_codes = xdr_array(x, &v->tsr_status_codes_count, LIMIT_WIRE_ARRAY,
                                    v->tsr_status_codes, sizeof(*v->tsr_status_codes));
    for (uint32_t i = 0; i < v->tsr_status_codes_count && !x->failed; i++)
        XDR_ENUM(x, v->tsr_status_codes[i]);
    return !x->failed;
}

bool wire_deleg_claim4(struct xdr *x, struct deleg_claim4 *v)
{
    XDR_ENUM(x, v->dc_claim);
    switch (v->dc_claim) {
    case CLAIM_FH:
        break;
    case CLAIM_DELEG_PREV_FH:
        break;
    case CLAIM_PREVIOUS:
        XDR_ENUM(x, v->dc_delegate_type);
        break;
    default:
        return xdr_fail(x);
    }
    return !x->failed;
}

bool wire_WANT_DELEGATION4args(struct xdr *x, struct WANT_DELEGATION4args *v)
{
    xdr_u32(x, &v->wda_want);
    wire_deleg_claim4(x, &v->wda_claim);
    return !x->failed;
}

bool wire_DESTROY_CLIENTID4args(struct xdr *x, struct DESTROY_CLIENTID4args *v)
{
    xdr_u64(x, &v->dca_clientid);
    return !x->failed;
}

bool wire_DESTROY_CLIENTID4res(struct xdr *x, struct DESTROY_CLIENTID4res *v)
{
    XDR_ENUM(x, v->dcr_status);
    return !x->failed;
}

bool wire_RECLAIM_COMPLETE4args(struct xdr *x, struct RECLAIM_COMPLETE4args *v)
{
    xdr_bool(x, &v->rca_one_fs);
    return !x->failed;
}

bool wire_RECLAIM_COMPLETE4res(struct xdr *x, struct RECLAIM_COMPLETE4res *v)
{
    XDR_ENUM(x, v->rcr_status);
    return !x->failed;
}

bool wire_CB_GETATTR4args(struct xdr *x, struct CB_GETATTR4args *v)
{
    wire_nfs_fh4(x, &v->fh);
    wire_bitmap4(x, &v->attr_request);
    return !x->failed;
}

bool wire_CB_GETATTR4resok(struct xdr *x, struct CB_GETATTR4resok *v)
{
    wire_fattr4(x, &v->obj_attributes);
    return !x->failed;
}

bool wire_CB_RECALL4args(struct xdr *x, struct CB_RECALL4args *v)
{
    wire_stateid4(x, &v->stateid);
    xdr_bool(x, &v->truncate);
    wire_nfs_fh4(x, &v->fh);
    return !x->failed;
}

bool wire_CB_RECALL4res(struct xdr *x, struct CB_RECALL4res *v)
{
    XDR_ENUM(x, v->status);
    return !x->failed;
}

bool wire_CB_ILLEGAL4res(struct xdr *x, struct CB_ILLEGAL4res *v)
{
    XDR_ENUM(x, v->status);
    return !x->failed;
}

bool wire_layoutrecall_file4(struct xdr *x, struct layoutrecall_file4 *v)
{
    wire_nfs_fh4(x, &v->lor_fh);
    xdr_u64(x, &v->lor_offset);
    xdr_u64(x, &v->lor_length);
    wire_stateid4(x, &v->lor_stateid);
    return !x->failed;
}

bool wire_layoutrecall4(struct xdr *x, struct layoutrecall4 *v)
{
    XDR_ENUM(x, v->lor_recalltype);
    switch (v->lor_recalltype) {
    case LAYOUTRECALL4_FILE:
        wire_layoutrecall_file4(x, &v->lor_layout);
        break;
    case LAYOUTRECALL4_FSID:
        wire_fsid4(x, &v->lor_fsid);
        break;
    case LAYOUTRECALL4_ALL:
        break;
    default:
        return xdr_fail(x);
    }
    return !x->failed;
}

bool wire_CB_LAYOUTRECALL4args(struct xdr *x, struct CB_LAYOUTRECALL4args *v)
{
    XDR_ENUM(x, v->clora_type);
    XDR_ENUM(x, v->clora_iomode);
    xdr_bool(x, &v->clora_changed);
    wire_layoutrecall4(x, &v->clora_recall);
    return !x->failed;
}

bool wire_CB_LAYOUTRECALL4res(struct xdr *x, struct CB_LAYOUTRECALL4res *v)
{
    XDR_ENUM(x, v->clorr_status);
    return !x->failed;
}

bool wire_notify_entry4(struct xdr *x, struct notify_entry4 *v)
{
    xdr_opaque(x, &v->ne_file, LIMIT_WIRE_OPAQUE_BYTES);
    wire_fattr4(x, &v->ne_attrs);
    return !x->failed;
}

bool wire_prev_entry4(struct xdr *x, struct prev_entry4 *v)
{
    wire_notify_entry4(x, &v->pe_prev_entry);
    xdr_u64(x, &v->pe_prev_entry_cookie);
    return !x->failed;
}

bool wire_notify_remove4(struct xdr *x, struct notify_remove4 *v)
{
    wire_notify_entry4(x, &v->nrm_old_entry);
    xdr_u64(x, &v->nrm_old_entry_cookie);
    return !x->failed;
}

bool wire_notify_add4(struct xdr *x, struct notify_add4 *v)
{
    v->nad_old_entry =
        xdr_array(x, &v->nad_old_entry_count, 1, v->nad_old_entry, sizeof(*v->nad_old_entry));
    for (uint32_t i = 0; i < v->nad_old_entry_count && !x->failed; i++)
        wire_notify_remove4(x, &v->nad_old_entry[i]);
    wire_notify_entry4(x, &v->nad_new_entry);
    v->nad_new_entry_cookie = xdr_array(x, &v->nad_new_entry_cookie_count, 1,
                                        v->nad_new_entry_cookie, sizeof(*v->nad_new_entry_cookie));
    for (uint32_t i = 0; i < v->nad_new_entry_cookie_count && !x->failed; i++)
        xdr_u64(x, &v->nad_new_entry_cookie[i]);
    v->nad_prev_entry =
        xdr_array(x, &v->nad_prev_entry_count, 1, v->nad_prev_entry, sizeof(*v->nad_prev_entry));
    for (uint32_t i = 0; i < v->nad_prev_entry_count && !x->failed; i++)
        wire_prev_entry4(x, &v->nad_prev_entry[i]);
    xdr_bool(x, &v->nad_last_entry);
    return !x->failed;
}

bool wire_notify_attr4(struct xdr *x, struct notify_attr4 *v)
{
    wire_notify_entry4(x, &v->na_changed_entry);
    return !x->failed;
}

bool wire_notify_rename4(struct xdr *x, struct notify_rename4 *v)
{
    wire_notify_remove4(x, &v->nrn_old_entry);
    wire_notify_add4(x, &v->nrn_new_entry);
    return !x->failed;
}

bool wire_notify_verifier4(struct xdr *x, struct notify_verifier4 *v)
{
    xdr_fixed(x, v->nv_old_cookieverf, NFS4_VERIFIER_SIZE);
    xdr_fixed(x, v->nv_new_cookieverf, NFS4_VERIFIER_SIZE);
    return !x->failed;
}

bool wire_notify4(struct xdr *x, struct notify4 *v)
{
    wire_bitmap4(x, &v->notify_mask);
    xdr_opaque(x, &v->notify_vals, LIMIT_WIRE_OPAQUE_BYTES);
    return !x->failed;
}

bool wire_CB_NOTIFY4args(struct xdr *x, struct CB_NOTIFY4args *v)
{
    wire_stateid4(x, &v->cna_stateid);
    wire_nfs_fh4(x, &v->cna_fh);
    v->cna_changes = xdr_array(x, &v->cna_changes_count, LIMIT_WIRE_ARRAY, v->cna_changes,
                               sizeof(*v->cna_changes));
    for (uint32_t i = 0; i < v->cna_changes_count && !x->failed; i++)
        wire_notify4(x, &v->cna_changes[i]);
    return !x->failed;
}

bool wire_CB_NOTIFY4res(struct xdr *x, struct CB_NOTIFY4res *v)
{
    XDR_ENUM(x, v->cnr_status);
    return !x->failed;
}

bool wire_CB_PUSH_DELEG4args(struct xdr *x, struct CB_PUSH_DELEG4args *v)
{
    wire_nfs_fh4(x, &v->cpda_fh);
    wire_open_delegation4(x, &v->cpda_delegation);
    return !x->failed;
}

bool wire_CB_PUSH_DELEG4res(struct xdr *x, struct CB_PUSH_DELEG4res *v)
{
    XDR_ENUM(x, v->cpdr_status);
    return !x->failed;
}

bool wire_CB_RECALL_ANY4args(struct xdr *x, struct CB_RECALL_ANY4args *v)
{
    xdr_u32(x, &v->craa_objects_to_keep);
    wire_bitmap4(x, &v->craa_type_mask);
    return !x->failed;
}

bool wire_CB_RECALL_ANY4res(struct xdr *x, struct CB_RECALL_ANY4res *v)
{
    XDR_ENUM(x, v->crar_status);
    return !x->failed;
}

bool wire_CB_RECALLABLE_OBJ_AVAIL4res(struct xdr *x, struct CB_RECALLABLE_OBJ_AVAIL4res *v)
{
    XDR_ENUM(x, v->croa_status);
    return !x->failed;
}

bool wire_CB_RECALL_SLOT4args(struct xdr *x, struct CB_RECALL_SLOT4args *v)
{
    xdr_u32(x, &v->rsa_target_highest_slotid);
    return !x->failed;
}

bool wire_CB_RECALL_SLOT4res(struct xdr *x, struct CB_RECALL_SLOT4res *v)
{
    XDR_ENUM(x, v->rsr_status);
    return !x->failed;
}

bool wire_referring_call4(struct xdr *x, struct referring_call4 *v)
{
    xdr_u32(x, &v->rc_sequenceid);
    xdr_u32(x, &v->rc_slotid);
    return !x->failed;
}

bool wire_referring_call_list4(struct xdr *x, struct referring_call_list4 *v)
{
    xdr_fixed(x, v->rcl_sessionid, NFS4_SESSIONID_SIZE);
    v->rcl_referring_calls = xdr_array(x, &v->rcl_referring_calls_count, LIMIT_WIRE_ARRAY,
                                       v->rcl_referring_calls, sizeof(*v->rcl_referring_calls));
    for (uint32_t i = 0; i < v->rcl_referring_calls_count && !x->failed; i++)
        wire_referring_call4(x, &v->rcl_referring_calls[i]);
    return !x->failed;
}

bool wire_CB_SEQUENCE4args(struct xdr *x, struct CB_SEQUENCE4args *v)
{
    xdr_fixed(x, v->csa_sessionid, NFS4_SESSIONID_SIZE);
    xdr_u32(x, &v->csa_sequenceid);
    xdr_u32(x, &v->csa_slotid);
    xdr_u32(x, &v->csa_highest_slotid);
    xdr_bool(x, &v->csa_cachethis);
    v->csa_referring_call_lists =
        xdr_array(x, &v->csa_referring_call_lists_count, LIMIT_WIRE_ARRAY,
                  v->csa_referring_call_lists, sizeof(*v->csa_referring_call_lists));
    for (uint32_t i = 0; i < v->csa_referring_call_lists_count && !x->failed; i++)
        wire_referring_call_list4(x, &v->csa_referring_call_lists[i]);
    return !x->failed;
}

bool wire_CB_SEQUENCE4resok(struct xdr *x, struct CB_SEQUENCE4resok *v)
{
    xdr_fixed(x, v->csr_sessionid, NFS4_SESSIONID_SIZE);
    xdr_u32(x, &v->csr_sequenceid);
    xdr_u32(x, &v->csr_slotid);
    xdr_u32(x, &v->csr_highest_slotid);
    xdr_u32(x, &v->csr_target_highest_slotid);
    return !x->failed;
}

bool wire_CB_WANTS_CANCELLED4args(struct xdr *x, struct CB_WANTS_CANCELLED4args *v)
{
    xdr_bool(x, &v->cwca_contended_wants_cancelled);
    xdr_bool(x, &v->cwca_resourced_wants_cancelled);
    return !x->failed;
}

bool wire_CB_WANTS_CANCELLED4res(struct xdr *x, struct CB_WANTS_CANCELLED4res *v)
{
    XDR_ENUM(x, v->cwcr_status);
    return !x->failed;
}

bool wire_CB_NOTIFY_LOCK4args(struct xdr *x, struct CB_NOTIFY_LOCK4args *v)
{
    wire_nfs_fh4(x, &v->cnla_fh);
    wire_state_owner4(x, &v->cnla_lock_owner);
    return !x->failed;
}

bool wire_CB_NOTIFY_LOCK4res(struct xdr *x, struct CB_NOTIFY_LOCK4res *v)
{
    XDR_ENUM(x, v->cnlr_status);
    return !x->failed;
}

bool wire_notify_deviceid_delete4(struct xdr *x, struct notify_deviceid_delete4 *v)
{
    XDR_ENUM(x, v->ndd_layouttype);
    xdr_fixed(x, v->ndd_deviceid, NFS4_DEVICEID4_SIZE);
    return !x->failed;
}

bool wire_notify_deviceid_change4(struct xdr *x, struct notify_deviceid_change4 *v)
{
    XDR_ENUM(x, v->ndc_layouttype);
    xdr_fixed(x, v->ndc_deviceid, NFS4_DEVICEID4_SIZE);
    xdr_bool(x, &v->ndc_immediate);
    return !x->failed;
}

bool wire_CB_NOTIFY_DEVICEID4args(struct xdr *x, struct CB_NOTIFY_DEVICEID4args *v)
{
    v->cnda_changes = xdr_array(x, &v->cnda_changes_count, LIMIT_WIRE_ARRAY, v->cnda_changes,
                                sizeof(*v->cnda_changes));
    for (uint32_t i = 0; i < v->cnda_changes_count && !x->failed; i++)
        wire_notify4(x, &v->cnda_changes[i]);
    return !x->failed;
}

bool wire_CB_NOTIFY_DEVICEID4res(struct xdr *x, struct CB_NOTIFY_DEVICEID4res *v)
{
    XDR_ENUM(x, v->cndr_status);
    return !x->failed;
}

bool wire_SECINFO_NO_NAME4args(struct xdr *x, struct SECINFO_NO_NAME4args *v)
{
    XDR_ENUM(x, v->style);
    return !x->failed;
}
