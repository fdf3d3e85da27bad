/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/nfs4_op.h"

#include "wire/xdr_enum.h"

bool wire_nfs_argop4_body(struct xdr *x, struct nfs_argop4 *v)
{
    switch (v->argop) {
    case OP_ACCESS:
        return wire_ACCESS4args(x, &v->opaccess);
    case OP_CLOSE:
        return wire_CLOSE4args(x, &v->opclose);
    case OP_COMMIT:
        return wire_COMMIT4args(x, &v->opcommit);
    case OP_CREATE:
        return wire_CREATE4args(x, &v->opcreate);
    case OP_DELEGPURGE:
        return wire_DELEGPURGE4args(x, &v->opdelegpurge);
    case OP_DELEGRETURN:
        return wire_DELEGRETURN4args(x, &v->opdelegreturn);
    case OP_GETATTR:
        return wire_GETATTR4args(x, &v->opgetattr);
    case OP_LINK:
        return wire_LINK4args(x, &v->oplink);
    case OP_LOCK:
        return wire_LOCK4args(x, &v->oplock);
    case OP_LOCKT:
        return wire_LOCKT4args(x, &v->oplockt);
    case OP_LOCKU:
        return wire_LOCKU4args(x, &v->oplocku);
    case OP_LOOKUP:
        return wire_LOOKUP4args(x, &v->oplookup);
    case OP_NVERIFY:
        return wire_NVERIFY4args(x, &v->opnverify);
    case OP_OPEN:
        return wire_OPEN4args(x, &v->opopen);
    case OP_OPENATTR:
        return wire_OPENATTR4args(x, &v->opopenattr);
    case OP_OPEN_CONFIRM:
        return wire_OPEN_CONFIRM4args(x, &v->opopen_confirm);
    case OP_OPEN_DOWNGRADE:
        return wire_OPEN_DOWNGRADE4args(x, &v->opopen_downgrade);
    case OP_PUTFH:
        return wire_PUTFH4args(x, &v->opputfh);
    case OP_READ:
        return wire_READ4args(x, &v->opread);
    case OP_READDIR:
        return wire_READDIR4args(x, &v->opreaddir);
    case OP_REMOVE:
        return wire_REMOVE4args(x, &v->opremove);
    case OP_RENAME:
        return wire_RENAME4args(x, &v->oprename);
    case OP_RENEW:
        return wire_RENEW4args(x, &v->oprenew);
    case OP_SECINFO:
        return wire_SECINFO4args(x, &v->opsecinfo);
    case OP_SETATTR:
        return wire_SETATTR4args(x, &v->opsetattr);
    case OP_SETCLIENTID:
        return wire_SETCLIENTID4args(x, &v->opsetclientid);
    case OP_SETCLIENTID_CONFIRM:
        return wire_SETCLIENTID_CONFIRM4args(x, &v->opsetclientid_confirm);
    case OP_VERIFY:
        return wire_VERIFY4args(x, &v->opverify);
    case OP_WRITE:
        return wire_WRITE4args(x, &v->opwrite);
    case OP_RELEASE_LOCKOWNER:
        return wire_RELEASE_LOCKOWNER4args(x, &v->oprelease_lockowner);
    case OP_BACKCHANNEL_CTL:
        return wire_BACKCHANNEL_CTL4args(x, &v->opbackchannel_ctl);
    case OP_BIND_CONN_TO_SESSION:
        return wire_BIND_CONN_TO_SESSION4args(x, &v->opbind_conn_to_session);
    case OP_EXCHANGE_ID:
        return wire_EXCHANGE_ID4args(x, &v->opexchange_id);
    case OP_CREATE_SESSION:
        return wire_CREATE_SESSION4args(x, &v->opcreate_session);
    case OP_DESTROY_SESSION:
        return wire_DESTROY_SESSION4args(x, &v->opdestroy_session);
    case OP_FREE_STATEID:
        return wire_FREE_STATEID4args(x, &v->opfree_stateid);
    case OP_GET_DIR_DELEGATION:
        return wire_GET_DIR_DELEGATION4args(x, &v->opget_dir_delegation);
    case OP_GETDEVICEINFO:
        return wire_GETDEVICEINFO4args(x, &v->opgetdeviceinfo);
    case OP_GETDEVICELIST:
        return wire_GETDEVICELIST4args(x, &v->opgetdevicelist);
    case OP_LAYOUTCOMMIT:
        return wire_LAYOUTCOMMIT4args(x, &v->oplayoutcommit);
    case OP_LAYOUTGET:
        return wire_LAYOUTGET4args(x, &v->oplayoutget);
    case OP_LAYOUTRETURN:
        return wire_LAYOUTRETURN4args(x, &v->oplayoutreturn);
    case OP_SECINFO_NO_NAME:
        return wire_SECINFO_NO_NAME4args(x, &v->opsecinfo_no_name);
    case OP_SEQUENCE:
        return wire_SEQUENCE4args(x, &v->opsequence);
    case OP_SET_SSV:
        return wire_SET_SSV4args(x, &v->opset_ssv);
    case OP_TEST_STATEID:
        return wire_TEST_STATEID4args(x, &v->optest_stateid);
    case OP_WANT_DELEGATION:
        return wire_WANT_DELEGATION4args(x, &v->opwant_delegation);
    case OP_DESTROY_CLIENTID:
        return wire_DESTROY_CLIENTID4args(x, &v->opdestroy_clientid);
    case OP_RECLAIM_COMPLETE:
        return wire_RECLAIM_COMPLETE4args(x, &v->opreclaim_complete);
    case OP_ALLOCATE:
        return wire_ALLOCATE4args(x, &v->opallocate);
    case OP_COPY:
        return wire_COPY4args(x, &v->opcopy);
    case OP_COPY_NOTIFY:
        return wire_COPY_NOTIFY4args(x, &v->opcopy_notify);
    case OP_DEALLOCATE:
        return wire_DEALLOCATE4args(x, &v->opdeallocate);
    case OP_IO_ADVISE:
        return wire_IO_ADVISE4args(x, &v->opio_advise);
    case OP_LAYOUTERROR:
        return wire_LAYOUTERROR4args(x, &v->oplayouterror);
    case OP_LAYOUTSTATS:
        return wire_LAYOUTSTATS4args(x, &v->oplayoutstats);
    case OP_OFFLOAD_CANCEL:
        return wire_OFFLOAD_CANCEL4args(x, &v->opoffload_cancel);
    case OP_OFFLOAD_STATUS:
        return wire_OFFLOAD_STATUS4args(x, &v->opoffload_status);
    case OP_READ_PLUS:
        return wire_READ_PLUS4args(x, &v->opread_plus);
    case OP_SEEK:
        return wire_SEEK4args(x, &v->opseek);
    case OP_WRITE_SAME:
        return wire_WRITE_SAME4args(x, &v->opwrite_same);
    case OP_CLONE:
        return wire_CLONE4args(x, &v->opclone);
    case OP_GETXATTR:
        return wire_GETXATTR4args(x, &v->opgetxattr);
    case OP_SETXATTR:
        return wire_SETXATTR4args(x, &v->opsetxattr);
    case OP_LISTXATTRS:
        return wire_LISTXATTRS4args(x, &v->oplistxattrs);
    case OP_REMOVEXATTR:
        return wire_REMOVEXATTR4args(x, &v->opremovexattr);
    case OP_GETFH:
    case OP_LOOKUPP:
    case OP_PUTPUBFH:
    case OP_PUTROOTFH:
    case OP_READLINK:
    case OP_RESTOREFH:
    case OP_SAVEFH:
        return !x->failed;
    default:
        return xdr_fail(x);
    }
}

