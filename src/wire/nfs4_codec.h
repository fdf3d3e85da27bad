/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Filters between nfs4_types.h and XDR: each encodes or decodes, by the cursor it is given, and
 * returns false once the cursor has failed.  Pure; arrays are allocated from the cursor's arena.
 * A discriminant or enumeration outside the RFC's is a failure, which the server answers with
 * NFS4ERR_BADXDR; left to the handlers are nfs_ftype4 (BADTYPE), layouttype4 and layoutiomode4.
 */
#pragma once

#include "wire/nfs4_types.h"

static inline bool wire_stateid4(struct xdr *x, struct stateid4 *v)
{
    xdr_u32(x, &v->seqid);
    return xdr_fixed(x, v->other, NFS4_OTHER_SIZE);
}

/* The data points into the decoded buffer. */
static inline bool wire_nfs_fh4(struct xdr *x, struct nfs_fh4 *v)
{
    struct wire_opaque o = {v->data, v->len};
    bool ok = xdr_opaque(x, &o, NFS4_FHSIZE);

    if (x->op == XDR_DECODE)
        *v = (struct nfs_fh4){o.data, o.len};
    return ok;
}

/* nfs4_basic.c */
bool wire_bitmap4(struct xdr *x, struct bitmap4 *v);
bool wire_nfstime4(struct xdr *x, struct nfstime4 *v);
bool wire_settime4(struct xdr *x, struct settime4 *v);
bool wire_fsid4(struct xdr *x, struct fsid4 *v);
bool wire_change_policy4(struct xdr *x, struct change_policy4 *v);
bool wire_nfsace4(struct xdr *x, struct nfsace4 *v);
bool wire_mode_masked4(struct xdr *x, struct mode_masked4 *v);
bool wire_specdata4(struct xdr *x, struct specdata4 *v);
bool wire_netaddr4(struct xdr *x, struct netaddr4 *v);
bool wire_fattr4(struct xdr *x, struct fattr4 *v);
bool wire_change_info4(struct xdr *x, struct change_info4 *v);
bool wire_state_owner4(struct xdr *x, struct state_owner4 *v);

/* nfs4_file.c */
bool wire_ACCESS4args(struct xdr *x, struct ACCESS4args *v);
bool wire_ACCESS4resok(struct xdr *x, struct ACCESS4resok *v);
bool wire_COMMIT4args(struct xdr *x, struct COMMIT4args *v);
bool wire_COMMIT4resok(struct xdr *x, struct COMMIT4resok *v);
bool wire_GETATTR4args(struct xdr *x, struct GETATTR4args *v);
bool wire_GETATTR4resok(struct xdr *x, struct GETATTR4resok *v);
bool wire_GETFH4resok(struct xdr *x, struct GETFH4resok *v);
bool wire_NVERIFY4args(struct xdr *x, struct NVERIFY4args *v);
bool wire_PUTFH4args(struct xdr *x, struct PUTFH4args *v);
bool wire_READ4args(struct xdr *x, struct READ4args *v);
bool wire_READ4resok(struct xdr *x, struct READ4resok *v);
bool wire_READLINK4resok(struct xdr *x, struct READLINK4resok *v);
bool wire_SETATTR4args(struct xdr *x, struct SETATTR4args *v);
bool wire_VERIFY4args(struct xdr *x, struct VERIFY4args *v);
bool wire_WRITE4args(struct xdr *x, struct WRITE4args *v);
bool wire_WRITE4resok(struct xdr *x, struct WRITE4resok *v);

/* nfs4_dir.c */
bool wire_createtype4(struct xdr *x, struct createtype4 *v);
bool wire_CREATE4args(struct xdr *x, struct CREATE4args *v);
bool wire_CREATE4resok(struct xdr *x, struct CREATE4resok *v);
bool wire_LINK4args(struct xdr *x, struct LINK4args *v);
bool wire_LINK4resok(struct xdr *x, struct LINK4resok *v);
bool wire_LOOKUP4args(struct xdr *x, struct LOOKUP4args *v);
bool wire_OPENATTR4args(struct xdr *x, struct OPENATTR4args *v);
bool wire_READDIR4args(struct xdr *x, struct READDIR4args *v);
bool wire_REMOVE4args(struct xdr *x, struct REMOVE4args *v);
bool wire_REMOVE4resok(struct xdr *x, struct REMOVE4resok *v);
bool wire_RENAME4args(struct xdr *x, struct RENAME4args *v);
bool wire_RENAME4resok(struct xdr *x, struct RENAME4resok *v);
bool wire_SECINFO4args(struct xdr *x, struct SECINFO4args *v);
bool wire_SECINFO_NO_NAME4args(struct xdr *x, struct SECINFO_NO_NAME4args *v);
bool wire_rpcsec_gss_info(struct xdr *x, struct rpcsec_gss_info *v);
bool wire_secinfo4(struct xdr *x, struct secinfo4 *v);
bool wire_SECINFO4resok(struct xdr *x, struct SECINFO4resok *v);
bool wire_entry4(struct xdr *x, struct entry4 *v);
bool wire_dirlist4(struct xdr *x, struct dirlist4 *v);
bool wire_READDIR4resok(struct xdr *x, struct READDIR4resok *v);

