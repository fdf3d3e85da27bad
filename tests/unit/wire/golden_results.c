/* SPDX-License-Identifier: Apache-2.0 */
/* Results of the operations of 4.0 and 4.1, and each kind of error body. */
#include "golden.h"
#include "golden_tables.h"

static void check_ACCESS(const struct nfs_resop4 *v)
{
    const __typeof__(v->opaccess) *m = &v->opaccess;

    EQ(m->supported, 0x1f);
    EQ(m->access, 0xd);
}

static void check_CLOSE(const struct nfs_resop4 *v)
{
    const __typeof__(v->opclose) *m = &v->opclose;

    golden_stateid(&m->open_stateid);
}

static void check_COMMIT(const struct nfs_resop4 *v)
{
    const __typeof__(v->opcommit) *m = &v->opcommit;

    golden_fixed(m->writeverf, 0x51, 8);
}

static void check_CREATE(const struct nfs_resop4 *v)
{
    const __typeof__(v->opcreate) *m = &v->opcreate;

    golden_cinfo(&m->cinfo);
    golden_bitmap(&m->attrset);
}

static void check_GETATTR(const struct nfs_resop4 *v)
{
    const __typeof__(v->opgetattr) *m = &v->opgetattr;

    golden_fattr(&m->obj_attributes);
}

static void check_GETFH(const struct nfs_resop4 *v)
{
    const __typeof__(v->opgetfh) *m = &v->opgetfh;

    golden_fh(&m->object);
}

static void check_LINK(const struct nfs_resop4 *v)
{
    const __typeof__(v->oplink) *m = &v->oplink;

    golden_cinfo(&m->cinfo);
}

static void check_LOCK(const struct nfs_resop4 *v)
{
    const __typeof__(v->oplock) *m = &v->oplock;

    golden_stateid(&m->lock_stateid);
}

static void check_LOCK_denied(const struct nfs_resop4 *v)
{
    const __typeof__(v->denied) *m = &v->denied;

    EQ(m->offset, 65536);
    EQ(m->length, 4096);
    EQ(m->locktype, WRITE_LT);
    golden_owner(&m->owner);
}

static void check_LOCKT_denied(const struct nfs_resop4 *v)
{
    const __typeof__(v->denied) *m = &v->denied;

    EQ(m->offset, 65536);
    EQ(m->length, 4096);
    EQ(m->locktype, WRITE_LT);
    golden_owner(&m->owner);
}

static void check_LOCKU(const struct nfs_resop4 *v)
{
    const __typeof__(v->oplocku) *m = &v->oplocku;

    golden_stateid(&m->lock_stateid);
}

static void check_OPEN_none(const struct nfs_resop4 *v)
{
    const __typeof__(v->opopen) *m = &v->opopen;

    golden_stateid(&m->stateid);
    golden_cinfo(&m->cinfo);
    EQ(m->rflags, OPEN4_RESULT_LOCKTYPE_POSIX);
    golden_bitmap(&m->attrset);
    EQ(m->delegation.delegation_type, OPEN_DELEGATE_NONE);
}

static void check_OPEN_read(const struct nfs_resop4 *v)
{
    const __typeof__(v->opopen) *m = &v->opopen;

    golden_stateid(&m->delegation.read.stateid);
    assert_true(m->delegation.read.recall);
    EQ(m->delegation.read.permissions.type, ACE4_ACCESS_ALLOWED_ACE_TYPE);
    EQ(m->delegation.read.permissions.flag, ACE4_IDENTIFIER_GROUP);
    EQ(m->delegation.read.permissions.access_mask, ACE4_READ_DATA);
    golden_text(&m->delegation.read.permissions.who, "abc");
}

static void check_OPEN_write_size(const struct nfs_resop4 *v)
{
    const __typeof__(v->opopen) *m = &v->opopen;

    golden_stateid(&m->delegation.write.stateid);
    assert_false(m->delegation.write.recall);
    EQ(m->delegation.write.space_limit.limitby, NFS_LIMIT_SIZE);
    EQ(m->delegation.write.space_limit.filesize, 4096);
    EQ(m->delegation.write.permissions.type, ACE4_ACCESS_ALLOWED_ACE_TYPE);
    EQ(m->delegation.write.permissions.flag, ACE4_IDENTIFIER_GROUP);
    EQ(m->delegation.write.permissions.access_mask, ACE4_READ_DATA);
    golden_text(&m->delegation.write.permissions.who, "abc");
}

