/* SPDX-License-Identifier: Apache-2.0 */
/* Arguments of every operation of the table. */
#include "golden.h"
#include "golden_tables.h"

static void check_ACCESS(const struct nfs_argop4 *v)
{
    const __typeof__(v->opaccess) *m = &v->opaccess;

    EQ(m->access, ACCESS4_READ | ACCESS4_MODIFY | ACCESS4_EXTEND | ACCESS4_EXECUTE);
}

static void check_CLOSE(const struct nfs_argop4 *v)
{
    const __typeof__(v->opclose) *m = &v->opclose;

    EQ(m->seqid, 9);
    golden_stateid(&m->open_stateid);
}

static void check_COMMIT(const struct nfs_argop4 *v)
{
    const __typeof__(v->opcommit) *m = &v->opcommit;

    EQ(m->offset, 65536);
    EQ(m->count, 8192);
}

static void check_CREATE_dir(const struct nfs_argop4 *v)
{
    const __typeof__(v->opcreate) *m = &v->opcreate;

    EQ(m->objtype.type, NF4DIR);
    golden_text(&m->objname, "abc");
    golden_fattr(&m->createattrs);
}

static void check_CREATE_link(const struct nfs_argop4 *v)
{
    const __typeof__(v->opcreate) *m = &v->opcreate;

    EQ(m->objtype.type, NF4LNK);
    golden_text(&m->objtype.linkdata, "/tmp");
    golden_text(&m->objname, "abc");
}

static void check_CREATE_block(const struct nfs_argop4 *v)
{
    const __typeof__(v->opcreate) *m = &v->opcreate;

    EQ(m->objtype.type, NF4BLK);
    EQ(m->objtype.devdata.specdata1, 8);
    EQ(m->objtype.devdata.specdata2, 17);
}

static void check_CREATE_fifo(const struct nfs_argop4 *v)
{
    const __typeof__(v->opcreate) *m = &v->opcreate;

    EQ(m->objtype.type, NF4FIFO);
}

static void check_DELEGPURGE(const struct nfs_argop4 *v)
{
    const __typeof__(v->opdelegpurge) *m = &v->opdelegpurge;

    EQ(m->clientid, 42);
}

static void check_DELEGRETURN(const struct nfs_argop4 *v)
{
    const __typeof__(v->opdelegreturn) *m = &v->opdelegreturn;

    golden_stateid(&m->deleg_stateid);
}

static void check_GETATTR(const struct nfs_argop4 *v)
{
    const __typeof__(v->opgetattr) *m = &v->opgetattr;

    golden_bitmap(&m->attr_request);
}

static void check_LINK(const struct nfs_argop4 *v)
{
    const __typeof__(v->oplink) *m = &v->oplink;

    golden_text(&m->newname, "abc");
}

static void check_LOCK_new(const struct nfs_argop4 *v)
{
    const __typeof__(v->oplock) *m = &v->oplock;

    EQ(m->locktype, WRITE_LT);
    assert_true(m->reclaim);
    EQ(m->offset, 65536);
    EQ(m->length, 4096);
    assert_true(m->locker.new_lock_owner);
    EQ(m->locker.open_owner.open_seqid, 3);
    golden_stateid(&m->locker.open_owner.open_stateid);
    EQ(m->locker.open_owner.lock_seqid, 4);
    golden_owner(&m->locker.open_owner.lock_owner);
}

static void check_LOCK_existing(const struct nfs_argop4 *v)
{
    const __typeof__(v->oplock) *m = &v->oplock;

    EQ(m->locktype, READW_LT);
    assert_false(m->locker.new_lock_owner);
    golden_stateid(&m->locker.lock_owner.lock_stateid);
    EQ(m->locker.lock_owner.lock_seqid, 5);
}

static void check_LOCKT(const struct nfs_argop4 *v)
{
    const __typeof__(v->oplockt) *m = &v->oplockt;

    EQ(m->locktype, READ_LT);
    EQ(m->offset, 65536);
    EQ(m->length, 4096);
    golden_owner(&m->owner);
}

static void check_LOCKU(const struct nfs_argop4 *v)
{
    const __typeof__(v->oplocku) *m = &v->oplocku;

    EQ(m->locktype, WRITEW_LT);
    EQ(m->seqid, 6);
    golden_stateid(&m->lock_stateid);
    EQ(m->offset, 65536);
    EQ(m->length, 4096);
}

static void check_LOOKUP(const struct nfs_argop4 *v)
{
    const __typeof__(v->oplookup) *m = &v->oplookup;

    golden_text(&m->objname, "abc");
}

static void check_NVERIFY(const struct nfs_argop4 *v)
{
    const __typeof__(v->opnverify) *m = &v->opnverify;

    golden_fattr(&m->obj_attributes);
}

static void check_OPEN_unchecked(const struct nfs_argop4 *v)
{
    const __typeof__(v->opopen) *m = &v->opopen;

    EQ(m->seqid, 1);
    EQ(m->share_access, OPEN4_SHARE_ACCESS_BOTH);
    EQ(m->share_deny, OPEN4_SHARE_DENY_WRITE);
    golden_owner(&m->owner);
    EQ(m->openhow.opentype, OPEN4_CREATE);
    EQ(m->openhow.how.mode, UNCHECKED4);
    golden_fattr(&m->openhow.how.createattrs);
    EQ(m->claim.claim, CLAIM_NULL);
    golden_text(&m->claim.file, "abc");
}

static void check_OPEN_guarded_previous(const struct nfs_argop4 *v)
{
    const __typeof__(v->opopen) *m = &v->opopen;

    EQ(m->openhow.how.mode, GUARDED4);
    golden_fattr(&m->openhow.how.createattrs);
    EQ(m->claim.claim, CLAIM_PREVIOUS);
    EQ(m->claim.delegate_type, OPEN_DELEGATE_WRITE);
}