bool wire_nfs_argop4(struct xdr *x, struct nfs_argop4 *v)
{
    xdr_u32(x, &v->argop);
    return wire_nfs_argop4_body(x, v);
}

static bool resop_ok(struct xdr *x, struct nfs_resop4 *v)
{
    switch (v->resop) {
    case OP_ACCESS:
        return wire_ACCESS4resok(x, &v->opaccess);
    case OP_CLOSE:
        return wire_CLOSE4resok(x, &v->opclose);
    case OP_COMMIT:
        return wire_COMMIT4resok(x, &v->opcommit);
    case OP_CREATE:
        return wire_CREATE4resok(x, &v->opcreate);
    case OP_GETATTR:
        return wire_GETATTR4resok(x, &v->opgetattr);
    case OP_GETFH:
        return wire_GETFH4resok(x, &v->opgetfh);
    case OP_LINK:
        return wire_LINK4resok(x, &v->oplink);
    case OP_LOCK:
        return wire_LOCK4resok(x, &v->oplock);
    case OP_LOCKU:
        return wire_LOCKU4resok(x, &v->oplocku);
    case OP_OPEN:
        return wire_OPEN4resok(x, &v->opopen);
    case OP_OPEN_CONFIRM:
        return wire_OPEN_CONFIRM4resok(x, &v->opopen_confirm);
    case OP_OPEN_DOWNGRADE:
        return wire_OPEN_DOWNGRADE4resok(x, &v->opopen_downgrade);
    case OP_READ:
        return wire_READ4resok(x, &v->opread);
    case OP_READDIR:
        return wire_READDIR4resok(x, &v->opreaddir);
    case OP_READLINK:
        return wire_READLINK4resok(x, &v->opreadlink);
    case OP_REMOVE:
        return wire_REMOVE4resok(x, &v->opremove);
    case OP_RENAME:
        return wire_RENAME4resok(x, &v->oprename);
    case OP_SECINFO:
        return wire_SECINFO4resok(x, &v->opsecinfo);
    case OP_SETATTR:
        return wire_bitmap4(x, &v->attrsset);
    case OP_SETCLIENTID:
        return wire_SETCLIENTID4resok(x, &v->opsetclientid);
    case OP_WRITE:
        return wire_WRITE4resok(x, &v->opwrite);
    case OP_BIND_CONN_TO_SESSION:
        return wire_BIND_CONN_TO_SESSION4resok(x, &v->opbind_conn_to_session);
    case OP_EXCHANGE_ID:
        return wire_EXCHANGE_ID4resok(x, &v->opexchange_id);
    case OP_CREATE_SESSION:
        return wire_CREATE_SESSION4resok(x, &v->opcreate_session);
    case OP_GET_DIR_DELEGATION:
        return wire_GET_DIR_DELEGATION4res_non_fatal(x, &v->opget_dir_delegation);
    case OP_GETDEVICEINFO:
        return wire_GETDEVICEINFO4resok(x, &v->opgetdeviceinfo);
    case OP_GETDEVICELIST:
        return wire_GETDEVICELIST4resok(x, &v->opgetdevicelist);
    case OP_LAYOUTCOMMIT:
        return wire_LAYOUTCOMMIT4resok(x, &v->oplayoutcommit);
    case OP_LAYOUTGET:
        return wire_LAYOUTGET4resok(x, &v->oplayoutget);
    case OP_LAYOUTRETURN:
        return wire_layoutreturn_stateid(x, &v->oplayoutreturn);
    case OP_SECINFO_NO_NAME:
        return wire_SECINFO4resok(x, &v->opsecinfo_no_name);
    case OP_SEQUENCE:
        return wire_SEQUENCE4resok(x, &v->opsequence);
    case OP_SET_SSV:
        return wire_SET_SSV4resok(x, &v->opset_ssv);
    case OP_TEST_STATEID:
        return wire_TEST_STATEID4resok(x, &v->optest_stateid);
    case OP_WANT_DELEGATION:
        return wire_open_delegation4(x, &v->opwant_delegation);
    case OP_READ_PLUS:
        return wire_read_plus_res4(x, &v->opread_plus);
    case OP_SEEK:
        return wire_seek_res4(x, &v->opseek);
    case OP_COPY:
        return wire_COPY4resok(x, &v->opcopy);
    case OP_OFFLOAD_STATUS:
        return wire_OFFLOAD_STATUS4resok(x, &v->opoffload_status);
    case OP_GETXATTR:
        return wire_GETXATTR4resok(x, &v->opgetxattr);
    case OP_SETXATTR:
        return wire_SETXATTR4resok(x, &v->opsetxattr);
    case OP_LISTXATTRS:
        return wire_LISTXATTRS4resok(x, &v->oplistxattrs);
    case OP_REMOVEXATTR:
        return wire_REMOVEXATTR4resok(x, &v->opremovexattr);
    case OP_IO_ADVISE:
        return wire_IO_ADVISE4resok(x, &v->opio_advise);
    case OP_WRITE_SAME:
        return wire_WRITE_SAME4resok(x, &v->opwrite_same);
    case OP_DELEGPURGE:
    case OP_DELEGRETURN:
    case OP_LOCKT:
    case OP_LOOKUP:
    case OP_LOOKUPP:
    case OP_NVERIFY:
    case OP_OPENATTR:
    case OP_PUTFH:
    case OP_PUTPUBFH:
    case OP_PUTROOTFH:
    case OP_RENEW:
    case OP_RESTOREFH:
    case OP_SAVEFH:
    case OP_SETCLIENTID_CONFIRM:
    case OP_VERIFY:
    case OP_RELEASE_LOCKOWNER:
    case OP_BACKCHANNEL_CTL:
    case OP_DESTROY_SESSION:
    case OP_FREE_STATEID:
    case OP_DESTROY_CLIENTID:
    case OP_RECLAIM_COMPLETE:
    case OP_ALLOCATE:
    case OP_DEALLOCATE:
    case OP_OFFLOAD_CANCEL:
    case OP_CLONE:
        return !x->failed;
    default:
        return xdr_fail(x);
    }
}

