/* SPDX-License-Identifier: Apache-2.0 */
/* Results of the operations, and each kind of error body. */
#include "golden.h"
#include "golden_tables.h"

/* Of struct nfs_resop4: see golden.h. */
#define MEMBER(member)                                                                             \
    .name = #member, .at = offsetof(struct nfs_resop4, member),                                    \
    .size = sizeof(((struct nfs_resop4 *)0)->member)

static void check_READDIR(const struct nfs_resop4 *v)
{
    const __typeof__(v->opreaddir) *m = &v->opreaddir;
    const struct entry4 *e = m->reply.entries;

    EQ(e->cookie, 3);
    golden_text(&e->name, "abc");
    golden_fattr(&e->attrs);
    EQ(e->nextentry->cookie, 4);
    golden_text(&e->nextentry->name, "de");
    assert_null(e->nextentry->nextentry);
}

static void check_READDIR_empty(const struct nfs_resop4 *v)
{
    const __typeof__(v->opreaddir) *m = &v->opreaddir;

    assert_null(m->reply.entries);
}

static void check_SECINFO(const struct nfs_resop4 *v)
{
    const __typeof__(v->opsecinfo) *m = &v->opsecinfo;

    EQ(m->flavors[0].flavor, AUTH_SYS);
    EQ(m->flavors[1].flavor, RPCSEC_GSS);
    EQ(m->flavors[1].flavor_info.oid.len, 3);
    assert_memory_equal(m->flavors[1].flavor_info.oid.data, "\x2b\x06\x01", 3);
    EQ(m->flavors[1].flavor_info.qop, 0);
    EQ(m->flavors[1].flavor_info.service, RPC_GSS_SVC_PRIVACY);
}

static void check_EXCHANGE_ID_none(const struct nfs_resop4 *v)
{
    const __typeof__(v->opexchange_id) *m = &v->opexchange_id;

    golden_text(&m->eir_server_impl_id->nii_name, "de");
    EQ(m->eir_server_impl_id->nii_date.nseconds, 2);
}

static void check_EXCHANGE_ID_ssv(const struct nfs_resop4 *v)
{
    const __typeof__(v->opexchange_id) *m = &v->opexchange_id;

    golden_text(&m->eir_state_protect.spr_ssv_info.spi_handles[0], "abc");
}

static void check_CREATE_SESSION(const struct nfs_resop4 *v)
{
    const __typeof__(v->opcreate_session) *m = &v->opcreate_session;

    EQ(m->csr_back_chan_attrs.ca_rdma_ird[0], 9);
}

static void check_GETDEVICELIST(const struct nfs_resop4 *v)
{
    const __typeof__(v->opgetdevicelist) *m = &v->opgetdevicelist;

    golden_fixed(m->gdlr_deviceid_list[1], 0x20, 16);
}

static void check_LAYOUTGET(const struct nfs_resop4 *v)
{
    const __typeof__(v->oplayoutget) *m = &v->oplayoutget;

    EQ(m->logr_layout->lo_offset, 65536);
    EQ(m->logr_layout->lo_length, 4096);
    EQ(m->logr_layout->lo_iomode, LAYOUTIOMODE4_READ);
    EQ(m->logr_layout->lo_content.loc_type, 1);
    golden_text(&m->logr_layout->lo_content.loc_body, "abc");
}

static void check_SECINFO_NO_NAME(const struct nfs_resop4 *v)
{
    const __typeof__(v->opsecinfo_no_name) *m = &v->opsecinfo_no_name;

    EQ(m->flavors[0].flavor, AUTH_SYS);
    EQ(m->flavors[1].flavor, RPCSEC_GSS);
    EQ(m->flavors[1].flavor_info.oid.len, 3);
    assert_memory_equal(m->flavors[1].flavor_info.oid.data, "\x2b\x06\x01", 3);
    EQ(m->flavors[1].flavor_info.qop, 0);
    EQ(m->flavors[1].flavor_info.service, RPC_GSS_SVC_PRIVACY);
}