static void check_OPEN_exclusive(const struct nfs_argop4 *v)
{
    const __typeof__(v->opopen) *m = &v->opopen;

    EQ(m->openhow.how.mode, EXCLUSIVE4);
    golden_fixed(m->openhow.how.createverf, 0x51, 8);
}

static void check_OPEN_exclusive_1(const struct nfs_argop4 *v)
{
    const __typeof__(v->opopen) *m = &v->opopen;

    EQ(m->openhow.how.mode, EXCLUSIVE4_1);
    golden_fixed(m->openhow.how.ch_createboth.cva_verf, 0x51, 8);
    golden_fattr(&m->openhow.how.ch_createboth.cva_attrs);
}

static void check_OPEN_delegate_cur(const struct nfs_argop4 *v)
{
    const __typeof__(v->opopen) *m = &v->opopen;

    EQ(m->openhow.opentype, OPEN4_NOCREATE);
    EQ(m->claim.claim, CLAIM_DELEGATE_CUR);
    golden_stateid(&m->claim.delegate_cur_info.delegate_stateid);
    golden_text(&m->claim.delegate_cur_info.file, "abc");
}

static void check_OPEN_delegate_prev(const struct nfs_argop4 *v)
{
    const __typeof__(v->opopen) *m = &v->opopen;

    EQ(m->claim.claim, CLAIM_DELEGATE_PREV);
    golden_text(&m->claim.file_delegate_prev, "abc");
}

static void check_OPEN_fh(const struct nfs_argop4 *v)
{
    const __typeof__(v->opopen) *m = &v->opopen;

    EQ(m->claim.claim, CLAIM_FH);
}

static void check_OPEN_deleg_cur_fh(const struct nfs_argop4 *v)
{
    const __typeof__(v->opopen) *m = &v->opopen;

    EQ(m->claim.claim, CLAIM_DELEG_CUR_FH);
    golden_stateid(&m->claim.oc_delegate_stateid);
}

static void check_OPEN_deleg_prev_fh(const struct nfs_argop4 *v)
{
    const __typeof__(v->opopen) *m = &v->opopen;

    EQ(m->claim.claim, CLAIM_DELEG_PREV_FH);
}

static void check_OPENATTR(const struct nfs_argop4 *v)
{
    const __typeof__(v->opopenattr) *m = &v->opopenattr;

    assert_true(m->createdir);
}

static void check_OPEN_CONFIRM(const struct nfs_argop4 *v)
{
    const __typeof__(v->opopen_confirm) *m = &v->opopen_confirm;

    golden_stateid(&m->open_stateid);
    EQ(m->seqid, 2);
}

static void check_OPEN_DOWNGRADE(const struct nfs_argop4 *v)
{
    const __typeof__(v->opopen_downgrade) *m = &v->opopen_downgrade;

    golden_stateid(&m->open_stateid);
    EQ(m->seqid, 3);
    EQ(m->share_access, 1);
    EQ(m->share_deny, 2);
}

static void check_PUTFH(const struct nfs_argop4 *v)
{
    const __typeof__(v->opputfh) *m = &v->opputfh;

    golden_fh(&m->object);
}

static void check_READ(const struct nfs_argop4 *v)
{
    const __typeof__(v->opread) *m = &v->opread;

    golden_stateid(&m->stateid);
    EQ(m->offset, 65536);
    EQ(m->count, 2048);
}

static void check_READDIR(const struct nfs_argop4 *v)
{
    const __typeof__(v->opreaddir) *m = &v->opreaddir;

    EQ(m->cookie, 0x100000002);
    golden_fixed(m->cookieverf, 0x51, 8);
    EQ(m->dircount, 256);
    EQ(m->maxcount, 4096);
    golden_bitmap(&m->attr_request);
}

static void check_REMOVE(const struct nfs_argop4 *v)
{
    const __typeof__(v->opremove) *m = &v->opremove;

    golden_text(&m->target, "abc");
}

static void check_RENAME(const struct nfs_argop4 *v)
{
    const __typeof__(v->oprename) *m = &v->oprename;

    golden_text(&m->oldname, "abc");
    golden_text(&m->newname, "de");
}

static void check_RENEW(const struct nfs_argop4 *v)
{
    const __typeof__(v->oprenew) *m = &v->oprenew;

    EQ(m->clientid, 42);
}

static void check_SECINFO(const struct nfs_argop4 *v)
{
    const __typeof__(v->opsecinfo) *m = &v->opsecinfo;

    golden_text(&m->name, "abc");
}

static void check_SETATTR(const struct nfs_argop4 *v)
{
    const __typeof__(v->opsetattr) *m = &v->opsetattr;

    golden_stateid(&m->stateid);
    golden_fattr(&m->obj_attributes);
}

static void check_SETCLIENTID(const struct nfs_argop4 *v)
{
    const __typeof__(v->opsetclientid) *m = &v->opsetclientid;

    golden_fixed(m->client.verifier, 0x51, 8);
    golden_text(&m->client.id, "abc");
    EQ(m->callback.cb_program, 0x40000000);
    golden_text(&m->callback.cb_location.na_r_netid, "tcp");
    golden_text(&m->callback.cb_location.na_r_addr, "1.2.3.4.5");
    EQ(m->callback_ident, 8);
}

static void check_SETCLIENTID_CONFIRM(const struct nfs_argop4 *v)
{
    const __typeof__(v->opsetclientid_confirm) *m = &v->opsetclientid_confirm;

    EQ(m->clientid, 42);
    golden_fixed(m->setclientid_confirm, 0x51, 8);
}