/* nfs4_open.c */
bool wire_CLOSE4args(struct xdr *x, struct CLOSE4args *v);
bool wire_creatverfattr(struct xdr *x, struct creatverfattr *v);
bool wire_createhow4(struct xdr *x, struct createhow4 *v);
bool wire_openflag4(struct xdr *x, struct openflag4 *v);
bool wire_nfs_modified_limit4(struct xdr *x, struct nfs_modified_limit4 *v);
bool wire_nfs_space_limit4(struct xdr *x, struct nfs_space_limit4 *v);
bool wire_open_claim_delegate_cur4(struct xdr *x, struct open_claim_delegate_cur4 *v);
bool wire_open_claim4(struct xdr *x, struct open_claim4 *v);
bool wire_open_arguments4(struct xdr *x, struct open_arguments4 *v);
bool wire_OPEN4args(struct xdr *x, struct OPEN4args *v);
bool wire_open_read_delegation4(struct xdr *x, struct open_read_delegation4 *v);
bool wire_open_write_delegation4(struct xdr *x, struct open_write_delegation4 *v);
bool wire_open_none_delegation4(struct xdr *x, struct open_none_delegation4 *v);
bool wire_open_delegation4(struct xdr *x, struct open_delegation4 *v);
bool wire_OPEN4resok(struct xdr *x, struct OPEN4resok *v);
bool wire_OPEN_CONFIRM4args(struct xdr *x, struct OPEN_CONFIRM4args *v);
bool wire_OPEN_CONFIRM4resok(struct xdr *x, struct OPEN_CONFIRM4resok *v);
bool wire_OPEN_DOWNGRADE4args(struct xdr *x, struct OPEN_DOWNGRADE4args *v);
bool wire_OPEN_DOWNGRADE4resok(struct xdr *x, struct OPEN_DOWNGRADE4resok *v);
bool wire_CLOSE4resok(struct xdr *x, struct CLOSE4resok *v);

/* nfs4_delegation.c */
bool wire_DELEGPURGE4args(struct xdr *x, struct DELEGPURGE4args *v);
bool wire_DELEGRETURN4args(struct xdr *x, struct DELEGRETURN4args *v);
bool wire_deleg_claim4(struct xdr *x, struct deleg_claim4 *v);
bool wire_WANT_DELEGATION4args(struct xdr *x, struct WANT_DELEGATION4args *v);
bool wire_GET_DIR_DELEGATION4args(struct xdr *x, struct GET_DIR_DELEGATION4args *v);
bool wire_GET_DIR_DELEGATION4resok(struct xdr *x, struct GET_DIR_DELEGATION4resok *v);
bool wire_GET_DIR_DELEGATION4res_non_fatal(struct xdr *x,
                                           struct GET_DIR_DELEGATION4res_non_fatal *v);

/* nfs4_lock.c */
bool wire_open_to_lock_owner4(struct xdr *x, struct open_to_lock_owner4 *v);
bool wire_exist_lock_owner4(struct xdr *x, struct exist_lock_owner4 *v);
bool wire_locker4(struct xdr *x, struct locker4 *v);
bool wire_LOCK4args(struct xdr *x, struct LOCK4args *v);
bool wire_LOCK4denied(struct xdr *x, struct LOCK4denied *v);
bool wire_LOCK4resok(struct xdr *x, struct LOCK4resok *v);
bool wire_LOCKT4args(struct xdr *x, struct LOCKT4args *v);
bool wire_LOCKU4args(struct xdr *x, struct LOCKU4args *v);
bool wire_RELEASE_LOCKOWNER4args(struct xdr *x, struct RELEASE_LOCKOWNER4args *v);
bool wire_FREE_STATEID4args(struct xdr *x, struct FREE_STATEID4args *v);
bool wire_TEST_STATEID4args(struct xdr *x, struct TEST_STATEID4args *v);
bool wire_TEST_STATEID4resok(struct xdr *x, struct TEST_STATEID4resok *v);
bool wire_LOCKU4resok(struct xdr *x, struct LOCKU4resok *v);