static void check_TEST_STATEID(const struct nfs_resop4 *v)
{
    const __typeof__(v->optest_stateid) *m = &v->optest_stateid;

    EQ(m->tsr_status_codes[0], NFS4_OK);
    EQ(m->tsr_status_codes[1], NFS4ERR_BAD_STATEID);
}

static void check_COPY_asynchronous(const struct nfs_resop4 *v)
{
    golden_stateid(v->opcopy.cr_response.wr_callback_id);
}

static void check_OFFLOAD_STATUS_complete(const struct nfs_resop4 *v)
{
    EQ(*v->opoffload_status.osr_complete, NFS4ERR_IO);
}

static void check_LISTXATTRS(const struct nfs_resop4 *v)
{
    const __typeof__(v->oplistxattrs) *m = &v->oplistxattrs;

    golden_text(&m->lxr_names[0], "abc");
    golden_text(&m->lxr_names[1], "de");
}

static void check_READ_PLUS(const struct nfs_resop4 *v)
{
    const struct read_plus_content *contents = v->opread_plus.rpr_contents;

    EQ(contents[0].rpc_content, NFS4_CONTENT_DATA);
    EQ(contents[0].rpc_data.d_offset, 65536);
    golden_text(&contents[0].rpc_data.d_data, "abc");
    EQ(contents[1].rpc_content, NFS4_CONTENT_HOLE);
    EQ(contents[1].rpc_hole.di_offset, 131072);
    EQ(contents[1].rpc_hole.di_length, 4096);
}