static void check_VERIFY(const struct nfs_argop4 *v)
{
    const __typeof__(v->opverify) *m = &v->opverify;

    golden_fattr(&m->obj_attributes);
}

static void check_WRITE(const struct nfs_argop4 *v)
{
    const __typeof__(v->opwrite) *m = &v->opwrite;

    golden_stateid(&m->stateid);
    EQ(m->offset, 65536);
    EQ(m->stable, FILE_SYNC4);
    golden_text(&m->data, "data!!");
}

static void check_RELEASE_LOCKOWNER(const struct nfs_argop4 *v)
{
    const __typeof__(v->oprelease_lockowner) *m = &v->oprelease_lockowner;

    golden_owner(&m->lock_owner);
}

static void check_BACKCHANNEL_CTL(const struct nfs_argop4 *v)
{
    const __typeof__(v->opbackchannel_ctl) *m = &v->opbackchannel_ctl;

    EQ(m->bca_cb_program, 0x40000001);
    EQ(m->bca_sec_parms_count, 3);
    EQ(m->bca_sec_parms[0].cb_secflavor, AUTH_NONE);
    EQ(m->bca_sec_parms[1].cb_secflavor, AUTH_SYS);
    EQ(m->bca_sec_parms[1].cbsp_sys_cred.stamp, 99);
    golden_text(&m->bca_sec_parms[1].cbsp_sys_cred.machinename, "abc");
    EQ(m->bca_sec_parms[1].cbsp_sys_cred.uid, 1000);
    EQ(m->bca_sec_parms[1].cbsp_sys_cred.gid, 100);
    EQ(m->bca_sec_parms[1].cbsp_sys_cred.gids_count, 2);
    EQ(m->bca_sec_parms[1].cbsp_sys_cred.gids[1], 27);
    EQ(m->bca_sec_parms[2].cb_secflavor, RPCSEC_GSS);
    EQ(m->bca_sec_parms[2].cbsp_gss_handles.gcbp_service, RPC_GSS_SVC_INTEGRITY);
    golden_text(&m->bca_sec_parms[2].cbsp_gss_handles.gcbp_handle_from_server, "abc");
    golden_text(&m->bca_sec_parms[2].cbsp_gss_handles.gcbp_handle_from_client, "de");
}

static void check_BIND_CONN_TO_SESSION(const struct nfs_argop4 *v)
{
    const __typeof__(v->opbind_conn_to_session) *m = &v->opbind_conn_to_session;

    golden_fixed(m->bctsa_sessid, 0x10, 16);
    EQ(m->bctsa_dir, CDFC4_BACK_OR_BOTH);
    assert_false(m->bctsa_use_conn_in_rdma_mode);
}

static void check_EXCHANGE_ID_none(const struct nfs_argop4 *v)
{
    const __typeof__(v->opexchange_id) *m = &v->opexchange_id;

    golden_fixed(m->eia_clientowner.co_verifier, 0x51, 8);
    golden_text(&m->eia_clientowner.co_ownerid, "abc");
    EQ(m->eia_flags, EXCHGID4_FLAG_SUPP_MOVED_REFER | EXCHGID4_FLAG_BIND_PRINC_STATEID);
    EQ(m->eia_state_protect.spa_how, SP4_NONE);
    EQ(m->eia_client_impl_id_count, 1);
    golden_text(&m->eia_client_impl_id->nii_domain, "meow.io");
    golden_text(&m->eia_client_impl_id->nii_name, "de");
    EQ(m->eia_client_impl_id->nii_date.seconds, 0x5f000000);
    EQ(m->eia_client_impl_id->nii_date.nseconds, 7);
}

static void check_EXCHANGE_ID_mach(const struct nfs_argop4 *v)
{
    const __typeof__(v->opexchange_id) *m = &v->opexchange_id;

    EQ(m->eia_state_protect.spa_how, SP4_MACH_CRED);
    golden_bitmap(&m->eia_state_protect.spa_mach_ops.spo_must_enforce);
    assert_true(bitmap4_isset(&m->eia_state_protect.spa_mach_ops.spo_must_allow, 3));
    EQ(m->eia_client_impl_id_count, 0);
}

static void check_EXCHANGE_ID_ssv(const struct nfs_argop4 *v)
{
    const __typeof__(v->opexchange_id) *m = &v->opexchange_id;

    EQ(m->eia_state_protect.spa_how, SP4_SSV);
    golden_bitmap(&m->eia_state_protect.spa_ssv_parms.ssp_ops.spo_must_allow);
    EQ(m->eia_state_protect.spa_ssv_parms.ssp_hash_algs_count, 2);
    golden_text(&m->eia_state_protect.spa_ssv_parms.ssp_hash_algs[1], "de");
    EQ(m->eia_state_protect.spa_ssv_parms.ssp_encr_algs_count, 1);
    EQ(m->eia_state_protect.spa_ssv_parms.ssp_window, 16);
    EQ(m->eia_state_protect.spa_ssv_parms.ssp_num_gss_handles, 4);
}

