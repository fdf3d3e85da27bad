/* SPDX-License-Identifier: Apache-2.0 */
/* Arguments of every operation of the table. */
#include "golden.h"
#include "golden_tables.h"

/* Of struct nfs_argop4: see golden.h. */
#define MEMBER(member)                                                                             \
    .name = #member, .at = offsetof(struct nfs_argop4, member),                                    \
    .size = sizeof(((struct nfs_argop4 *)0)->member)

static void check_BACKCHANNEL_CTL(const struct nfs_argop4 *v)
{
    const __typeof__(v->opbackchannel_ctl) *m = &v->opbackchannel_ctl;

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

static void check_EXCHANGE_ID_none(const struct nfs_argop4 *v)
{
    const __typeof__(v->opexchange_id) *m = &v->opexchange_id;

    golden_text(&m->eia_client_impl_id->nii_domain, "meow.io");
    golden_text(&m->eia_client_impl_id->nii_name, "de");
    EQ(m->eia_client_impl_id->nii_date.seconds, 0x5f000000);
    EQ(m->eia_client_impl_id->nii_date.nseconds, 7);
}

static void check_EXCHANGE_ID_mach(const struct nfs_argop4 *v)
{
    const __typeof__(v->opexchange_id) *m = &v->opexchange_id;

    assert_true(bitmap4_isset(&m->eia_state_protect.spa_mach_ops.spo_must_allow, 3));
}

static void check_EXCHANGE_ID_ssv(const struct nfs_argop4 *v)
{
    const __typeof__(v->opexchange_id) *m = &v->opexchange_id;

    golden_text(&m->eia_state_protect.spa_ssv_parms.ssp_hash_algs[1], "de");
}

static void check_CREATE_SESSION(const struct nfs_argop4 *v)
{
    const __typeof__(v->opcreate_session) *m = &v->opcreate_session;

    EQ(m->csa_back_chan_attrs.ca_rdma_ird[0], 9);
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

static void check_TEST_STATEID(const struct nfs_argop4 *v)
{
    const __typeof__(v->optest_stateid) *m = &v->optest_stateid;

    golden_stateid(&m->ts_stateids[0]);
    golden_stateid(&m->ts_stateids[1]);
}

static void check_COPY(const struct nfs_argop4 *v)
{
    const __typeof__(v->opcopy) *m = &v->opcopy;

    golden_text(&m->ca_source_server[0].nl_name, "abc");
    golden_text(&m->ca_source_server[1].nl_url, "de");
    golden_text(&m->ca_source_server[2].nl_addr.na_r_netid, "tcp");
}

static void check_LAYOUTERROR(const struct nfs_argop4 *v)
{
    const __typeof__(v->oplayouterror) *m = &v->oplayouterror;

    golden_fixed(m->lea_errors[0].de_deviceid, 0x20, 16);
    EQ(m->lea_errors[0].de_status, NFS4ERR_IO);
    EQ(m->lea_errors[0].de_opnum, OP_READ);
}

const struct golden_args golden_args[] = {
    {"ACCESS", "00000003 0000002d",
     FIELDS(IS(opaccess.access, ACCESS4_READ | ACCESS4_MODIFY | ACCESS4_EXTEND | ACCESS4_EXECUTE))},
    {"CLOSE", "00000004 00000009 " STATEID,
     FIELDS(IS(opclose.seqid, 9), IS_STATEID(opclose.open_stateid))},
    {"COMMIT", "00000005 " OFFSET "00002000",
     FIELDS(IS(opcommit.offset, 65536), IS(opcommit.count, 8192))},
    {"CREATE_dir", "00000006 00000002 " NAME FATTR,
     FIELDS(IS(opcreate.objtype.type, NF4DIR), IS_TEXT(opcreate.objname, "abc"),
            IS_FATTR(opcreate.createattrs))},
    {"CREATE_link", "00000006 00000005 00000004 2f746d70 " NAME FATTR,
     FIELDS(IS(opcreate.objtype.type, NF4LNK), IS_TEXT(opcreate.objtype.linkdata, "/tmp"),
            IS_TEXT(opcreate.objname, "abc"))},
    {"CREATE_block", "00000006 00000003 00000008 00000011 " NAME FATTR,
     FIELDS(IS(opcreate.objtype.type, NF4BLK), IS(opcreate.objtype.devdata.specdata1, 8),
            IS(opcreate.objtype.devdata.specdata2, 17))},
    {"CREATE_fifo", "00000006 00000007 " NAME FATTR, FIELDS(IS(opcreate.objtype.type, NF4FIFO))},
    {"DELEGPURGE", "00000007 00000000 0000002a", FIELDS(IS(opdelegpurge.clientid, 42))},
    {"DELEGRETURN", "00000008 " STATEID, FIELDS(IS_STATEID(opdelegreturn.deleg_stateid))},
    {"GETATTR", "00000009 " BITMAP, FIELDS(IS_BITMAP(opgetattr.attr_request))},
    {"GETFH", "0000000a", NO_FIELDS},
    {"LINK", "0000000b " NAME, FIELDS(IS_TEXT(oplink.newname, "abc"))},
    {"LOCK_new",
     "0000000c 00000002 00000001 " OFFSET LENGTH "00000001 00000003 " STATEID "00000004 " OWNER,
     FIELDS(IS(oplock.locktype, WRITE_LT), IS(oplock.reclaim, true), IS(oplock.offset, 65536),
            IS(oplock.length, 4096), IS(oplock.locker.new_lock_owner, true),
            IS(oplock.locker.open_owner.open_seqid, 3),
            IS_STATEID(oplock.locker.open_owner.open_stateid),
            IS(oplock.locker.open_owner.lock_seqid, 4),
            IS_OWNER(oplock.locker.open_owner.lock_owner))},
    {"LOCK_existing", "0000000c 00000003 00000000 " OFFSET LENGTH "00000000 " STATEID "00000005",
     FIELDS(IS(oplock.locktype, READW_LT), IS(oplock.locker.new_lock_owner, false),
            IS_STATEID(oplock.locker.lock_owner.lock_stateid),
            IS(oplock.locker.lock_owner.lock_seqid, 5))},
    {"LOCKT", "0000000d 00000001 " OFFSET LENGTH OWNER,
     FIELDS(IS(oplockt.locktype, READ_LT), IS(oplockt.offset, 65536), IS(oplockt.length, 4096),
            IS_OWNER(oplockt.owner))},
    {"LOCKU", "0000000e 00000004 00000006 " STATEID OFFSET LENGTH,
     FIELDS(IS(oplocku.locktype, WRITEW_LT), IS(oplocku.seqid, 6), IS_STATEID(oplocku.lock_stateid),
            IS(oplocku.offset, 65536), IS(oplocku.length, 4096))},
    {"LOOKUP", "0000000f " NAME, FIELDS(IS_TEXT(oplookup.objname, "abc"))},
    {"LOOKUPP", "00000010", NO_FIELDS},
    {"NVERIFY", "00000011 " FATTR, FIELDS(IS_FATTR(opnverify.obj_attributes))},
    {"OPEN_unchecked",
     "00000012 00000001 00000003 00000002 " OWNER "00000001 00000000 " FATTR "00000000 " NAME,
     FIELDS(IS(opopen.seqid, 1), IS(opopen.share_access, OPEN4_SHARE_ACCESS_BOTH),
            IS(opopen.share_deny, OPEN4_SHARE_DENY_WRITE), IS_OWNER(opopen.owner),
            IS(opopen.openhow.opentype, OPEN4_CREATE), IS(opopen.openhow.how.mode, UNCHECKED4),
            IS_FATTR(opopen.openhow.how.createattrs), IS(opopen.claim.claim, CLAIM_NULL),
            IS_TEXT(opopen.claim.file, "abc"))},
    {"OPEN_guarded_previous",
     "00000012 00000001 00000003 00000002 " OWNER "00000001 00000001 " FATTR "00000001 00000002",
     FIELDS(IS(opopen.openhow.how.mode, GUARDED4), IS_FATTR(opopen.openhow.how.createattrs),
            IS(opopen.claim.claim, CLAIM_PREVIOUS),
            IS(opopen.claim.delegate_type, OPEN_DELEGATE_WRITE))},
    {"OPEN_exclusive",
     "00000012 00000001 00000003 00000002 " OWNER "00000001 00000002 " VERIFIER "00000000 " NAME,
     FIELDS(IS(opopen.openhow.how.mode, EXCLUSIVE4),
            IS_FIXED(opopen.openhow.how.createverf, 0x51))},
    {"OPEN_exclusive_1",
     "00000012 00000001 00000003 00000002 " OWNER "00000001 00000003 " VERIFIER FATTR
     "00000000 " NAME,
     FIELDS(IS(opopen.openhow.how.mode, EXCLUSIVE4_1),
            IS_FIXED(opopen.openhow.how.ch_createboth.cva_verf, 0x51),
            IS_FATTR(opopen.openhow.how.ch_createboth.cva_attrs))},
    {"OPEN_delegate_cur",
     "00000012 00000001 00000003 00000002 " OWNER "00000000 00000002 " STATEID NAME,
     FIELDS(IS(opopen.openhow.opentype, OPEN4_NOCREATE), IS(opopen.claim.claim, CLAIM_DELEGATE_CUR),
            IS_STATEID(opopen.claim.delegate_cur_info.delegate_stateid),
            IS_TEXT(opopen.claim.delegate_cur_info.file, "abc"))},
    {"OPEN_delegate_prev", "00000012 00000001 00000003 00000002 " OWNER "00000000 00000003 " NAME,
     FIELDS(IS(opopen.claim.claim, CLAIM_DELEGATE_PREV),
            IS_TEXT(opopen.claim.file_delegate_prev, "abc"))},
    {"OPEN_fh", "00000012 00000001 00000003 00000002 " OWNER "00000000 00000004",
     FIELDS(IS(opopen.claim.claim, CLAIM_FH))},
    {"OPEN_deleg_cur_fh", "00000012 00000001 00000003 00000002 " OWNER "00000000 00000005 " STATEID,
     FIELDS(IS(opopen.claim.claim, CLAIM_DELEG_CUR_FH),
            IS_STATEID(opopen.claim.oc_delegate_stateid))},
    {"OPEN_deleg_prev_fh", "00000012 00000001 00000003 00000002 " OWNER "00000000 00000006",
     FIELDS(IS(opopen.claim.claim, CLAIM_DELEG_PREV_FH))},
    {"OPENATTR", "00000013 00000001", FIELDS(IS(opopenattr.createdir, true))},
    {"OPEN_CONFIRM", "00000014 " STATEID "00000002",
     FIELDS(IS_STATEID(opopen_confirm.open_stateid), IS(opopen_confirm.seqid, 2))},
    {"OPEN_DOWNGRADE", "00000015 " STATEID "00000003 00000001 00000002",
     FIELDS(IS_STATEID(opopen_downgrade.open_stateid), IS(opopen_downgrade.seqid, 3),
            IS(opopen_downgrade.share_access, 1), IS(opopen_downgrade.share_deny, 2))},
    {"PUTFH", "00000016 " FH, FIELDS(IS_FH(opputfh.object))},
    {"PUTPUBFH", "00000017", NO_FIELDS},
    {"PUTROOTFH", "00000018", NO_FIELDS},
    {"READ", "00000019 " STATEID OFFSET "00000800",
     FIELDS(IS_STATEID(opread.stateid), IS(opread.offset, 65536), IS(opread.count, 2048))},
    {"READDIR", "0000001a 00000001 00000002 " VERIFIER "00000100 00001000 " BITMAP,
     FIELDS(IS(opreaddir.cookie, 0x100000002), IS_FIXED(opreaddir.cookieverf, 0x51),
            IS(opreaddir.dircount, 256), IS(opreaddir.maxcount, 4096),
            IS_BITMAP(opreaddir.attr_request))},
    {"READLINK", "0000001b", NO_FIELDS},
    {"REMOVE", "0000001c " NAME, FIELDS(IS_TEXT(opremove.target, "abc"))},
    {"RENAME", "0000001d " NAME NAME2,
     FIELDS(IS_TEXT(oprename.oldname, "abc"), IS_TEXT(oprename.newname, "de"))},
    {"RENEW", "0000001e 00000000 0000002a", FIELDS(IS(oprenew.clientid, 42))},
    {"RESTOREFH", "0000001f", NO_FIELDS},
    {"SAVEFH", "00000020", NO_FIELDS},
    {"SECINFO", "00000021 " NAME, FIELDS(IS_TEXT(opsecinfo.name, "abc"))},
    {"SETATTR", "00000022 " STATEID FATTR,
     FIELDS(IS_STATEID(opsetattr.stateid), IS_FATTR(opsetattr.obj_attributes))},
    {"SETCLIENTID",
     "00000023 " VERIFIER NAME
     "40000000 00000003 74637000 00000009 312e322e 332e342e 35000000 00000008",
     FIELDS(IS_FIXED(opsetclientid.client.verifier, 0x51), IS_TEXT(opsetclientid.client.id, "abc"),
            IS(opsetclientid.callback.cb_program, 0x40000000),
            IS_TEXT(opsetclientid.callback.cb_location.na_r_netid, "tcp"),
            IS_TEXT(opsetclientid.callback.cb_location.na_r_addr, "1.2.3.4.5"),
            IS(opsetclientid.callback_ident, 8))},
    {"SETCLIENTID_CONFIRM", "00000024 00000000 0000002a " VERIFIER,
     FIELDS(IS(opsetclientid_confirm.clientid, 42),
            IS_FIXED(opsetclientid_confirm.setclientid_confirm, 0x51))},
    {"VERIFY", "00000025 " FATTR, FIELDS(IS_FATTR(opverify.obj_attributes))},
    {"WRITE", "00000026 " STATEID OFFSET "00000002 00000006 64617461 21210000",
     FIELDS(IS_STATEID(opwrite.stateid), IS(opwrite.offset, 65536), IS(opwrite.stable, FILE_SYNC4),
            IS_TEXT(opwrite.data, "data!!"))},
    {"RELEASE_LOCKOWNER", "00000027 " OWNER, FIELDS(IS_OWNER(oprelease_lockowner.lock_owner))},
    {"BACKCHANNEL_CTL",
     "00000028 40000001 "
     "00000003 00000000 00000001 00000063 " NAME
     "000003e8 00000064 00000002 00000064 0000001b 00000006 00000002 " NAME NAME2,
     FIELDS(IS(opbackchannel_ctl.bca_cb_program, 0x40000001),
            IS(opbackchannel_ctl.bca_sec_parms_count, 3)),
     check_BACKCHANNEL_CTL},
    {"BIND_CONN_TO_SESSION", "00000029 " SESSIONID "00000007 00000000",
     FIELDS(IS_FIXED(opbind_conn_to_session.bctsa_sessid, 0x10),
            IS(opbind_conn_to_session.bctsa_dir, CDFC4_BACK_OR_BOTH),
            IS(opbind_conn_to_session.bctsa_use_conn_in_rdma_mode, false))},
    {"EXCHANGE_ID_none",
     "0000002a " VERIFIER NAME "00000101 00000000 00000001 00000007 6d656f77 2e696f00 " NAME2
     "00000000 5f000000 00000007",
     FIELDS(IS_FIXED(opexchange_id.eia_clientowner.co_verifier, 0x51),
            IS_TEXT(opexchange_id.eia_clientowner.co_ownerid, "abc"),
            IS(opexchange_id.eia_flags,
               EXCHGID4_FLAG_SUPP_MOVED_REFER | EXCHGID4_FLAG_BIND_PRINC_STATEID),
            IS(opexchange_id.eia_state_protect.spa_how, SP4_NONE),
            IS(opexchange_id.eia_client_impl_id_count, 1)),
     check_EXCHANGE_ID_none},
    {"EXCHANGE_ID_mach",
     "0000002a " VERIFIER NAME "00000000 00000001 " BITMAP "00000001 00000008 00000000",
     FIELDS(IS(opexchange_id.eia_state_protect.spa_how, SP4_MACH_CRED),
            IS_BITMAP(opexchange_id.eia_state_protect.spa_mach_ops.spo_must_enforce),
            IS(opexchange_id.eia_client_impl_id_count, 0)),
     check_EXCHANGE_ID_mach},
    {"EXCHANGE_ID_ssv",
     "0000002a " VERIFIER NAME "00000000 00000002 " BITMAP BITMAP "00000002 " NAME NAME2
     "00000001 " NAME2 "00000010 00000004 00000000",
     FIELDS(IS(opexchange_id.eia_state_protect.spa_how, SP4_SSV),
            IS_BITMAP(opexchange_id.eia_state_protect.spa_ssv_parms.ssp_ops.spo_must_allow),
            IS(opexchange_id.eia_state_protect.spa_ssv_parms.ssp_hash_algs_count, 2),
            IS(opexchange_id.eia_state_protect.spa_ssv_parms.ssp_encr_algs_count, 1),
            IS(opexchange_id.eia_state_protect.spa_ssv_parms.ssp_window, 16),
            IS(opexchange_id.eia_state_protect.spa_ssv_parms.ssp_num_gss_handles, 4)),
     check_EXCHANGE_ID_ssv},
    {"CREATE_SESSION",
     "0000002b 00000000 0000002a 00000001 00000003 "
     "00000000 00100000 00100400 00002000 00000010 00000040 00000000 "
     "00000000 00001000 00001001 00001002 00000002 00000010 00000001 00000009 "
     "40000000 "
     "00000003 00000000 00000001 00000063 " NAME
     "000003e8 00000064 00000002 00000064 0000001b 00000006 00000002 " NAME NAME2,
     FIELDS(IS(opcreate_session.csa_clientid, 42), IS(opcreate_session.csa_sequence, 1),
            IS(opcreate_session.csa_flags,
               CREATE_SESSION4_FLAG_PERSIST | CREATE_SESSION4_FLAG_CONN_BACK_CHAN),
            IS(opcreate_session.csa_fore_chan_attrs.ca_headerpadsize, 0),
            IS(opcreate_session.csa_fore_chan_attrs.ca_maxrequestsize, 0x100000),
            IS(opcreate_session.csa_fore_chan_attrs.ca_maxresponsesize, 0x100400),
            IS(opcreate_session.csa_fore_chan_attrs.ca_maxresponsesize_cached, 0x2000),
            IS(opcreate_session.csa_fore_chan_attrs.ca_maxoperations, 16),
            IS(opcreate_session.csa_fore_chan_attrs.ca_maxrequests, 64),
            IS(opcreate_session.csa_fore_chan_attrs.ca_rdma_ird_count, 0),
            IS(opcreate_session.csa_back_chan_attrs.ca_maxresponsesize, 0x1001),
            IS(opcreate_session.csa_back_chan_attrs.ca_rdma_ird_count, 1),
            IS(opcreate_session.csa_cb_program, 0x40000000),
            IS(opcreate_session.csa_sec_parms_count, 3)),
     check_CREATE_SESSION},
    {"DESTROY_SESSION", "0000002c " SESSIONID,
     FIELDS(IS_FIXED(opdestroy_session.dsa_sessionid, 0x10))},
    {"FREE_STATEID", "0000002d " STATEID, FIELDS(IS_STATEID(opfree_stateid.fsa_stateid))},
    {"GET_DIR_DELEGATION",
     "0000002e 00000001 " BITMAP
     "00000000 00000005 00000006 ffffffff ffffffff 00000007 " BITMAP BITMAP,
     FIELDS(IS(opget_dir_delegation.gdda_signal_deleg_avail, true),
            IS_BITMAP(opget_dir_delegation.gdda_notification_types),
            IS(opget_dir_delegation.gdda_child_attr_delay.seconds, 5),
            IS(opget_dir_delegation.gdda_child_attr_delay.nseconds, 6),
            IS(opget_dir_delegation.gdda_dir_attr_delay.seconds, -1),
            IS(opget_dir_delegation.gdda_dir_attr_delay.nseconds, 7),
            IS_BITMAP(opget_dir_delegation.gdda_child_attributes),
            IS_BITMAP(opget_dir_delegation.gdda_dir_attributes))},
    {"GETDEVICEINFO", "0000002f " DEVICEID "00000001 00001000 " BITMAP,
     FIELDS(IS_FIXED(opgetdeviceinfo.gdia_device_id, 0x20),
            IS(opgetdeviceinfo.gdia_layout_type, LAYOUT4_NFSV4_1_FILES),
            IS(opgetdeviceinfo.gdia_maxcount, 4096), IS_BITMAP(opgetdeviceinfo.gdia_notify_types))},
    {"GETDEVICELIST", "00000030 00000003 00000014 00000000 00000011 " VERIFIER,
     FIELDS(IS(opgetdevicelist.gdla_layout_type, LAYOUT4_BLOCK_VOLUME),
            IS(opgetdevicelist.gdla_maxdevices, 20), IS(opgetdevicelist.gdla_cookie, 17),
            IS_FIXED(opgetdevicelist.gdla_cookieverf, 0x51))},
    {"LAYOUTCOMMIT_full",
     "00000031 " OFFSET LENGTH "00000001 " STATEID
     "00000001 00000000 00011000 00000001 00000000 00000009 0000000a 00000001 " NAME,
     FIELDS(IS(oplayoutcommit.loca_offset, 65536), IS(oplayoutcommit.loca_length, 4096),
            IS(oplayoutcommit.loca_reclaim, true), IS_STATEID(oplayoutcommit.loca_stateid),
            IS(oplayoutcommit.loca_last_write_offset.no_newoffset, true),
            IS(oplayoutcommit.loca_last_write_offset.no_offset, 0x11000),
            IS(oplayoutcommit.loca_time_modify.nt_timechanged, true),
            IS(oplayoutcommit.loca_time_modify.nt_time.seconds, 9),
            IS(oplayoutcommit.loca_time_modify.nt_time.nseconds, 10),
            IS(oplayoutcommit.loca_layoutupdate.lou_type, 1),
            IS_TEXT(oplayoutcommit.loca_layoutupdate.lou_body, "abc"))},
    {"LAYOUTCOMMIT_bare",
     "00000031 " OFFSET LENGTH "00000000 " STATEID "00000000 00000000 00000001 00000000",
     FIELDS(IS(oplayoutcommit.loca_last_write_offset.no_newoffset, false),
            IS(oplayoutcommit.loca_time_modify.nt_timechanged, false),
            IS(oplayoutcommit.loca_layoutupdate.lou_body.len, 0))},
    {"LAYOUTGET",
     "00000032 00000001 00000001 00000002 " OFFSET LENGTH "00000000 00000800 " STATEID "00002000",
     FIELDS(IS(oplayoutget.loga_signal_layout_avail, true), IS(oplayoutget.loga_layout_type, 1),
            IS(oplayoutget.loga_iomode, LAYOUTIOMODE4_RW), IS(oplayoutget.loga_offset, 65536),
            IS(oplayoutget.loga_length, 4096), IS(oplayoutget.loga_minlength, 2048),
            IS_STATEID(oplayoutget.loga_stateid), IS(oplayoutget.loga_maxcount, 8192))},
    {"LAYOUTRETURN_file",
     "00000033 00000000 00000001 00000003 00000001 " OFFSET LENGTH STATEID NAME,
     FIELDS(IS(oplayoutreturn.lora_reclaim, false), IS(oplayoutreturn.lora_layout_type, 1),
            IS(oplayoutreturn.lora_iomode, LAYOUTIOMODE4_ANY),
            IS(oplayoutreturn.lora_layoutreturn.lr_returntype, LAYOUTRETURN4_FILE),
            IS(oplayoutreturn.lora_layoutreturn.lr_layout.lrf_offset, 65536),
            IS(oplayoutreturn.lora_layoutreturn.lr_layout.lrf_length, 4096),
            IS_STATEID(oplayoutreturn.lora_layoutreturn.lr_layout.lrf_stateid),
            IS_TEXT(oplayoutreturn.lora_layoutreturn.lr_layout.lrf_body, "abc"))},
    {"LAYOUTRETURN_all", "00000033 00000001 00000001 00000003 00000003",
     FIELDS(IS(oplayoutreturn.lora_reclaim, true),
            IS(oplayoutreturn.lora_layoutreturn.lr_returntype, LAYOUTRETURN4_ALL))},
    {"SECINFO_NO_NAME", "00000034 00000001",
     FIELDS(IS(opsecinfo_no_name.style, SECINFO_STYLE4_PARENT))},
    {"SEQUENCE", "00000035 " SESSIONID "0000000b 00000002 00000003 00000001",
     FIELDS(IS_FIXED(opsequence.sa_sessionid, 0x10), IS(opsequence.sa_sequenceid, 11),
            IS(opsequence.sa_slotid, 2), IS(opsequence.sa_highest_slotid, 3),
            IS(opsequence.sa_cachethis, true))},
    {"SET_SSV", "00000036 " NAME NAME2,
     FIELDS(IS_TEXT(opset_ssv.ssa_ssv, "abc"), IS_TEXT(opset_ssv.ssa_digest, "de"))},
    {"TEST_STATEID", "00000037 00000002 " STATEID STATEID,
     FIELDS(IS(optest_stateid.ts_stateids_count, 2)), check_TEST_STATEID},
    {"WANT_DELEGATION_previous", "00000038 00000100 00000001 00000001",
     FIELDS(IS(opwant_delegation.wda_want, OPEN4_SHARE_ACCESS_WANT_READ_DELEG),
            IS(opwant_delegation.wda_claim.dc_claim, CLAIM_PREVIOUS),
            IS(opwant_delegation.wda_claim.dc_delegate_type, OPEN_DELEGATE_READ))},
    {"WANT_DELEGATION_fh", "00000038 00000200 00000004",
     FIELDS(IS(opwant_delegation.wda_want, OPEN4_SHARE_ACCESS_WANT_WRITE_DELEG),
            IS(opwant_delegation.wda_claim.dc_claim, CLAIM_FH))},
    {"DESTROY_CLIENTID", "00000039 00000000 0000002a",
     FIELDS(IS(opdestroy_clientid.dca_clientid, 42))},
    {"RECLAIM_COMPLETE", "0000003a 00000000", FIELDS(IS(opreclaim_complete.rca_one_fs, false))},
    {"ALLOCATE", "0000003b " STATEID OFFSET LENGTH,
     FIELDS(IS_STATEID(opallocate.aa_stateid), IS(opallocate.aa_offset, 65536),
            IS(opallocate.aa_length, 4096))},
    {"COPY",
     "0000003c " STATEID STATEID OFFSET "00000000 00020000 " LENGTH
     "00000001 00000000 00000003 00000001 " NAME "00000002 " NAME2
     "00000003 00000003 74637000 " NAME,
     FIELDS(IS_STATEID(opcopy.ca_src_stateid), IS_STATEID(opcopy.ca_dst_stateid),
            IS(opcopy.ca_src_offset, 65536), IS(opcopy.ca_dst_offset, 131072),
            IS(opcopy.ca_count, 4096), IS(opcopy.ca_consecutive, true),
            IS(opcopy.ca_synchronous, false), IS(opcopy.ca_source_server_count, 3)),
     check_COPY},
    {"COPY_NOTIFY", "0000003d " STATEID "00000001 " NAME,
     FIELDS(IS_STATEID(opcopy_notify.cna_src_stateid),
            IS(opcopy_notify.cna_destination_server.nl_type, NL4_NAME),
            IS_TEXT(opcopy_notify.cna_destination_server.nl_name, "abc"))},
    {"DEALLOCATE", "0000003e " STATEID OFFSET LENGTH,
     FIELDS(IS_STATEID(opdeallocate.da_stateid), IS(opdeallocate.da_offset, 65536),
            IS(opdeallocate.da_length, 4096))},
    {"IO_ADVISE", "0000003f " STATEID OFFSET LENGTH BITMAP,
     FIELDS(IS_STATEID(opio_advise.iaa_stateid), IS(opio_advise.iaa_offset, 65536),
            IS(opio_advise.iaa_count, 4096), IS_BITMAP(opio_advise.iaa_hints))},
    {"LAYOUTERROR", "00000040 " OFFSET LENGTH STATEID "00000001 " DEVICEID "00000005 00000019",
     FIELDS(IS(oplayouterror.lea_offset, 65536), IS(oplayouterror.lea_length, 4096),
            IS_STATEID(oplayouterror.lea_stateid), IS(oplayouterror.lea_errors_count, 1)),
     check_LAYOUTERROR},
    {"LAYOUTSTATS",
     "00000041 " OFFSET LENGTH STATEID
     "00000000 00000001 00000000 00000002 00000000 00000003 00000000 00000004 " DEVICEID
     "00000004 " NAME,
     FIELDS(IS(oplayoutstats.lsa_offset, 65536), IS(oplayoutstats.lsa_length, 4096),
            IS_STATEID(oplayoutstats.lsa_stateid), IS(oplayoutstats.lsa_read.ii_count, 1),
            IS(oplayoutstats.lsa_read.ii_bytes, 2), IS(oplayoutstats.lsa_write.ii_count, 3),
            IS(oplayoutstats.lsa_write.ii_bytes, 4), IS_FIXED(oplayoutstats.lsa_deviceid, 0x20),
            IS(oplayoutstats.lsa_layoutupdate.lou_type, LAYOUT4_FLEX_FILES),
            IS_TEXT(oplayoutstats.lsa_layoutupdate.lou_body, "abc"))},
    {"OFFLOAD_CANCEL", "00000042 " STATEID, FIELDS(IS_STATEID(opoffload_cancel.oca_stateid))},
    {"OFFLOAD_STATUS", "00000043 " STATEID, FIELDS(IS_STATEID(opoffload_status.osa_stateid))},
    {"READ_PLUS", "00000044 " STATEID OFFSET "00000800",
     FIELDS(IS_STATEID(opread_plus.rpa_stateid), IS(opread_plus.rpa_offset, 65536),
            IS(opread_plus.rpa_count, 2048))},
    {"SEEK", "00000045 " STATEID OFFSET "00000001",
     FIELDS(IS_STATEID(opseek.sa_stateid), IS(opseek.sa_offset, 65536),
            IS(opseek.sa_what, NFS4_CONTENT_HOLE))},
    {"WRITE_SAME",
     "00000046 " STATEID "00000001 " OFFSET LENGTH
     "00000000 00000003 00000000 00000004 00000005 00000000 00000006 " NAME,
     FIELDS(
         IS_STATEID(opwrite_same.wsa_stateid), IS(opwrite_same.wsa_stable, DATA_SYNC4),
         IS(opwrite_same.wsa_adb.adb_offset, 65536), IS(opwrite_same.wsa_adb.adb_block_size, 4096),
         IS(opwrite_same.wsa_adb.adb_block_count, 3),
         IS(opwrite_same.wsa_adb.adb_reloff_blocknum, 4), IS(opwrite_same.wsa_adb.adb_block_num, 5),
         IS(opwrite_same.wsa_adb.adb_reloff_pattern, 6),
         IS_TEXT(opwrite_same.wsa_adb.adb_pattern, "abc"))},
    {"CLONE", "00000047 " STATEID STATEID OFFSET "00000000 00020000 " LENGTH,
     FIELDS(IS_STATEID(opclone.cl_src_stateid), IS_STATEID(opclone.cl_dst_stateid),
            IS(opclone.cl_src_offset, 65536), IS(opclone.cl_dst_offset, 131072),
            IS(opclone.cl_count, 4096))},
    {"GETXATTR", "00000048 " NAME, FIELDS(IS_TEXT(opgetxattr.gxa_name, "abc"))},
    {"SETXATTR", "00000049 00000002 " NAME NAME2,
     FIELDS(IS(opsetxattr.sxa_option, SETXATTR4_REPLACE), IS_TEXT(opsetxattr.sxa_key, "abc"),
            IS_TEXT(opsetxattr.sxa_value, "de"))},
    {"LISTXATTRS", "0000004a 00000000 00000011 00001000",
     FIELDS(IS(oplistxattrs.lxa_cookie, 17), IS(oplistxattrs.lxa_maxcount, 4096))},
    {"REMOVEXATTR", "0000004b " NAME, FIELDS(IS_TEXT(opremovexattr.rxa_name, "abc"))},
};

const size_t golden_args_count = sizeof(golden_args) / sizeof(golden_args[0]);