const struct golden_results golden_results[] = {
    {"ACCESS",
     "00000003 00000000 "
     "0000001f 0000000d",
     FIELDS(IS(opaccess.supported, 0x1f), IS(opaccess.access, 0xd))},
    {"CLOSE", "00000004 00000000 " STATEID, FIELDS(IS_STATEID(opclose.open_stateid))},
    {"COMMIT", "00000005 00000000 " VERIFIER, FIELDS(IS_FIXED(opcommit.writeverf, 0x51))},
    {"CREATE", "00000006 00000000 " CINFO BITMAP,
     FIELDS(IS_CINFO(opcreate.cinfo), IS_BITMAP(opcreate.attrset))},
    {"DELEGPURGE", "00000007 00000000 ", NO_FIELDS},
    {"DELEGRETURN", "00000008 00000000 ", NO_FIELDS},
    {"GETATTR", "00000009 00000000 " FATTR, FIELDS(IS_FATTR(opgetattr.obj_attributes))},
    {"GETFH", "0000000a 00000000 " FH, FIELDS(IS_FH(opgetfh.object))},
    {"LINK", "0000000b 00000000 " CINFO, FIELDS(IS_CINFO(oplink.cinfo))},
    {"LOCK", "0000000c 00000000 " STATEID, FIELDS(IS_STATEID(oplock.lock_stateid))},
    {"LOCK_denied", "0000000c 0000271a " OFFSET LENGTH "00000002 " OWNER,
     FIELDS(IS(denied.offset, 65536), IS(denied.length, 4096), IS(denied.locktype, WRITE_LT),
            IS_OWNER(denied.owner))},
    {"LOCK_error", "0000000c 00002729", NO_FIELDS},
    {"LOCKT", "0000000d 00000000 ", NO_FIELDS},
    {"LOCKT_denied", "0000000d 0000271a " OFFSET LENGTH "00000002 " OWNER,
     FIELDS(IS(denied.offset, 65536), IS(denied.length, 4096), IS(denied.locktype, WRITE_LT),
            IS_OWNER(denied.owner))},
    {"LOCKU", "0000000e 00000000 " STATEID, FIELDS(IS_STATEID(oplocku.lock_stateid))},
    {"LOOKUP", "0000000f 00000000 ", NO_FIELDS},
    {"LOOKUP_noent", "0000000f 00000002", NO_FIELDS},
    {"LOOKUPP", "00000010 00000000 ", NO_FIELDS},
    {"NVERIFY", "00000011 00000000 ", NO_FIELDS},
    {"OPEN_none", "00000012 00000000 " STATEID CINFO "00000004 " BITMAP "00000000",
     FIELDS(IS_STATEID(opopen.stateid), IS_CINFO(opopen.cinfo),
            IS(opopen.rflags, OPEN4_RESULT_LOCKTYPE_POSIX), IS_BITMAP(opopen.attrset),
            IS(opopen.delegation.delegation_type, OPEN_DELEGATE_NONE))},
    {"OPEN_read",
     "00000012 00000000 " STATEID CINFO "00000004 " BITMAP "00000001 " STATEID "00000001 "
     "00000000 00000040 00000001 " NAME,
     FIELDS(IS_STATEID(opopen.delegation.read.stateid), IS(opopen.delegation.read.recall, true),
            IS(opopen.delegation.read.permissions.type, ACE4_ACCESS_ALLOWED_ACE_TYPE),
            IS(opopen.delegation.read.permissions.flag, ACE4_IDENTIFIER_GROUP),
            IS(opopen.delegation.read.permissions.access_mask, ACE4_READ_DATA),
            IS_TEXT(opopen.delegation.read.permissions.who, "abc"))},
    {"OPEN_write_size",
     "00000012 00000000 " STATEID CINFO "00000004 " BITMAP "00000002 " STATEID
     "00000000 00000001 " LENGTH "00000000 00000040 00000001 " NAME,
     FIELDS(IS_STATEID(opopen.delegation.write.stateid), IS(opopen.delegation.write.recall, false),
            IS(opopen.delegation.write.space_limit.limitby, NFS_LIMIT_SIZE),
            IS(opopen.delegation.write.space_limit.filesize, 4096),
            IS(opopen.delegation.write.permissions.type, ACE4_ACCESS_ALLOWED_ACE_TYPE),
            IS(opopen.delegation.write.permissions.flag, ACE4_IDENTIFIER_GROUP),
            IS(opopen.delegation.write.permissions.access_mask, ACE4_READ_DATA),
            IS_TEXT(opopen.delegation.write.permissions.who, "abc"))},
    {"OPEN_write_blocks",
     "00000012 00000000 " STATEID CINFO "00000004 " BITMAP "00000002 " STATEID
     "00000000 00000002 00000005 00000200 "
     "00000000 00000040 00000001 " NAME,
     FIELDS(IS(opopen.delegation.write.space_limit.limitby, NFS_LIMIT_BLOCKS),
            IS(opopen.delegation.write.space_limit.mod_blocks.num_blocks, 5),
            IS(opopen.delegation.write.space_limit.mod_blocks.bytes_per_block, 512))},
    {"OPEN_contention",
     "00000012 00000000 " STATEID CINFO "00000004 " BITMAP "00000003 00000001 00000001",
     FIELDS(IS(opopen.delegation.delegation_type, OPEN_DELEGATE_NONE_EXT),
            IS(opopen.delegation.od_whynone.ond_why, WND4_CONTENTION),
            IS(opopen.delegation.od_whynone.ond_server_will_push_deleg, true))},
    {"OPEN_resource",
     "00000012 00000000 " STATEID CINFO "00000004 " BITMAP "00000003 00000002 00000000",
     FIELDS(IS(opopen.delegation.od_whynone.ond_why, WND4_RESOURCE),
            IS(opopen.delegation.od_whynone.ond_server_will_signal_avail, false))},
    {"OPEN_not_wanted", "00000012 00000000 " STATEID CINFO "00000004 " BITMAP "00000003 00000000",
     FIELDS(IS(opopen.delegation.od_whynone.ond_why, WND4_NOT_WANTED))},
    {"OPENATTR", "00000013 00000000 ", NO_FIELDS},
    {"OPEN_CONFIRM", "00000014 00000000 " STATEID, FIELDS(IS_STATEID(opopen_confirm.open_stateid))},
    {"OPEN_DOWNGRADE", "00000015 00000000 " STATEID,
     FIELDS(IS_STATEID(opopen_downgrade.open_stateid))},
    {"PUTFH", "00000016 00000000 ", NO_FIELDS},
    {"PUTPUBFH", "00000017 00000000 ", NO_FIELDS},
    {"PUTROOTFH", "00000018 00000000 ", NO_FIELDS},
    {"READ",
     "00000019 00000000 "
     "00000001 00000005 68656c6c 6f000000",
     FIELDS(IS(opread.eof, true), IS_TEXT(opread.data, "hello"))},
    {"READDIR",
     "0000001a 00000000 " VERIFIER "00000001 00000000 00000003 " NAME FATTR
     "00000001 00000000 00000004 " NAME2 FATTR "00000000 00000001",
     FIELDS(IS_FIXED(opreaddir.cookieverf, 0x51), IS(opreaddir.reply.eof, true)), check_READDIR},
    {"READDIR_empty", "0000001a 00000000 " VERIFIER "00000000 00000000",
     FIELDS(IS(opreaddir.reply.eof, false)), check_READDIR_empty},
    {"READLINK", "0000001b 00000000 " NAME, FIELDS(IS_TEXT(opreadlink.link, "abc"))},
    {"REMOVE", "0000001c 00000000 " CINFO, FIELDS(IS_CINFO(opremove.cinfo))},
    {"RENAME", "0000001d 00000000 " CINFO "00000000 00000000 00000001 00000000 00000002",
     FIELDS(IS_CINFO(oprename.source_cinfo), IS(oprename.target_cinfo.atomic, false),
            IS(oprename.target_cinfo.before, 1), IS(oprename.target_cinfo.after, 2))},
    {"RENEW", "0000001e 00000000 ", NO_FIELDS},
    {"RESTOREFH", "0000001f 00000000 ", NO_FIELDS},
    {"SAVEFH", "00000020 00000000 ", NO_FIELDS},
    {"SECINFO",
     "00000021 00000000 "
     "00000002 00000001 00000006 00000003 2b060100 00000000 00000003",
     FIELDS(IS(opsecinfo.flavors_count, 2)), check_SECINFO},
    {"SETATTR", "00000022 00000000 " BITMAP, FIELDS(IS_BITMAP(attrsset))},
    {"SETATTR_error", "00000022 0000000d " BITMAP, FIELDS(IS_BITMAP(attrsset))},
    {"SETCLIENTID",
     "00000023 00000000 "
     "00000000 0000002a " VERIFIER,
     FIELDS(IS(opsetclientid.clientid, 42), IS_FIXED(opsetclientid.setclientid_confirm, 0x51))},
    {"SETCLIENTID_inuse", "00000023 00002721 00000003 74637000 " NAME,
     FIELDS(IS_TEXT(client_using.na_r_netid, "tcp"), IS_TEXT(client_using.na_r_addr, "abc"))},
    {"SETCLIENTID_CONFIRM", "00000024 00000000 ", NO_FIELDS},
    {"VERIFY", "00000025 00000000 ", NO_FIELDS},
    {"WRITE",
     "00000026 00000000 "
     "00000800 00000002 " VERIFIER,
     FIELDS(IS(opwrite.count, 2048), IS(opwrite.committed, FILE_SYNC4),
            IS_FIXED(opwrite.writeverf, 0x51))},
    {"RELEASE_LOCKOWNER", "00000027 00000000 ", NO_FIELDS},
    {"IO_ADVISE", "0000003f 00000000 " BITMAP, FIELDS(IS_BITMAP(opio_advise.ior_hints))},
    {"WRITE_SAME",
     "00000046 00000000 "
     "00000000 00000001 00000002 00000001 " VERIFIER,
     FIELDS(IS(opwrite_same.wr_count, 0x100000002), IS(opwrite_same.wr_committed, DATA_SYNC4),
            IS_FIXED(opwrite_same.wr_writeverf, 0x51))},
    {"BACKCHANNEL_CTL", "00000028 00000000 ", NO_FIELDS},
    {"BIND_CONN_TO_SESSION", "00000029 00000000 " SESSIONID "00000003 00000000",
     FIELDS(IS_FIXED(opbind_conn_to_session.bctsr_sessid, 0x10),
            IS(opbind_conn_to_session.bctsr_dir, CDFS4_BOTH),
            IS(opbind_conn_to_session.bctsr_use_conn_in_rdma_mode, false))},
    {"EXCHANGE_ID_none",
     "0000002a 00000000 "
     "00000000 0000002a 00000001 80020001 00000000 "
     "00000000 00000005 " NAME NAME2 "00000001 " NAME NAME2 "00000000 00000001 00000002",
     FIELDS(IS(opexchange_id.eir_clientid, 42), IS(opexchange_id.eir_sequenceid, 1),
            IS(opexchange_id.eir_flags, EXCHGID4_FLAG_CONFIRMED_R | EXCHGID4_FLAG_USE_PNFS_MDS |
                                            EXCHGID4_FLAG_SUPP_MOVED_REFER),
            IS(opexchange_id.eir_server_owner.so_minor_id, 5),
            IS_TEXT(opexchange_id.eir_server_owner.so_major_id, "abc"),
            IS_TEXT(opexchange_id.eir_server_scope, "de"),
            IS(opexchange_id.eir_state_protect.spr_how, SP4_NONE),
            IS(opexchange_id.eir_server_impl_id_count, 1)),
     check_EXCHANGE_ID_none},
    {"EXCHANGE_ID_mach",
     "0000002a 00000000 "
     "00000000 0000002a 00000001 80020001 00000001 " BITMAP BITMAP ""
     "00000000 00000005 " NAME NAME2 "00000000",
     FIELDS(IS(opexchange_id.eir_clientid, 42), IS(opexchange_id.eir_sequenceid, 1),
            IS(opexchange_id.eir_flags, EXCHGID4_FLAG_CONFIRMED_R | EXCHGID4_FLAG_USE_PNFS_MDS |
                                            EXCHGID4_FLAG_SUPP_MOVED_REFER),
            IS(opexchange_id.eir_server_owner.so_minor_id, 5),
            IS_TEXT(opexchange_id.eir_server_owner.so_major_id, "abc"),
            IS_TEXT(opexchange_id.eir_server_scope, "de"),
            IS(opexchange_id.eir_state_protect.spr_how, SP4_MACH_CRED),
            IS_BITMAP(opexchange_id.eir_state_protect.spr_mach_ops.spo_must_allow))},
    {"EXCHANGE_ID_ssv",
     "0000002a 00000000 "
     "00000000 0000002a 00000001 80020001 00000002 " BITMAP BITMAP
     "00000001 00000002 00000020 00000008 00000001 " NAME ""
     "00000000 00000005 " NAME NAME2 "00000000",
     FIELDS(IS(opexchange_id.eir_clientid, 42), IS(opexchange_id.eir_sequenceid, 1),
            IS(opexchange_id.eir_flags, EXCHGID4_FLAG_CONFIRMED_R | EXCHGID4_FLAG_USE_PNFS_MDS |
                                            EXCHGID4_FLAG_SUPP_MOVED_REFER),
            IS(opexchange_id.eir_server_owner.so_minor_id, 5),
            IS_TEXT(opexchange_id.eir_server_owner.so_major_id, "abc"),
            IS_TEXT(opexchange_id.eir_server_scope, "de"),
            IS(opexchange_id.eir_state_protect.spr_ssv_info.spi_hash_alg, 1),
            IS(opexchange_id.eir_state_protect.spr_ssv_info.spi_encr_alg, 2),
            IS(opexchange_id.eir_state_protect.spr_ssv_info.spi_ssv_len, 32),
            IS(opexchange_id.eir_state_protect.spr_ssv_info.spi_window, 8)),
     check_EXCHANGE_ID_ssv},
    {"CREATE_SESSION",
     "0000002b 00000000 " SESSIONID "00000001 00000002 "
     "00000000 00100000 00100400 00002000 00000010 00000040 00000000 "
     "00000000 00001000 00001001 00001002 00000002 00000010 00000001 00000009 ",
     FIELDS(IS_FIXED(opcreate_session.csr_sessionid, 0x10), IS(opcreate_session.csr_sequence, 1),
            IS(opcreate_session.csr_flags, CREATE_SESSION4_FLAG_CONN_BACK_CHAN),
            IS(opcreate_session.csr_fore_chan_attrs.ca_headerpadsize, 0),
            IS(opcreate_session.csr_fore_chan_attrs.ca_maxrequestsize, 0x100000),
            IS(opcreate_session.csr_fore_chan_attrs.ca_maxresponsesize, 0x100400),
            IS(opcreate_session.csr_fore_chan_attrs.ca_maxresponsesize_cached, 0x2000),
            IS(opcreate_session.csr_fore_chan_attrs.ca_maxoperations, 16),
            IS(opcreate_session.csr_fore_chan_attrs.ca_maxrequests, 64),
            IS(opcreate_session.csr_fore_chan_attrs.ca_rdma_ird_count, 0),
            IS(opcreate_session.csr_back_chan_attrs.ca_maxresponsesize, 0x1001),
            IS(opcreate_session.csr_back_chan_attrs.ca_rdma_ird_count, 1)),
     check_CREATE_SESSION},
    {"DESTROY_SESSION", "0000002c 00000000 ", NO_FIELDS},
    {"FREE_STATEID", "0000002d 00000000 ", NO_FIELDS},
    {"GET_DIR_DELEGATION",
     "0000002e 00000000 "
     "00000000 " VERIFIER STATEID BITMAP BITMAP BITMAP,
     FIELDS(IS(opget_dir_delegation.gddrnf_status, GDD4_OK),
            IS_FIXED(opget_dir_delegation.gddrnf_resok4.gddr_cookieverf, 0x51),
            IS_STATEID(opget_dir_delegation.gddrnf_resok4.gddr_stateid),
            IS_BITMAP(opget_dir_delegation.gddrnf_resok4.gddr_notification),
            IS_BITMAP(opget_dir_delegation.gddrnf_resok4.gddr_child_attributes),
            IS_BITMAP(opget_dir_delegation.gddrnf_resok4.gddr_dir_attributes))},
    {"GET_DIR_DELEGATION_unavail",
     "0000002e 00000000 "
     "00000001 00000001",
     FIELDS(IS(opget_dir_delegation.gddrnf_status, GDD4_UNAVAIL),
            IS(opget_dir_delegation.gddrnf_will_signal_deleg_avail, true))},
    {"GETDEVICEINFO",
     "0000002f 00000000 "
     "00000001 " NAME BITMAP,
     FIELDS(IS(opgetdeviceinfo.gdir_device_addr.da_layout_type, 1),
            IS_TEXT(opgetdeviceinfo.gdir_device_addr.da_addr_body, "abc"),
            IS_BITMAP(opgetdeviceinfo.gdir_notification))},
    {"GETDEVICEINFO_toosmall", "0000002f 00002715 00000400", FIELDS(IS(gdir_mincount, 1024))},
    {"GETDEVICELIST",
     "00000030 00000000 "
     "00000000 00000011 " VERIFIER "00000002 " DEVICEID DEVICEID "00000001",
     FIELDS(IS(opgetdevicelist.gdlr_cookie, 17), IS_FIXED(opgetdevicelist.gdlr_cookieverf, 0x51),
            IS(opgetdevicelist.gdlr_deviceid_list_count, 2), IS(opgetdevicelist.gdlr_eof, true)),
     check_GETDEVICELIST},
    {"LAYOUTCOMMIT",
     "00000031 00000000 "
     "00000001 " LENGTH,
     FIELDS(IS(oplayoutcommit.locr_newsize.ns_sizechanged, true),
            IS(oplayoutcommit.locr_newsize.ns_size, 4096))},
    {"LAYOUTCOMMIT_same",
     "00000031 00000000 "
     "00000000",
     FIELDS(IS(oplayoutcommit.locr_newsize.ns_sizechanged, false))},
    {"LAYOUTGET",
     "00000032 00000000 "
     "00000001 " STATEID "00000001 " OFFSET LENGTH "00000001 00000001 " NAME,
     FIELDS(IS(oplayoutget.logr_return_on_close, true), IS_STATEID(oplayoutget.logr_stateid),
            IS(oplayoutget.logr_layout_count, 1)),
     check_LAYOUTGET},
    {"LAYOUTGET_later", "00000032 0000274a 00000001",
     FIELDS(IS(logr_will_signal_layout_avail, true))},
    {"LAYOUTRETURN",
     "00000033 00000000 "
     "00000001 " STATEID,
     FIELDS(IS(oplayoutreturn.lrs_present, true), IS_STATEID(oplayoutreturn.lrs_stateid))},
    {"LAYOUTRETURN_none",
     "00000033 00000000 "
     "00000000",
     FIELDS(IS(oplayoutreturn.lrs_present, false))},
    {"SECINFO_NO_NAME",
     "00000034 00000000 "
     "00000002 00000001 00000006 00000003 2b060100 00000000 00000003",
     FIELDS(IS(opsecinfo_no_name.flavors_count, 2)), check_SECINFO_NO_NAME},
    {"SEQUENCE", "00000035 00000000 " SESSIONID "0000000b 00000002 00000003 0000003f 00000201",
     FIELDS(IS_FIXED(opsequence.sr_sessionid, 0x10), IS(opsequence.sr_sequenceid, 11),
            IS(opsequence.sr_slotid, 2), IS(opsequence.sr_highest_slotid, 3),
            IS(opsequence.sr_target_highest_slotid, 63),
            IS(opsequence.sr_status_flags,
               SEQ4_STATUS_CB_PATH_DOWN | SEQ4_STATUS_CB_PATH_DOWN_SESSION))},
    {"SET_SSV", "00000036 00000000 " NAME, FIELDS(IS_TEXT(opset_ssv.ssr_digest, "abc"))},
    {"TEST_STATEID",
     "00000037 00000000 "
     "00000002 00000000 00002729",
     FIELDS(IS(optest_stateid.tsr_status_codes_count, 2)), check_TEST_STATEID},
    {"WANT_DELEGATION",
     "00000038 00000000 "
     "00000000",
     FIELDS(IS(opwant_delegation.delegation_type, OPEN_DELEGATE_NONE))},
    {"DESTROY_CLIENTID", "00000039 00000000 ", NO_FIELDS},
    {"RECLAIM_COMPLETE", "0000003a 00000000 ", NO_FIELDS},
    {"COPY",
     "0000003c 00000000 "
     "00000000 " LENGTH "00000000 " VERIFIER "00000001 00000001",
     FIELDS(IS(opcopy.cr_response.wr_callback_id_count, 0), IS(opcopy.cr_response.wr_count, 4096),
            IS(opcopy.cr_response.wr_committed, UNSTABLE4),
            IS_FIXED(opcopy.cr_response.wr_writeverf, 0x51),
            IS(opcopy.cr_requirements.cr_consecutive, true),
            IS(opcopy.cr_requirements.cr_synchronous, true))},
    {"COPY_asynchronous",
     "0000003c 00000000 "
     "00000001 " STATEID "00000000 00000000 00000002 " VERIFIER "00000001 00000000",
     FIELDS(IS(opcopy.cr_response.wr_callback_id_count, 1), IS(opcopy.cr_response.wr_count, 0),
            IS(opcopy.cr_response.wr_committed, FILE_SYNC4),
            IS(opcopy.cr_requirements.cr_consecutive, true),
            IS(opcopy.cr_requirements.cr_synchronous, false)),
     check_COPY_asynchronous},
    {"COPY_no_reqs", "0000003c 0000276e 00000001 00000000",
     FIELDS(IS(copy_requirements.cr_consecutive, true),
            IS(copy_requirements.cr_synchronous, false))},
    {"OFFLOAD_CANCEL", "00000042 00000000 ", NO_FIELDS},
    {"OFFLOAD_STATUS", "00000043 00000000 " LENGTH "00000000",
     FIELDS(IS(opoffload_status.osr_count, 4096), IS(opoffload_status.osr_complete_count, 0))},
    {"OFFLOAD_STATUS_complete", "00000043 00000000 " LENGTH "00000001 00000005",
     FIELDS(IS(opoffload_status.osr_count, 4096), IS(opoffload_status.osr_complete_count, 1)),
     check_OFFLOAD_STATUS_complete},
    {"GETXATTR", "00000048 00000000 " NAME, FIELDS(IS_TEXT(opgetxattr.gxr_value, "abc"))},
    {"GETXATTR_empty", "00000048 00000000 00000000", FIELDS(IS_TEXT(opgetxattr.gxr_value, ""))},
    {"GETXATTR_none", "00000048 0000276f", NO_FIELDS},
    {"SETXATTR", "00000049 00000000 " CINFO, FIELDS(IS_CINFO(opsetxattr.sxr_info))},
    {"SETXATTR_too_big", "00000049 00002770", NO_FIELDS},
    {"LISTXATTRS", "0000004a 00000000 00000000 00000011 00000002 " NAME NAME2 "00000001",
     FIELDS(IS(oplistxattrs.lxr_cookie, 17), IS(oplistxattrs.lxr_names_count, 2),
            IS(oplistxattrs.lxr_eof, true)),
     check_LISTXATTRS},
    {"LISTXATTRS_none", "0000004a 00000000 00000000 00000000 00000000 00000000",
     FIELDS(IS(oplistxattrs.lxr_cookie, 0), IS(oplistxattrs.lxr_names_count, 0),
            IS(oplistxattrs.lxr_eof, false))},
    {"REMOVEXATTR", "0000004b 00000000 " CINFO, FIELDS(IS_CINFO(opremovexattr.rxr_info))},
    {"CLONE", "00000047 00000000 ", NO_FIELDS},
    {"COPY_notsupp", "0000003c 00002714", NO_FIELDS},
    {"ALLOCATE", "0000003b 00000000 ", NO_FIELDS},
    {"DEALLOCATE", "0000003e 00000000 ", NO_FIELDS},
    {"READ_PLUS",
     "00000044 00000000 "
     "00000001 00000002 00000000 " OFFSET NAME "00000001 00000000 00020000 " LENGTH,
     FIELDS(IS(opread_plus.rpr_eof, true), IS(opread_plus.rpr_contents_count, 2)), check_READ_PLUS},
    {"READ_PLUS_empty", "00000044 00000000 00000000 00000000",
     FIELDS(IS(opread_plus.rpr_eof, false), IS(opread_plus.rpr_contents_count, 0))},
    {"SEEK", "00000045 00000000 00000001 " OFFSET,
     FIELDS(IS(opseek.sr_eof, true), IS(opseek.sr_offset, 65536))},
    {"SEEK_nxio", "00000045 00000006", NO_FIELDS},
    {"ILLEGAL", "0000273c 0000273c", NO_FIELDS},
};

const size_t golden_results_count = sizeof(golden_results) / sizeof(golden_results[0]);