static void check_CREATE_SESSION(const struct nfs_argop4 *v)
{
    const __typeof__(v->opcreate_session) *m = &v->opcreate_session;

    EQ(m->csa_clientid, 42);
    EQ(m->csa_sequence, 1);
    EQ(m->csa_flags, CREATE_SESSION4_FLAG_PERSIST | CREATE_SESSION4_FLAG_CONN_BACK_CHAN);
    EQ(m->csa_fore_chan_attrs.ca_headerpadsize, 0);
    EQ(m->csa_fore_chan_attrs.ca_maxrequestsize, 0x100000);
    EQ(m->csa_fore_chan_attrs.ca_maxresponsesize, 0x100400);
    EQ(m->csa_fore_chan_attrs.ca_maxresponsesize_cached, 0x2000);
    EQ(m->csa_fore_chan_attrs.ca_maxoperations, 16);
    EQ(m->csa_fore_chan_attrs.ca_maxrequests, 64);
    EQ(m->csa_fore_chan_attrs.ca_rdma_ird_count, 0);
    EQ(m->csa_back_chan_attrs.ca_maxresponsesize, 0x1001);
    EQ(m->csa_back_chan_attrs.ca_rdma_ird_count, 1);
    EQ(m->csa_back_chan_attrs.ca_rdma_ird[0], 9);
    EQ(m->csa_cb_program, 0x40000000);
    EQ(m->csa_sec_parms_count, 3);
    EQ(m->csa_sec_parms[0].cb_secflavor, AUTH_NONE);
    EQ(m->csa_sec_parms[1].cb_secflavor, AUTH_SYS);
    EQ(m->csa_sec_parms[1].cbsp_sys_cred.stamp, 99);
    golden_text(&m->csa_sec_parms[1].cbsp_sys_cred.machinename, "abc");
    EQ(m->csa_sec_parms[1].cbsp_sys_cred.uid, 1000);
    EQ(m->csa_sec_parms[1].cbsp_sys_cred.gid, 100);
    EQ(m->csa_sec_parms[1].cbsp_sys_cred.gids_count, 2);
    EQ(m->csa_sec_parms[1].cbsp_sys_cred.gids[1], 27);
    EQ(m->csa_sec_parms[2].cb_secflavor, RPCSEC_GSS);
    EQ(m->csa_sec_parms[2].cbsp_gss_handles.gcbp_service, RPC_GSS_SVC_INTEGRITY);
    golden_text(&m->csa_sec_parms[2].cbsp_gss_handles.gcbp_handle_from_server, "abc");
    golden_text(&m->csa_sec_parms[2].cbsp_gss_handles.gcbp_handle_from_client, "de");
}

static void check_DESTROY_SESSION(const struct nfs_argop4 *v)
{
    const __typeof__(v->opdestroy_session) *m = &v->opdestroy_session;

    golden_fixed(m->dsa_sessionid, 0x10, 16);
}

static void check_FREE_STATEID(const struct nfs_argop4 *v)
{
    const __typeof__(v->opfree_stateid) *m = &v->opfree_stateid;

    golden_stateid(&m->fsa_stateid);
}

static void check_GET_DIR_DELEGATION(const struct nfs_argop4 *v)
{
    const __typeof__(v->opget_dir_delegation) *m = &v->opget_dir_delegation;

    assert_true(m->gdda_signal_deleg_avail);
    golden_bitmap(&m->gdda_notification_types);
    EQ(m->gdda_child_attr_delay.seconds, 5);
    EQ(m->gdda_child_attr_delay.nseconds, 6);
    EQ(m->gdda_dir_attr_delay.seconds, -1);
    EQ(m->gdda_dir_attr_delay.nseconds, 7);
    golden_bitmap(&m->gdda_child_attributes);
    golden_bitmap(&m->gdda_dir_attributes);
}

static void check_GETDEVICEINFO(const struct nfs_argop4 *v)
{
    const __typeof__(v->opgetdeviceinfo) *m = &v->opgetdeviceinfo;

    golden_fixed(m->gdia_device_id, 0x20, 16);
    EQ(m->gdia_layout_type, LAYOUT4_NFSV4_1_FILES);
    EQ(m->gdia_maxcount, 4096);
    golden_bitmap(&m->gdia_notify_types);
}

static void check_GETDEVICELIST(const struct nfs_argop4 *v)
{
    const __typeof__(v->opgetdevicelist) *m = &v->opgetdevicelist;

    EQ(m->gdla_layout_type, LAYOUT4_BLOCK_VOLUME);
    EQ(m->gdla_maxdevices, 20);
    EQ(m->gdla_cookie, 17);
    golden_fixed(m->gdla_cookieverf, 0x51, 8);
}

static void check_LAYOUTCOMMIT_full(const struct nfs_argop4 *v)
{
    const __typeof__(v->oplayoutcommit) *m = &v->oplayoutcommit;

    EQ(m->loca_offset, 65536);
    EQ(m->loca_length, 4096);
    assert_true(m->loca_reclaim);
    golden_stateid(&m->loca_stateid);
    assert_true(m->loca_last_write_offset.no_newoffset);
    EQ(m->loca_last_write_offset.no_offset, 0x11000);
    assert_true(m->loca_time_modify.nt_timechanged);
    EQ(m->loca_time_modify.nt_time.seconds, 9);
    EQ(m->loca_time_modify.nt_time.nseconds, 10);
    EQ(m->loca_layoutupdate.lou_type, 1);
    golden_text(&m->loca_layoutupdate.lou_body, "abc");
}

static void check_LAYOUTCOMMIT_bare(const struct nfs_argop4 *v)
{
    const __typeof__(v->oplayoutcommit) *m = &v->oplayoutcommit;

    assert_false(m->loca_last_write_offset.no_newoffset);
    assert_false(m->loca_time_modify.nt_timechanged);
    EQ(m->loca_layoutupdate.lou_body.len, 0);
}