static void check_OPEN_write_blocks(const struct nfs_resop4 *v)
{
    const __typeof__(v->opopen) *m = &v->opopen;

    EQ(m->delegation.write.space_limit.limitby, NFS_LIMIT_BLOCKS);
    EQ(m->delegation.write.space_limit.mod_blocks.num_blocks, 5);
    EQ(m->delegation.write.space_limit.mod_blocks.bytes_per_block, 512);
}

static void check_OPEN_contention(const struct nfs_resop4 *v)
{
    const __typeof__(v->opopen) *m = &v->opopen;

    EQ(m->delegation.delegation_type, OPEN_DELEGATE_NONE_EXT);
    EQ(m->delegation.od_whynone.ond_why, WND4_CONTENTION);
    assert_true(m->delegation.od_whynone.ond_server_will_push_deleg);
}

static void check_OPEN_resource(const struct nfs_resop4 *v)
{
    const __typeof__(v->opopen) *m = &v->opopen;

    EQ(m->delegation.od_whynone.ond_why, WND4_RESOURCE);
    assert_false(m->delegation.od_whynone.ond_server_will_signal_avail);
}

static void check_OPEN_not_wanted(const struct nfs_resop4 *v)
{
    const __typeof__(v->opopen) *m = &v->opopen;

    EQ(m->delegation.od_whynone.ond_why, WND4_NOT_WANTED);
}

static void check_OPEN_CONFIRM(const struct nfs_resop4 *v)
{
    const __typeof__(v->opopen_confirm) *m = &v->opopen_confirm;

    golden_stateid(&m->open_stateid);
}

static void check_OPEN_DOWNGRADE(const struct nfs_resop4 *v)
{
    const __typeof__(v->opopen_downgrade) *m = &v->opopen_downgrade;

    golden_stateid(&m->open_stateid);
}

static void check_READ(const struct nfs_resop4 *v)
{
    const __typeof__(v->opread) *m = &v->opread;

    assert_true(m->eof);
    golden_text(&m->data, "hello");
}

static void check_READDIR(const struct nfs_resop4 *v)
{
    const __typeof__(v->opreaddir) *m = &v->opreaddir;

    const struct entry4 *e = m->reply.entries;
    golden_fixed(m->cookieverf, 0x51, 8);
    EQ(e->cookie, 3);
    golden_text(&e->name, "abc");
    golden_fattr(&e->attrs);
    EQ(e->nextentry->cookie, 4);
    golden_text(&e->nextentry->name, "de");
    assert_null(e->nextentry->nextentry);
    assert_true(m->reply.eof);
}

static void check_READDIR_empty(const struct nfs_resop4 *v)
{
    const __typeof__(v->opreaddir) *m = &v->opreaddir;

    assert_null(m->reply.entries);
    assert_false(m->reply.eof);
}

static void check_READLINK(const struct nfs_resop4 *v)
{
    const __typeof__(v->opreadlink) *m = &v->opreadlink;

    golden_text(&m->link, "abc");
}

static void check_REMOVE(const struct nfs_resop4 *v)
{
    const __typeof__(v->opremove) *m = &v->opremove;

    golden_cinfo(&m->cinfo);
}

static void check_RENAME(const struct nfs_resop4 *v)
{
    const __typeof__(v->oprename) *m = &v->oprename;

    golden_cinfo(&m->source_cinfo);
    assert_false(m->target_cinfo.atomic);
    EQ(m->target_cinfo.before, 1);
    EQ(m->target_cinfo.after, 2);
}

static void check_SECINFO(const struct nfs_resop4 *v)
{
    const __typeof__(v->opsecinfo) *m = &v->opsecinfo;

    EQ(m->flavors_count, 2);
    EQ(m->flavors[0].flavor, AUTH_SYS);
    EQ(m->flavors[1].flavor, RPCSEC_GSS);
    EQ(m->flavors[1].flavor_info.oid.len, 3);
    assert_memory_equal(m->flavors[1].flavor_info.oid.data, "\x2b\x06\x01", 3);
    EQ(m->flavors[1].flavor_info.qop, 0);
    EQ(m->flavors[1].flavor_info.service, RPC_GSS_SVC_PRIVACY);
}

static void check_SETATTR(const struct nfs_resop4 *v)
{
    const __typeof__(v->attrsset) *m = &v->attrsset;

    golden_bitmap(m);
}

