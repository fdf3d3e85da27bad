/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The static switch over the operations of minor versions 1 and 2.  It has no default: leave one
 * out and the compiler says so.  Numbers that are no nfs_opnum4 never come here.
 */
#include "proto/v41/op_run.h"

#include "proto/op_case.h"
#include "proto/ops/ops.h"
#include "proto/v41/sequence.h"
#include "proto/v41/session_ops.h"
#include "wire/nfs4_copy.h"
#include "wire/nfs4_minor2.h"

enum nfsstat4 v41_op_run(struct v41_compound *x, enum nfs_opnum4 op)
{
    struct compound *c = &x->base;

    switch (op) {
        OP_SHARED(ACCESS, op_access)
        OP_SHARED(CLOSE, op_close)
        OP_SHARED(COMMIT, op_commit)
        OP_SHARED(CREATE, op_create)
        OP_REFUSED(DELEGPURGE, NFS4ERR_NOTSUPP)
        OP_SHARED(DELEGRETURN, op_delegreturn)
        OP_SHARED(GETATTR, op_getattr)
        OP_SHARED_VOID(GETFH, op_getfh)
        OP_SHARED(LINK, op_link)
        OP_SHARED(LOCK, op_lock)
        OP_SHARED(LOCKT, op_lockt)
        OP_SHARED(LOCKU, op_locku)
        OP_SHARED(LOOKUP, op_lookup)
        OP_SHARED_VOID(LOOKUPP, op_lookupp)
        OP_SHARED(NVERIFY, op_nverify)
        OP_SHARED(OPEN, op_open)
        OP_SHARED(OPENATTR, op_openattr)
        OP_SHARED(OPEN_DOWNGRADE, op_open_downgrade)
        OP_SHARED(PUTFH, op_putfh)
        OP_SHARED_VOID(PUTPUBFH, op_putpubfh)
        OP_SHARED_VOID(PUTROOTFH, op_putrootfh)
        OP_SHARED(READ, op_read)
        OP_SHARED(READDIR, op_readdir)
        OP_SHARED_VOID(READLINK, op_readlink)
        OP_SHARED(REMOVE, op_remove)
        OP_SHARED(RENAME, op_rename)
        OP_SHARED_VOID(RESTOREFH, op_restorefh)
        OP_SHARED_VOID(SAVEFH, op_savefh)
        OP_SHARED(SECINFO, op_secinfo)
        OP_SHARED(SETATTR, op_setattr)
        OP_SHARED(VERIFY, op_verify)
        OP_SHARED(WRITE, op_write)

    /* Of minor version 0 alone. */
    case OP_OPEN_CONFIRM:
    case OP_RENEW:
    case OP_SETCLIENTID:
    case OP_SETCLIENTID_CONFIRM:
    case OP_RELEASE_LOCKOWNER:
        return NFS4ERR_NOTSUPP;

        OP_OWN(BACKCHANNEL_CTL, v41_backchannel_ctl)
        OP_OWN(BIND_CONN_TO_SESSION, v41_bind_conn_to_session)
        OP_OWN(EXCHANGE_ID, v41_exchange_id)
        OP_OWN(CREATE_SESSION, v41_create_session)
        OP_OWN(DESTROY_SESSION, v41_destroy_session)
        OP_SHARED(FREE_STATEID, op_free_stateid)
        OP_SHARED(GET_DIR_DELEGATION, op_get_dir_delegation)
        OP_REFUSED(GETDEVICEINFO, NFS4ERR_NOTSUPP)
        OP_REFUSED(GETDEVICELIST, NFS4ERR_NOTSUPP)
        OP_REFUSED(LAYOUTCOMMIT, NFS4ERR_NOTSUPP)
        OP_REFUSED(LAYOUTGET, NFS4ERR_NOTSUPP)
        OP_REFUSED(LAYOUTRETURN, NFS4ERR_NOTSUPP)
        OP_SHARED(SECINFO_NO_NAME, op_secinfo_no_name)
    case OP_SEQUENCE:
        return v41_sequence_late(x);
        /* Only for clients that chose SP4_SSV, and none can: RFC 8881 §18.47.3. */
        OP_REFUSED(SET_SSV, NFS4ERR_INVAL)
        OP_SHARED(TEST_STATEID, op_test_stateid)
        OP_SHARED(WANT_DELEGATION, op_want_delegation)
        OP_OWN(DESTROY_CLIENTID, v41_destroy_clientid)
        OP_OWN(RECLAIM_COMPLETE, v41_reclaim_complete)

        /* Of minor version 2. */
        OP_SHARED(ALLOCATE, op_allocate)
        OP_SHARED(COPY, op_copy)
        OP_REFUSED(COPY_NOTIFY, NFS4ERR_NOTSUPP)
        OP_SHARED(DEALLOCATE, op_deallocate)
        OP_SHARED(IO_ADVISE, op_io_advise)
        OP_REFUSED(LAYOUTERROR, NFS4ERR_NOTSUPP)
        OP_REFUSED(LAYOUTSTATS, NFS4ERR_NOTSUPP)
        OP_SHARED(OFFLOAD_CANCEL, op_offload_cancel)
        OP_SHARED(OFFLOAD_STATUS, op_offload_status)
        OP_SHARED(READ_PLUS, op_read_plus)
        OP_SHARED(SEEK, op_seek)
        OP_SHARED(WRITE_SAME, op_write_same)
        OP_SHARED(CLONE, op_clone)
        OP_SHARED(GETXATTR, op_getxattr)
        OP_SHARED(SETXATTR, op_setxattr)
        OP_SHARED(LISTXATTRS, op_listxattrs)
        OP_SHARED(REMOVEXATTR, op_removexattr)
    case OP_ILLEGAL:
        return NFS4ERR_OP_ILLEGAL;
    }
    return NFS4ERR_OP_ILLEGAL;
}

enum nfsstat4 v41_op_retried(struct v41_compound *x, enum nfs_opnum4 op)
{
    switch ((uint32_t)op) {
    case OP_SEQUENCE:
    case OP_ILLEGAL:
        return v41_op_run(x, op);
    default:
        return NFS4ERR_RETRY_UNCACHED_REP;
    }
}