static void check_LAYOUTGET(const struct nfs_argop4 *v)
{
    const __typeof__(v->oplayoutget) *m = &v->oplayoutget;

    assert_true(m->loga_signal_layout_avail);
    EQ(m->loga_layout_type, 1);
    EQ(m->loga_iomode, LAYOUTIOMODE4_RW);
    EQ(m->loga_offset, 65536);
    EQ(m->loga_length, 4096);
    EQ(m->loga_minlength, 2048);
    golden_stateid(&m->loga_stateid);
    EQ(m->loga_maxcount, 8192);
}

static void check_LAYOUTRETURN_file(const struct nfs_argop4 *v)
{
    const __typeof__(v->oplayoutreturn) *m = &v->oplayoutreturn;

    assert_false(m->lora_reclaim);
    EQ(m->lora_layout_type, 1);
    EQ(m->lora_iomode, LAYOUTIOMODE4_ANY);
    EQ(m->lora_layoutreturn.lr_returntype, LAYOUTRETURN4_FILE);
    EQ(m->lora_layoutreturn.lr_layout.lrf_offset, 65536);
    EQ(m->lora_layoutreturn.lr_layout.lrf_length, 4096);
    golden_stateid(&m->lora_layoutreturn.lr_layout.lrf_stateid);
    golden_text(&m->lora_layoutreturn.lr_layout.lrf_body, "abc");
}

static void check_LAYOUTRETURN_all(const struct nfs_argop4 *v)
{
    const __typeof__(v->oplayoutreturn) *m = &v->oplayoutreturn;

    assert_true(m->lora_reclaim);
    EQ(m->lora_layoutreturn.lr_returntype, LAYOUTRETURN4_ALL);
}

static void check_SECINFO_NO_NAME(const struct nfs_argop4 *v)
{
    const __typeof__(v->opsecinfo_no_name) *m = &v->opsecinfo_no_name;

    EQ(m->style, SECINFO_STYLE4_PARENT);
}

static void check_SEQUENCE(const struct nfs_argop4 *v)
{
    const __typeof__(v->opsequence) *m = &v->opsequence;

    golden_fixed(m->sa_sessionid, 0x10, 16);
    EQ(m->sa_sequenceid, 11);
    EQ(m->sa_slotid, 2);
    EQ(m->sa_highest_slotid, 3);
    assert_true(m->sa_cachethis);
}

static void check_SET_SSV(const struct nfs_argop4 *v)
{
    const __typeof__(v->opset_ssv) *m = &v->opset_ssv;

    golden_text(&m->ssa_ssv, "abc");
    golden_text(&m->ssa_digest, "de");
}

static void check_TEST_STATEID(const struct nfs_argop4 *v)
{
    const __typeof__(v->optest_stateid) *m = &v->optest_stateid;

    EQ(m->ts_stateids_count, 2);
    golden_stateid(&m->ts_stateids[0]);
    golden_stateid(&m->ts_stateids[1]);
}

static void check_WANT_DELEGATION_previous(const struct nfs_argop4 *v)
{
    const __typeof__(v->opwant_delegation) *m = &v->opwant_delegation;

    EQ(m->wda_want, OPEN4_SHARE_ACCESS_WANT_READ_DELEG);
    EQ(m->wda_claim.dc_claim, CLAIM_PREVIOUS);
    EQ(m->wda_claim.dc_delegate_type, OPEN_DELEGATE_READ);
}

static void check_WANT_DELEGATION_fh(const struct nfs_argop4 *v)
{
    const __typeof__(v->opwant_delegation) *m = &v->opwant_delegation;

    EQ(m->wda_want, OPEN4_SHARE_ACCESS_WANT_WRITE_DELEG);
    EQ(m->wda_claim.dc_claim, CLAIM_FH);
}

static void check_DESTROY_CLIENTID(const struct nfs_argop4 *v)
{
    const __typeof__(v->opdestroy_clientid) *m = &v->opdestroy_clientid;

    EQ(m->dca_clientid, 42);
}

static void check_RECLAIM_COMPLETE(const struct nfs_argop4 *v)
{
    const __typeof__(v->opreclaim_complete) *m = &v->opreclaim_complete;

    assert_false(m->rca_one_fs);
}

static void check_ALLOCATE(const struct nfs_argop4 *v)
{
    const __typeof__(v->opallocate) *m = &v->opallocate;

    golden_stateid(&m->aa_stateid);
    EQ(m->aa_offset, 65536);
    EQ(m->aa_length, 4096);
}

static void check_COPY(const struct nfs_argop4 *v)
{
    const __typeof__(v->opcopy) *m = &v->opcopy;

    golden_stateid(&m->ca_src_stateid);
    golden_stateid(&m->ca_dst_stateid);
    EQ(m->ca_src_offset, 65536);
    EQ(m->ca_dst_offset, 131072);
    EQ(m->ca_count, 4096);
    assert_true(m->ca_consecutive);
    assert_false(m->ca_synchronous);
    EQ(m->ca_source_server_count, 3);
    golden_text(&m->ca_source_server[0].nl_name, "abc");
    golden_text(&m->ca_source_server[1].nl_url, "de");
    golden_text(&m->ca_source_server[2].nl_addr.na_r_netid, "tcp");
}

static void check_COPY_NOTIFY(const struct nfs_argop4 *v)
{
    const __typeof__(v->opcopy_notify) *m = &v->opcopy_notify;

    golden_stateid(&m->cna_src_stateid);
    EQ(m->cna_destination_server.nl_type, NL4_NAME);
    golden_text(&m->cna_destination_server.nl_name, "abc");
}

static void check_DEALLOCATE(const struct nfs_argop4 *v)
{
    const __typeof__(v->opdeallocate) *m = &v->opdeallocate;

    golden_stateid(&m->da_stateid);
    EQ(m->da_offset, 65536);
    EQ(m->da_length, 4096);
}