static void check_SETATTR_error(const struct nfs_resop4 *v)
{
    const __typeof__(v->attrsset) *m = &v->attrsset;

    golden_bitmap(m);
}

static void check_SETCLIENTID(const struct nfs_resop4 *v)
{
    const __typeof__(v->opsetclientid) *m = &v->opsetclientid;

    EQ(m->clientid, 42);
    golden_fixed(m->setclientid_confirm, 0x51, 8);
}

static void check_SETCLIENTID_inuse(const struct nfs_resop4 *v)
{
    const __typeof__(v->client_using) *m = &v->client_using;

    golden_text(&m->na_r_netid, "tcp");
    golden_text(&m->na_r_addr, "abc");
}

static void check_WRITE(const struct nfs_resop4 *v)
{
    const __typeof__(v->opwrite) *m = &v->opwrite;

    EQ(m->count, 2048);
    EQ(m->committed, FILE_SYNC4);
    golden_fixed(m->writeverf, 0x51, 8);
}

static void check_BIND_CONN_TO_SESSION(const struct nfs_resop4 *v)
{
    const __typeof__(v->opbind_conn_to_session) *m = &v->opbind_conn_to_session;

    golden_fixed(m->bctsr_sessid, 0x10, 16);
    EQ(m->bctsr_dir, CDFS4_BOTH);
    assert_false(m->bctsr_use_conn_in_rdma_mode);
}

static void check_EXCHANGE_ID_none(const struct nfs_resop4 *v)
{
    const __typeof__(v->opexchange_id) *m = &v->opexchange_id;

    EQ(m->eir_clientid, 42);
    EQ(m->eir_sequenceid, 1);
    EQ(m->eir_flags,
       EXCHGID4_FLAG_CONFIRMED_R | EXCHGID4_FLAG_USE_PNFS_MDS | EXCHGID4_FLAG_SUPP_MOVED_REFER);
    EQ(m->eir_server_owner.so_minor_id, 5);
    golden_text(&m->eir_server_owner.so_major_id, "abc");
    golden_text(&m->eir_server_scope, "de");
    EQ(m->eir_state_protect.spr_how, SP4_NONE);
    EQ(m->eir_server_impl_id_count, 1);
    golden_text(&m->eir_server_impl_id->nii_name, "de");
    EQ(m->eir_server_impl_id->nii_date.nseconds, 2);
}

static void check_EXCHANGE_ID_mach(const struct nfs_resop4 *v)
{
    const __typeof__(v->opexchange_id) *m = &v->opexchange_id;

    EQ(m->eir_clientid, 42);
    EQ(m->eir_sequenceid, 1);
    EQ(m->eir_flags,
       EXCHGID4_FLAG_CONFIRMED_R | EXCHGID4_FLAG_USE_PNFS_MDS | EXCHGID4_FLAG_SUPP_MOVED_REFER);
    EQ(m->eir_server_owner.so_minor_id, 5);
    golden_text(&m->eir_server_owner.so_major_id, "abc");
    golden_text(&m->eir_server_scope, "de");
    EQ(m->eir_state_protect.spr_how, SP4_MACH_CRED);
    golden_bitmap(&m->eir_state_protect.spr_mach_ops.spo_must_allow);
}

static void check_EXCHANGE_ID_ssv(const struct nfs_resop4 *v)
{
    const __typeof__(v->opexchange_id) *m = &v->opexchange_id;

    EQ(m->eir_clientid, 42);
    EQ(m->eir_sequenceid, 1);
    EQ(m->eir_flags,
       EXCHGID4_FLAG_CONFIRMED_R | EXCHGID4_FLAG_USE_PNFS_MDS | EXCHGID4_FLAG_SUPP_MOVED_REFER);
    EQ(m->eir_server_owner.so_minor_id, 5);
    golden_text(&m->eir_server_owner.so_major_id, "abc");
    golden_text(&m->eir_server_scope, "de");
    EQ(m->eir_state_protect.spr_ssv_info.spi_hash_alg, 1);
    EQ(m->eir_state_protect.spr_ssv_info.spi_encr_alg, 2);
    EQ(m->eir_state_protect.spr_ssv_info.spi_ssv_len, 32);
    EQ(m->eir_state_protect.spr_ssv_info.spi_window, 8);
    golden_text(&m->eir_state_protect.spr_ssv_info.spi_handles[0], "abc");
}