static bool resop_error(struct xdr *x, struct nfs_resop4 *v)
{
    if (v->resop == OP_SETATTR)
        return wire_bitmap4(x, &v->attrsset);
    if ((v->resop == OP_LOCK || v->resop == OP_LOCKT) && v->status == NFS4ERR_DENIED)
        return wire_LOCK4denied(x, &v->denied);
    if (v->resop == OP_SETCLIENTID && v->status == NFS4ERR_CLID_INUSE)
        return wire_netaddr4(x, &v->client_using);
    if (v->resop == OP_GETDEVICEINFO && v->status == NFS4ERR_TOOSMALL)
        return xdr_u32(x, &v->gdir_mincount);
    if (v->resop == OP_LAYOUTGET && v->status == NFS4ERR_LAYOUTTRYLATER)
        return xdr_bool(x, &v->logr_will_signal_layout_avail);
    if (v->resop == OP_COPY && v->status == NFS4ERR_OFFLOAD_NO_REQS)
        return wire_copy_requirements4(x, &v->copy_requirements);
    return !x->failed;
}

bool wire_nfs_resop4(struct xdr *x, struct nfs_resop4 *v)
{
    xdr_u32(x, &v->resop);
    XDR_ENUM(x, v->status);
    return v->status == NFS4_OK ? resop_ok(x, v) : resop_error(x, v);
}