static void check_IO_ADVISE(const struct nfs_argop4 *v)
{
    const __typeof__(v->opio_advise) *m = &v->opio_advise;

    golden_stateid(&m->iaa_stateid);
    EQ(m->iaa_offset, 65536);
    EQ(m->iaa_count, 4096);
    golden_bitmap(&m->iaa_hints);
}

static void check_LAYOUTERROR(const struct nfs_argop4 *v)
{
    const __typeof__(v->oplayouterror) *m = &v->oplayouterror;

    EQ(m->lea_offset, 65536);
    EQ(m->lea_length, 4096);
    golden_stateid(&m->lea_stateid);
    EQ(m->lea_errors_count, 1);
    golden_fixed(m->lea_errors[0].de_deviceid, 0x20, 16);
    EQ(m->lea_errors[0].de_status, NFS4ERR_IO);
    EQ(m->lea_errors[0].de_opnum, OP_READ);
}

static void check_LAYOUTSTATS(const struct nfs_argop4 *v)
{
    const __typeof__(v->oplayoutstats) *m = &v->oplayoutstats;

    EQ(m->lsa_offset, 65536);
    EQ(m->lsa_length, 4096);
    golden_stateid(&m->lsa_stateid);
    EQ(m->lsa_read.ii_count, 1);
    EQ(m->lsa_read.ii_bytes, 2);
    EQ(m->lsa_write.ii_count, 3);
    EQ(m->lsa_write.ii_bytes, 4);
    golden_fixed(m->lsa_deviceid, 0x20, 16);
    EQ(m->lsa_layoutupdate.lou_type, LAYOUT4_FLEX_FILES);
    golden_text(&m->lsa_layoutupdate.lou_body, "abc");
}

static void check_OFFLOAD_CANCEL(const struct nfs_argop4 *v)
{
    const __typeof__(v->opoffload_cancel) *m = &v->opoffload_cancel;

    golden_stateid(&m->oca_stateid);
}

static void check_OFFLOAD_STATUS(const struct nfs_argop4 *v)
{
    const __typeof__(v->opoffload_status) *m = &v->opoffload_status;

    golden_stateid(&m->osa_stateid);
}

static void check_READ_PLUS(const struct nfs_argop4 *v)
{
    const __typeof__(v->opread_plus) *m = &v->opread_plus;

    golden_stateid(&m->rpa_stateid);
    EQ(m->rpa_offset, 65536);
    EQ(m->rpa_count, 2048);
}

static void check_SEEK(const struct nfs_argop4 *v)
{
    const __typeof__(v->opseek) *m = &v->opseek;

    golden_stateid(&m->sa_stateid);
    EQ(m->sa_offset, 65536);
    EQ(m->sa_what, NFS4_CONTENT_HOLE);
}

static void check_WRITE_SAME(const struct nfs_argop4 *v)
{
    const __typeof__(v->opwrite_same) *m = &v->opwrite_same;

    golden_stateid(&m->wsa_stateid);
    EQ(m->wsa_stable, DATA_SYNC4);
    EQ(m->wsa_adb.adb_offset, 65536);
    EQ(m->wsa_adb.adb_block_size, 4096);
    EQ(m->wsa_adb.adb_block_count, 3);
    EQ(m->wsa_adb.adb_reloff_blocknum, 4);
    EQ(m->wsa_adb.adb_block_num, 5);
    EQ(m->wsa_adb.adb_reloff_pattern, 6);
    golden_text(&m->wsa_adb.adb_pattern, "abc");
}

static void check_CLONE(const struct nfs_argop4 *v)
{
    const __typeof__(v->opclone) *m = &v->opclone;

    golden_stateid(&m->cl_src_stateid);
    golden_stateid(&m->cl_dst_stateid);
    EQ(m->cl_src_offset, 65536);
    EQ(m->cl_dst_offset, 131072);
    EQ(m->cl_count, 4096);
}

static void check_GETXATTR(const struct nfs_argop4 *v)
{
    const __typeof__(v->opgetxattr) *m = &v->opgetxattr;

    golden_text(&m->gxa_name, "abc");
}

static void check_SETXATTR(const struct nfs_argop4 *v)
{
    const __typeof__(v->opsetxattr) *m = &v->opsetxattr;

    EQ(m->sxa_option, SETXATTR4_REPLACE);
    golden_text(&m->sxa_key, "abc");
    golden_text(&m->sxa_value, "de");
}

static void check_LISTXATTRS(const struct nfs_argop4 *v)
{
    const __typeof__(v->oplistxattrs) *m = &v->oplistxattrs;

    EQ(m->lxa_cookie, 17);
    EQ(m->lxa_maxcount, 4096);
}

static void check_REMOVEXATTR(const struct nfs_argop4 *v)
{
    const __typeof__(v->opremovexattr) *m = &v->opremovexattr;

    golden_text(&m->rxa_name, "abc");
}