static void check_CREATE_SESSION(const struct nfs_resop4 *v)
{
    const __typeof__(v->opcreate_session) *m = &v->opcreate_session;

    golden_fixed(m->csr_sessionid, 0x10, 16);
    EQ(m->csr_sequence, 1);
    EQ(m->csr_flags, CREATE_SESSION4_FLAG_CONN_BACK_CHAN);
    EQ(m->csr_fore_chan_attrs.ca_headerpadsize, 0);
    EQ(m->csr_fore_chan_attrs.ca_maxrequestsize, 0x100000);
    EQ(m->csr_fore_chan_attrs.ca_maxresponsesize, 0x100400);
    EQ(m->csr_fore_chan_attrs.ca_maxresponsesize_cached, 0x2000);
    EQ(m->csr_fore_chan_attrs.ca_maxoperations, 16);
    EQ(m->csr_fore_chan_attrs.ca_maxrequests, 64);
    EQ(m->csr_fore_chan_attrs.ca_rdma_ird_count, 0);
    EQ(m->csr_back_chan_attrs.ca_maxresponsesize, 0x1001);
    EQ(m->csr_back_chan_attrs.ca_rdma_ird_count, 1);
    EQ(m->csr_back_chan_attrs.ca_rdma_ird[0], 9);
}

static void check_GET_DIR_DELEGATION(const struct nfs_resop4 *v)
{
    const __typeof__(v->opget_dir_delegation) *m = &v->opget_dir_delegation;

    EQ(m->gddrnf_status, GDD4_OK);
    golden_fixed(m->gddrnf_resok4.gddr_cookieverf, 0x51, 8);
    golden_stateid(&m->gddrnf_resok4.gddr_stateid);
    golden_bitmap(&m->gddrnf_resok4.gddr_notification);
    golden_bitmap(&m->gddrnf_resok4.gddr_child_attributes);
    golden_bitmap(&m->gddrnf_resok4.gddr_dir_attributes);
}

static void check_GET_DIR_DELEGATION_unavail(const struct nfs_resop4 *v)
{
    const __typeof__(v->opget_dir_delegation) *m = &v->opget_dir_delegation;

    EQ(m->gddrnf_status, GDD4_UNAVAIL);
    assert_true(m->gddrnf_will_signal_deleg_avail);
}

static void check_GETDEVICEINFO(const struct nfs_resop4 *v)
{
    const __typeof__(v->opgetdeviceinfo) *m = &v->opgetdeviceinfo;

    EQ(m->gdir_device_addr.da_layout_type, 1);
    golden_text(&m->gdir_device_addr.da_addr_body, "abc");
    golden_bitmap(&m->gdir_notification);
}

static void check_GETDEVICEINFO_toosmall(const struct nfs_resop4 *v)
{
    const __typeof__(v->gdir_mincount) *m = &v->gdir_mincount;

    EQ(*m, 1024);
}

static void check_GETDEVICELIST(const struct nfs_resop4 *v)
{
    const __typeof__(v->opgetdevicelist) *m = &v->opgetdevicelist;

    EQ(m->gdlr_cookie, 17);
    golden_fixed(m->gdlr_cookieverf, 0x51, 8);
    EQ(m->gdlr_deviceid_list_count, 2);
    golden_fixed(m->gdlr_deviceid_list[1], 0x20, 16);
    assert_true(m->gdlr_eof);
}

static void check_LAYOUTCOMMIT(const struct nfs_resop4 *v)
{
    const __typeof__(v->oplayoutcommit) *m = &v->oplayoutcommit;

    assert_true(m->locr_newsize.ns_sizechanged);
    EQ(m->locr_newsize.ns_size, 4096);
}

static void check_LAYOUTCOMMIT_same(const struct nfs_resop4 *v)
{
    const __typeof__(v->oplayoutcommit) *m = &v->oplayoutcommit;

    assert_false(m->locr_newsize.ns_sizechanged);
}

static void check_LAYOUTGET(const struct nfs_resop4 *v)
{
    const __typeof__(v->oplayoutget) *m = &v->oplayoutget;

    assert_true(m->logr_return_on_close);
    golden_stateid(&m->logr_stateid);
    EQ(m->logr_layout_count, 1);
    EQ(m->logr_layout->lo_offset, 65536);
    EQ(m->logr_layout->lo_length, 4096);
    EQ(m->logr_layout->lo_iomode, LAYOUTIOMODE4_READ);
    EQ(m->logr_layout->lo_content.loc_type, 1);
    golden_text(&m->logr_layout->lo_content.loc_body, "abc");
}