/* nfs4_client.c */
bool wire_cb_client4(struct xdr *x, struct cb_client4 *v);
bool wire_nfs_client_id4(struct xdr *x, struct nfs_client_id4 *v);
bool wire_client_owner4(struct xdr *x, struct client_owner4 *v);
bool wire_server_owner4(struct xdr *x, struct server_owner4 *v);
bool wire_nfs_impl_id4(struct xdr *x, struct nfs_impl_id4 *v);
bool wire_RENEW4args(struct xdr *x, struct RENEW4args *v);
bool wire_SETCLIENTID4args(struct xdr *x, struct SETCLIENTID4args *v);
bool wire_SETCLIENTID4resok(struct xdr *x, struct SETCLIENTID4resok *v);
bool wire_SETCLIENTID_CONFIRM4args(struct xdr *x, struct SETCLIENTID_CONFIRM4args *v);
bool wire_state_protect_ops4(struct xdr *x, struct state_protect_ops4 *v);
bool wire_ssv_sp_parms4(struct xdr *x, struct ssv_sp_parms4 *v);
bool wire_state_protect4_a(struct xdr *x, struct state_protect4_a *v);
bool wire_EXCHANGE_ID4args(struct xdr *x, struct EXCHANGE_ID4args *v);
bool wire_ssv_prot_info4(struct xdr *x, struct ssv_prot_info4 *v);
bool wire_state_protect4_r(struct xdr *x, struct state_protect4_r *v);
bool wire_EXCHANGE_ID4resok(struct xdr *x, struct EXCHANGE_ID4resok *v);
bool wire_DESTROY_CLIENTID4args(struct xdr *x, struct DESTROY_CLIENTID4args *v);
bool wire_RECLAIM_COMPLETE4args(struct xdr *x, struct RECLAIM_COMPLETE4args *v);
bool wire_SET_SSV4args(struct xdr *x, struct SET_SSV4args *v);
bool wire_SET_SSV4resok(struct xdr *x, struct SET_SSV4resok *v);

/* nfs4_session.c */
bool wire_gss_cb_handles4(struct xdr *x, struct gss_cb_handles4 *v);
bool wire_callback_sec_parms4(struct xdr *x, struct callback_sec_parms4 *v);
bool wire_BACKCHANNEL_CTL4args(struct xdr *x, struct BACKCHANNEL_CTL4args *v);
bool wire_BIND_CONN_TO_SESSION4args(struct xdr *x, struct BIND_CONN_TO_SESSION4args *v);
bool wire_BIND_CONN_TO_SESSION4resok(struct xdr *x, struct BIND_CONN_TO_SESSION4resok *v);
bool wire_channel_attrs4(struct xdr *x, struct channel_attrs4 *v);
bool wire_CREATE_SESSION4args(struct xdr *x, struct CREATE_SESSION4args *v);
bool wire_CREATE_SESSION4resok(struct xdr *x, struct CREATE_SESSION4resok *v);
bool wire_DESTROY_SESSION4args(struct xdr *x, struct DESTROY_SESSION4args *v);
bool wire_SEQUENCE4args(struct xdr *x, struct SEQUENCE4args *v);
bool wire_SEQUENCE4resok(struct xdr *x, struct SEQUENCE4resok *v);

/* nfs4_layout.c */
bool wire_layout_content4(struct xdr *x, struct layout_content4 *v);
bool wire_layout4(struct xdr *x, struct layout4 *v);
bool wire_device_addr4(struct xdr *x, struct device_addr4 *v);
bool wire_layoutupdate4(struct xdr *x, struct layoutupdate4 *v);
bool wire_layoutreturn_file4(struct xdr *x, struct layoutreturn_file4 *v);
bool wire_layoutreturn4(struct xdr *x, struct layoutreturn4 *v);
bool wire_GETDEVICEINFO4args(struct xdr *x, struct GETDEVICEINFO4args *v);
bool wire_GETDEVICEINFO4resok(struct xdr *x, struct GETDEVICEINFO4resok *v);
bool wire_GETDEVICELIST4args(struct xdr *x, struct GETDEVICELIST4args *v);
bool wire_GETDEVICELIST4resok(struct xdr *x, struct GETDEVICELIST4resok *v);
bool wire_newtime4(struct xdr *x, struct newtime4 *v);
bool wire_newoffset4(struct xdr *x, struct newoffset4 *v);
bool wire_LAYOUTCOMMIT4args(struct xdr *x, struct LAYOUTCOMMIT4args *v);
bool wire_newsize4(struct xdr *x, struct newsize4 *v);
bool wire_LAYOUTCOMMIT4resok(struct xdr *x, struct LAYOUTCOMMIT4resok *v);
bool wire_LAYOUTGET4args(struct xdr *x, struct LAYOUTGET4args *v);
bool wire_LAYOUTGET4resok(struct xdr *x, struct LAYOUTGET4resok *v);
bool wire_LAYOUTRETURN4args(struct xdr *x, struct LAYOUTRETURN4args *v);
bool wire_layoutreturn_stateid(struct xdr *x, struct layoutreturn_stateid *v);