const struct golden_args golden_args[] = {
    {"ACCESS", "00000003 0000002d", check_ACCESS},
    {"CLOSE", "00000004 00000009 " STATEID, check_CLOSE},
    {"COMMIT", "00000005 " OFFSET "00002000", check_COMMIT},
    {"CREATE_dir", "00000006 00000002 " NAME FATTR, check_CREATE_dir},
    {"CREATE_link", "00000006 00000005 00000004 2f746d70 " NAME FATTR, check_CREATE_link},
    {"CREATE_block", "00000006 00000003 00000008 00000011 " NAME FATTR, check_CREATE_block},
    {"CREATE_fifo", "00000006 00000007 " NAME FATTR, check_CREATE_fifo},
    {"DELEGPURGE", "00000007 00000000 0000002a", check_DELEGPURGE},
    {"DELEGRETURN", "00000008 " STATEID, check_DELEGRETURN},
    {"GETATTR", "00000009 " BITMAP, check_GETATTR},
    {"GETFH", "0000000a", NULL},
    {"LINK", "0000000b " NAME, check_LINK},
    {"LOCK_new",
     "0000000c 00000002 00000001 " OFFSET LENGTH "00000001 00000003 " STATEID "00000004 " OWNER,
     check_LOCK_new},
    {"LOCK_existing", "0000000c 00000003 00000000 " OFFSET LENGTH "00000000 " STATEID "00000005",
     check_LOCK_existing},
    {"LOCKT", "0000000d 00000001 " OFFSET LENGTH OWNER, check_LOCKT},
    {"LOCKU", "0000000e 00000004 00000006 " STATEID OFFSET LENGTH, check_LOCKU},
    {"LOOKUP", "0000000f " NAME, check_LOOKUP},
    {"LOOKUPP", "00000010", NULL},
    {"NVERIFY", "00000011 " FATTR, check_NVERIFY},
    {"OPEN_unchecked",
     "00000012 00000001 00000003 00000002 " OWNER "00000001 00000000 " FATTR "00000000 " NAME,
     check_OPEN_unchecked},
    {"OPEN_guarded_previous",
     "00000012 00000001 00000003 00000002 " OWNER "00000001 00000001 " FATTR "00000001 00000002",
     check_OPEN_guarded_previous},
    {"OPEN_exclusive",
     "00000012 00000001 00000003 00000002 " OWNER "00000001 00000002 " VERIFIER "00000000 " NAME,
     check_OPEN_exclusive},
    {"OPEN_exclusive_1",
     "00000012 00000001 00000003 00000002 " OWNER "00000001 00000003 " VERIFIER FATTR
     "00000000 " NAME,
     check_OPEN_exclusive_1},
    {"OPEN_delegate_cur",
     "00000012 00000001 00000003 00000002 " OWNER "00000000 00000002 " STATEID NAME,
     check_OPEN_delegate_cur},
    {"OPEN_delegate_prev", "00000012 00000001 00000003 00000002 " OWNER "00000000 00000003 " NAME,
     check_OPEN_delegate_prev},
    {"OPEN_fh", "00000012 00000001 00000003 00000002 " OWNER "00000000 00000004", check_OPEN_fh},
    {"OPEN_deleg_cur_fh", "00000012 00000001 00000003 00000002 " OWNER "00000000 00000005 " STATEID,
     check_OPEN_deleg_cur_fh},
    {"OPEN_deleg_prev_fh", "00000012 00000001 00000003 00000002 " OWNER "00000000 00000006",
     check_OPEN_deleg_prev_fh},
    {"OPENATTR", "00000013 00000001", check_OPENATTR},
    {"OPEN_CONFIRM", "00000014 " STATEID "00000002", check_OPEN_CONFIRM},
    {"OPEN_DOWNGRADE", "00000015 " STATEID "00000003 00000001 00000002", check_OPEN_DOWNGRADE},
    {"PUTFH", "00000016 " FH, check_PUTFH},
    {"PUTPUBFH", "00000017", NULL},
    {"PUTROOTFH", "00000018", NULL},
    {"READ", "00000019 " STATEID OFFSET "00000800", check_READ},
    {"READDIR", "0000001a 00000001 00000002 " VERIFIER "00000100 00001000 " BITMAP, check_READDIR},
    {"READLINK", "0000001b", NULL},
    {"REMOVE", "0000001c " NAME, check_REMOVE},
    {"RENAME", "0000001d " NAME NAME2, check_RENAME},
    {"RENEW", "0000001e 00000000 0000002a", check_RENEW},
    {"RESTOREFH", "0000001f", NULL},
    {"SAVEFH", "00000020", NULL},
    {"SECINFO", "00000021 " NAME, check_SECINFO},
    {"SETATTR", "00000022 " STATEID FATTR, check_SETATTR},
    {"SETCLIENTID",
     "00000023 " VERIFIER NAME
     "40000000 00000003 74637000 00000009 312e322e 332e342e 35000000 00000008",
     check_SETCLIENTID},
    {"SETCLIENTID_CONFIRM", "00000024 00000000 0000002a " VERIFIER, check_SETCLIENTID_CONFIRM},
    {"VERIFY", "00000025 " FATTR, check_VERIFY},
    {"WRITE", "00000026 " STATEID OFFSET "00000002 00000006 64617461 21210000", check_WRITE},
    {"RELEASE_LOCKOWNER", "00000027 " OWNER, check_RELEASE_LOCKOWNER},
    {"BACKCHANNEL_CTL",
     "00000028 40000001 "
     "00000003 00000000 00000001 00000063 " NAME
     "000003e8 00000064 00000002 00000064 0000001b 00000006 00000002 " NAME NAME2,
     check_BACKCHANNEL_CTL},
    {"BIND_CONN_TO_SESSION", "00000029 " SESSIONID "00000007 00000000", check_BIND_CONN_TO_SESSION},
    {"EXCHANGE_ID_none",
     "0000002a " VERIFIER NAME "00000101 00000000 00000001 00000007 6d656f77 2e696f00 " NAME2
     "00000000 5f000000 00000007",
     check_EXCHANGE_ID_none},
    {"EXCHANGE_ID_mach",
     "0000002a " VERIFIER NAME "00000000 00000001 " BITMAP "00000001 00000008 00000000",
     check_EXCHANGE_ID_mach},
    {"EXCHANGE_ID_ssv",
     "0000002a " VERIFIER NAME "00000000 00000002 " BITMAP BITMAP "00000002 " NAME NAME2
     "00000001 " NAME2 "00000010 00000004 00000000",
     check_EXCHANGE_ID_ssv},
    {"CREATE_SESSION",
     "0000002b 00000000 0000002a 00000001 00000003 "
     "00000000 00100000 00100400 00002000 00000010 00000040 00000000 "
     "00000000 00001000 00001001 00001002 00000002 00000010 00000001 00000009 "
     "40000000 "
     "00000003 00000000 00000001 00000063 " NAME
     "000003e8 00000064 00000002 00000064 0000001b 00000006 00000002 " NAME NAME2,
     check_CREATE_SESSION},
    {"DESTROY_SESSION", "0000002c " SESSIONID, check_DESTROY_SESSION},
    {"FREE_STATEID", "0000002d " STATEID, check_FREE_STATEID},
    {"GET_DIR_DELEGATION",
     "0000002e 00000001 " BITMAP
     "00000000 00000005 00000006 ffffffff ffffffff 00000007 " BITMAP BITMAP,
     check_GET_DIR_DELEGATION},
    {"GETDEVICEINFO", "0000002f " DEVICEID "00000001 00001000 " BITMAP, check_GETDEVICEINFO},
    {"GETDEVICELIST", "00000030 00000003 00000014 00000000 00000011 " VERIFIER,
     check_GETDEVICELIST},
    {"LAYOUTCOMMIT_full",
     "00000031 " OFFSET LENGTH "00000001 " STATEID
     "00000001 00000000 00011000 00000001 00000000 00000009 0000000a 00000001 " NAME,
     check_LAYOUTCOMMIT_full},
    {"LAYOUTCOMMIT_bare",
     "00000031 " OFFSET LENGTH "00000000 " STATEID "00000000 00000000 00000001 00000000",
     check_LAYOUTCOMMIT_bare},
    {"LAYOUTGET",
     "00000032 00000001 00000001 00000002 " OFFSET LENGTH "00000000 00000800 " STATEID "00002000",
     check_LAYOUTGET},
    {"LAYOUTRETURN_file",
     "00000033 00000000 00000001 00000003 00000001 " OFFSET LENGTH STATEID NAME,
     check_LAYOUTRETURN_file},
    {"LAYOUTRETURN_all", "00000033 00000001 00000001 00000003 00000003", check_LAYOUTRETURN_all},
    {"SECINFO_NO_NAME", "00000034 00000001", check_SECINFO_NO_NAME},
    {"SEQUENCE", "00000035 " SESSIONID "0000000b 00000002 00000003 00000001", check_SEQUENCE},
    {"SET_SSV", "00000036 " NAME NAME2, check_SET_SSV},
    {"TEST_STATEID", "00000037 00000002 " STATEID STATEID, check_TEST_STATEID},
    {"WANT_DELEGATION_previous", "00000038 00000100 00000001 00000001",
     check_WANT_DELEGATION_previous},
    {"WANT_DELEGATION_fh", "00000038 00000200 00000004", check_WANT_DELEGATION_fh},
    {"DESTROY_CLIENTID", "00000039 00000000 0000002a", check_DESTROY_CLIENTID},
    {"RECLAIM_COMPLETE", "0000003a 00000000", check_RECLAIM_COMPLETE},
    {"ALLOCATE", "0000003b " STATEID OFFSET LENGTH, check_ALLOCATE},
    {"COPY",
     "0000003c " STATEID STATEID OFFSET "00000000 00020000 " LENGTH
     "00000001 00000000 00000003 00000001 " NAME "00000002 " NAME2
     "00000003 00000003 74637000 " NAME,
     check_COPY},
    {"COPY_NOTIFY", "0000003d " STATEID "00000001 " NAME, check_COPY_NOTIFY},
    {"DEALLOCATE", "0000003e " STATEID OFFSET LENGTH, check_DEALLOCATE},
    {"IO_ADVISE", "0000003f " STATEID OFFSET LENGTH BITMAP, check_IO_ADVISE},
    {"LAYOUTERROR", "00000040 " OFFSET LENGTH STATEID "00000001 " DEVICEID "00000005 00000019",
     check_LAYOUTERROR},
    {"LAYOUTSTATS",
     "00000041 " OFFSET LENGTH STATEID
     "00000000 00000001 00000000 00000002 00000000 00000003 00000000 00000004 " DEVICEID
     "00000004 " NAME,
     check_LAYOUTSTATS},
    {"OFFLOAD_CANCEL", "00000042 " STATEID, check_OFFLOAD_CANCEL},
    {"OFFLOAD_STATUS", "00000043 " STATEID, check_OFFLOAD_STATUS},
    {"READ_PLUS", "00000044 " STATEID OFFSET "00000800", check_READ_PLUS},
    {"SEEK", "00000045 " STATEID OFFSET "00000001", check_SEEK},
    {"WRITE_SAME",
     "00000046 " STATEID "00000001 " OFFSET LENGTH
     "00000000 00000003 00000000 00000004 00000005 00000000 00000006 " NAME,
     check_WRITE_SAME},
    {"CLONE", "00000047 " STATEID STATEID OFFSET "00000000 00020000 " LENGTH, check_CLONE},
    {"GETXATTR", "00000048 " NAME, check_GETXATTR},
    {"SETXATTR", "00000049 00000002 " NAME NAME2, check_SETXATTR},
    {"LISTXATTRS", "0000004a 00000000 00000011 00001000", check_LISTXATTRS},
    {"REMOVEXATTR", "0000004b " NAME, check_REMOVEXATTR},
};

const size_t golden_args_count = sizeof(golden_args) / sizeof(golden_args[0]);