static void check_LAYOUTGET_later(const struct nfs_resop4 *v)
{
    const __typeof__(v->logr_will_signal_layout_avail) *m = &v->logr_will_signal_layout_avail;

    assert_true(*m);
}

static void check_LAYOUTRETURN(const struct nfs_resop4 *v)
{
    const __typeof__(v->oplayoutreturn) *m = &v->oplayoutreturn;

    assert_true(m->lrs_present);
    golden_stateid(&m->lrs_stateid);
}

static void check_LAYOUTRETURN_none(const struct nfs_resop4 *v)
{
    const __typeof__(v->oplayoutreturn) *m = &v->oplayoutreturn;

    assert_false(m->lrs_present);
}

static void check_SECINFO_NO_NAME(const struct nfs_resop4 *v)
{
    const __typeof__(v->opsecinfo_no_name) *m = &v->opsecinfo_no_name;

    EQ(m->flavors_count, 2);
    EQ(m->flavors[0].flavor, AUTH_SYS);
    EQ(m->flavors[1].flavor, RPCSEC_GSS);
    EQ(m->flavors[1].flavor_info.oid.len, 3);
    assert_memory_equal(m->flavors[1].flavor_info.oid.data, "\x2b\x06\x01", 3);
    EQ(m->flavors[1].flavor_info.qop, 0);
    EQ(m->flavors[1].flavor_info.service, RPC_GSS_SVC_PRIVACY);
}

static void check_SEQUENCE(const struct nfs_resop4 *v)
{
    const __typeof__(v->opsequence) *m = &v->opsequence;

    golden_fixed(m->sr_sessionid, 0x10, 16);
    EQ(m->sr_sequenceid, 11);
    EQ(m->sr_slotid, 2);
    EQ(m->sr_highest_slotid, 3);
    EQ(m->sr_target_highest_slotid, 63);
    EQ(m->sr_status_flags, SEQ4_STATUS_CB_PATH_DOWN | SEQ4_STATUS_CB_PATH_DOWN_SESSION);
}

static void check_SET_SSV(const struct nfs_resop4 *v)
{
    const __typeof__(v->opset_ssv) *m = &v->opset_ssv;

    golden_text(&m->ssr_digest, "abc");
}

static void check_TEST_STATEID(const struct nfs_resop4 *v)
{
    const __typeof__(v->optest_stateid) *m = &v->optest_stateid;

    EQ(m->tsr_status_codes_count, 2);
    EQ(m->tsr_status_codes[0], NFS4_OK);
    EQ(m->tsr_status_codes[1], NFS4ERR_BAD_STATEID);
}

static void check_WANT_DELEGATION(const struct nfs_resop4 *v)
{
    const __typeof__(v->opwant_delegation) *m = &v->opwant_delegation;

    EQ(m->delegation_type, OPEN_DELEGATE_NONE);
}

const struct golden_results golden_results[] = {
    {"ACCESS",
     "00000003 00000000 "
     "0000001f 0000000d",
     check_ACCESS},
    {"CLOSE", "00000004 00000000 " STATEID, check_CLOSE},
    {"COMMIT", "00000005 00000000 " VERIFIER, check_COMMIT},
    {"CREATE", "00000006 00000000 " CINFO BITMAP, check_CREATE},
    {"DELEGPURGE", "00000007 00000000 ", NULL},
    {"DELEGRETURN", "00000008 00000000 ", NULL},
    {"GETATTR", "00000009 00000000 " FATTR, check_GETATTR},
    {"GETFH", "0000000a 00000000 " FH, check_GETFH},
    {"LINK", "0000000b 00000000 " CINFO, check_LINK},
    {"LOCK", "0000000c 00000000 " STATEID, check_LOCK},
    {"LOCK_denied", "0000000c 0000271a " OFFSET LENGTH "00000002 " OWNER, check_LOCK_denied},
    {"LOCK_error", "0000000c 00002729", NULL},
    {"LOCKT", "0000000d 00000000 ", NULL},
    {"LOCKT_denied", "0000000d 0000271a " OFFSET LENGTH "00000002 " OWNER, check_LOCKT_denied},
    {"LOCKU", "0000000e 00000000 " STATEID, check_LOCKU},
    {"LOOKUP", "0000000f 00000000 ", NULL},
    {"LOOKUP_noent", "0000000f 00000002", NULL},
    {"LOOKUPP", "00000010 00000000 ", NULL},
    {"NVERIFY", "00000011 00000000 ", NULL},
    {"OPEN_none", "00000012 00000000 " STATEID CINFO "00000004 " BITMAP "00000000",
     check_OPEN_none},
    {"OPEN_read",
     "00000012 00000000 " STATEID CINFO "00000004 " BITMAP "00000001 " STATEID "00000001 "
     "00000000 00000040 00000001 " NAME,
     check_OPEN_read},
    {"OPEN_write_size",
     "00000012 00000000 " STATEID CINFO "00000004 " BITMAP "00000002 " STATEID
     "00000000 00000001 " LENGTH "00000000 00000040 00000001 " NAME,
     check_OPEN_write_size},
    {"OPEN_write_blocks",
     "00000012 00000000 " STATEID CINFO "00000004 " BITMAP "00000002 " STATEID
     "00000000 00000002 00000005 00000200 "
     "00000000 00000040 00000001 " NAME,
     check_OPEN_write_blocks},
    {"OPEN_contention",
     "00000012 00000000 " STATEID CINFO "00000004 " BITMAP "00000003 00000001 00000001",
     check_OPEN_contention},
    {"OPEN_resource",
     "00000012 00000000 " STATEID CINFO "00000004 " BITMAP "00000003 00000002 00000000",
     check_OPEN_resource},
    {"OPEN_not_wanted", "00000012 00000000 " STATEID CINFO "00000004 " BITMAP "00000003 00000000",
     check_OPEN_not_wanted},
    {"OPENATTR", "00000013 00000000 ", NULL},
    {"OPEN_CONFIRM", "00000014 00000000 " STATEID, check_OPEN_CONFIRM},
    {"OPEN_DOWNGRADE", "00000015 00000000 " STATEID, check_OPEN_DOWNGRADE},
    {"PUTFH", "00000016 00000000 ", NULL},
    {"PUTPUBFH", "00000017 00000000 ", NULL},
    {"PUTROOTFH", "00000018 00000000 ", NULL},
    {"READ",
     "00000019 00000000 "
     "00000001 00000005 68656c6c 6f000000",
     check_READ},
    {"READDIR",
     "0000001a 00000000 " VERIFIER "00000001 00000000 00000003 " NAME FATTR
     "00000001 00000000 00000004 " NAME2 FATTR "00000000 00000001",
     check_READDIR},
    {"READDIR_empty", "0000001a 00000000 " VERIFIER "00000000 00000000", check_READDIR_empty},
    {"READLINK", "0000001b 00000000 " NAME, check_READLINK},
    {"REMOVE", "0000001c 00000000 " CINFO, check_REMOVE},
    {"RENAME", "0000001d 00000000 " CINFO "00000000 00000000 00000001 00000000 00000002",
     check_RENAME},
    {"RENEW", "0000001e 00000000 ", NULL},
    {"RESTOREFH", "0000001f 00000000 ", NULL},
    {"SAVEFH", "00000020 00000000 ", NULL},
    {"SECINFO",
     "00000021 00000000 "
     "00000002 00000001 00000006 00000003 2b060100 00000000 00000003",
     check_SECINFO},
    {"SETATTR", "00000022 00000000 " BITMAP, check_SETATTR},
    {"SETATTR_error", "00000022 0000000d " BITMAP, check_SETATTR_error},
    {"SETCLIENTID",
     "00000023 00000000 "
     "00000000 0000002a " VERIFIER,
     check_SETCLIENTID},
    {"SETCLIENTID_inuse", "00000023 00002721 00000003 74637000 " NAME, check_SETCLIENTID_inuse},
    {"SETCLIENTID_CONFIRM", "00000024 00000000 ", NULL},
    {"VERIFY", "00000025 00000000 ", NULL},
    {"WRITE",
     "00000026 00000000 "
     "00000800 00000002 " VERIFIER,
     check_WRITE},
    {"RELEASE_LOCKOWNER", "00000027 00000000 ", NULL},
    {"BACKCHANNEL_CTL", "00000028 00000000 ", NULL},
    {"BIND_CONN_TO_SESSION", "00000029 00000000 " SESSIONID "00000003 00000000",
     check_BIND_CONN_TO_SESSION},
    {"EXCHANGE_ID_none",
     "0000002a 00000000 "
     "00000000 0000002a 00000001 80020001 00000000 "
     "00000000 00000005 " NAME NAME2 "00000001 " NAME NAME2 "00000000 00000001 00000002",
     check_EXCHANGE_ID_none},
    {"EXCHANGE_ID_mach",
     "0000002a 00000000 "
     "00000000 0000002a 00000001 80020001 00000001 " BITMAP BITMAP ""
     "00000000 00000005 " NAME NAME2 "00000000",
     check_EXCHANGE_ID_mach},
    {"EXCHANGE_ID_ssv",
     "0000002a 00000000 "
     "00000000 0000002a 00000001 80020001 00000002 " BITMAP BITMAP
     "00000001 00000002 00000020 00000008 00000001 " NAME ""
     "00000000 00000005 " NAME NAME2 "00000000",
     check_EXCHANGE_ID_ssv},
    {"CREATE_SESSION",
     "0000002b 00000000 " SESSIONID "00000001 00000002 "
     "00000000 00100000 00100400 00002000 00000010 00000040 00000000 "
     "00000000 00001000 00001001 00001002 00000002 00000010 00000001 00000009 ",
     check_CREATE_SESSION},
    {"DESTROY_SESSION", "0000002c 00000000 ", NULL},
    {"FREE_STATEID", "0000002d 00000000 ", NULL},
    {"GET_DIR_DELEGATION",
     "0000002e 00000000 "
     "00000000 " VERIFIER STATEID BITMAP BITMAP BITMAP,
     check_GET_DIR_DELEGATION},
    {"GET_DIR_DELEGATION_unavail",
     "0000002e 00000000 "
     "00000001 00000001",
     check_GET_DIR_DELEGATION_unavail},
    {"GETDEVICEINFO",
     "0000002f 00000000 "
     "00000001 " NAME BITMAP,
     check_GETDEVICEINFO},
    {"GETDEVICEINFO_toosmall", "0000002f 00002715 00000400", check_GETDEVICEINFO_toosmall},
    {"GETDEVICELIST",
     "00000030 00000000 "
     "00000000 00000011 " VERIFIER "00000002 " DEVICEID DEVICEID "00000001",
     check_GETDEVICELIST},
    {"LAYOUTCOMMIT",
     "00000031 00000000 "
     "00000001 " LENGTH,
     check_LAYOUTCOMMIT},
    {"LAYOUTCOMMIT_same",
     "00000031 00000000 "
     "00000000",
     check_LAYOUTCOMMIT_same},
    {"LAYOUTGET",
     "00000032 00000000 "
     "00000001 " STATEID "00000001 " OFFSET LENGTH "00000001 00000001 " NAME,
     check_LAYOUTGET},
    {"LAYOUTGET_later", "00000032 0000274a 00000001", check_LAYOUTGET_later},
    {"LAYOUTRETURN",
     "00000033 00000000 "
     "00000001 " STATEID,
     check_LAYOUTRETURN},
    {"LAYOUTRETURN_none",
     "00000033 00000000 "
     "00000000",
     check_LAYOUTRETURN_none},
    {"SECINFO_NO_NAME",
     "00000034 00000000 "
     "00000002 00000001 00000006 00000003 2b060100 00000000 00000003",
     check_SECINFO_NO_NAME},
    {"SEQUENCE", "00000035 00000000 " SESSIONID "0000000b 00000002 00000003 0000003f 00000201",
     check_SEQUENCE},
    {"SET_SSV", "00000036 00000000 " NAME, check_SET_SSV},
    {"TEST_STATEID",
     "00000037 00000000 "
     "00000002 00000000 00002729",
     check_TEST_STATEID},
    {"WANT_DELEGATION",
     "00000038 00000000 "
     "00000000",
     check_WANT_DELEGATION},
    {"DESTROY_CLIENTID", "00000039 00000000 ", NULL},
    {"RECLAIM_COMPLETE", "0000003a 00000000 ", NULL},
    {"COPY_notsupp", "0000003c 00002714", NULL},
    {"ILLEGAL", "0000273c 0000273c", NULL},
};

const size_t golden_results_count = sizeof(golden_results) / sizeof(golden_results[0]);
