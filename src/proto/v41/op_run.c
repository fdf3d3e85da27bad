/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The static switch over the operations of minor version 1.  It has no default: leave one out and
 * the compiler says so.  Numbers that are no nfs_opnum4 never come here.
 */
#include "proto/v41/op_run.h"

#include "proto/ops/ops.h"
#include "proto/v41/sequence.h"
#include "proto/v41/session_ops.h"
#include "wire/nfs4_codec.h"

/* A handler of ops/, with arguments and without. */
#define SHARED(TYPE, handler)                                                                      \
    case OP_##TYPE: {                                                                              \
        struct TYPE##4args args;                                                                   \
        return wire_##TYPE##4args(c->in, &args) ? handler(c, &args) : NFS4ERR_BADXDR;              \
    }
#define SHARED_VOID(TYPE, handler)                                                                 \
    case OP_##TYPE:                                                                                \
        return handler(c);

/* A handler of this folder. */
#define OWN(TYPE, handler)                                                                         \
    case OP_##TYPE: {                                                                              \
        struct TYPE##4args args;                                                                   \
        return wire_##TYPE##4args(c->in, &args) ? handler(x, &args) : NFS4ERR_BADXDR;              \
    }

/* Nothing but an error, with the arguments consumed. */
#define REFUSED(TYPE, status)                                                                      \
    case OP_##TYPE: {                                                                              \
        struct TYPE##4args args;                                                                   \
        return wire_##TYPE##4args(c->in, &args) ? (status) : NFS4ERR_BADXDR;                       \
    }

enum nfsstat4 v41_op_run(struct v41_compound *x, enum nfs_opnum4 op)
{
    struct compound *c = &x->base;

    switch (op) {
        SHARED(ACCESS, op_access)
        SHARED(CLOSE, op_close)
        SHARED(COMMIT, op_commit)
        SHARED(CREATE, op_create)
        REFUSED(DELEGPURGE, NFS4ERR_NOTSUPP)
        SHARED(DELEGRETURN, op_delegreturn)
        SHARED(GETATTR, op_getattr)
        SHARED_VOID(GETFH, op_getfh)
        SHARED(LINK, op_link)
        SHARED(LOCK, op_lock)
        SHARED(LOCKT, op_lockt)
        SHARED(LOCKU, op_locku)
        SHARED(LOOKUP, op_lookup)
        SHARED_VOID(LOOKUPP, op_lookupp)
        SHARED(NVERIFY, op_nverify)
        SHARED(OPEN, op_open)
        SHARED(OPENATTR, op_openattr)
        SHARED(OPEN_DOWNGRADE, op_open_downgrade)
        SHARED(PUTFH, op_putfh)
        SHARED_VOID(PUTPUBFH, op_putpubfh)
        SHARED_VOID(PUTROOTFH, op_putrootfh)
        SHARED(READ, op_read)
        SHARED(READDIR, op_readdir)
        SHARED_VOID(READLINK, op_readlink)
        SHARED(REMOVE, op_remove)
        SHARED(RENAME, op_rename)
        SHARED_VOID(RESTOREFH, op_restorefh)
        SHARED_VOID(SAVEFH, op_savefh)
        SHARED(SECINFO, op_secinfo)
        SHARED(SETATTR, op_setattr)
        SHARED(VERIFY, op_verify)
        SHARED(WRITE, op_write)

    /* What minor version 1 took out says NOTSUPP and nothing else, whatever the arguments are. */
    case OP_OPEN_CONFIRM:
    case OP_RENEW:
    case OP_SETCLIENTID:
    case OP_SETCLIENTID_CONFIRM:
    case OP_RELEASE_LOCKOWNER:
        return NFS4ERR_NOTSUPP;

        REFUSED(BACKCHANNEL_CTL, NFS4ERR_NOTSUPP)
        OWN(BIND_CONN_TO_SESSION, v41_bind_conn_to_session)
        OWN(EXCHANGE_ID, v41_exchange_id)
        OWN(CREATE_SESSION, v41_create_session)
        OWN(DESTROY_SESSION, v41_destroy_session)
        SHARED(FREE_STATEID, op_free_stateid)
        REFUSED(GET_DIR_DELEGATION, NFS4ERR_NOTSUPP)
        REFUSED(GETDEVICEINFO, NFS4ERR_NOTSUPP)
        REFUSED(GETDEVICELIST, NFS4ERR_NOTSUPP)
        REFUSED(LAYOUTCOMMIT, NFS4ERR_NOTSUPP)
        REFUSED(LAYOUTGET, NFS4ERR_NOTSUPP)
        REFUSED(LAYOUTRETURN, NFS4ERR_NOTSUPP)
        SHARED(SECINFO_NO_NAME, op_secinfo_no_name)
    case OP_SEQUENCE:
        return v41_sequence_late(x);
        /* Only for clients that chose SP4_SSV, and none can: RFC 8881 §18.47.3. */
        REFUSED(SET_SSV, NFS4ERR_INVAL)
        SHARED(TEST_STATEID, op_test_stateid)
        REFUSED(WANT_DELEGATION, NFS4ERR_NOTSUPP)
        OWN(DESTROY_CLIENTID, v41_destroy_clientid)
        OWN(RECLAIM_COMPLETE, v41_reclaim_complete)

    /* Minor version 2. */
    case OP_ALLOCATE:
    case OP_COPY:
    case OP_COPY_NOTIFY:
    case OP_DEALLOCATE:
    case OP_IO_ADVISE:
    case OP_LAYOUTERROR:
    case OP_LAYOUTSTATS:
    case OP_OFFLOAD_CANCEL:
    case OP_OFFLOAD_STATUS:
    case OP_READ_PLUS:
    case OP_SEEK:
    case OP_WRITE_SAME:
    case OP_CLONE:
    case OP_GETXATTR:
    case OP_SETXATTR:
    case OP_LISTXATTRS:
    case OP_REMOVEXATTR:
    case OP_ILLEGAL:
        return NFS4ERR_OP_ILLEGAL;
    }
    return NFS4ERR_OP_ILLEGAL;
}

enum nfsstat4 v41_op_retried(struct v41_compound *x, enum nfs_opnum4 op)
{
    switch ((uint32_t)op) {
    case OP_OPEN_CONFIRM:
    case OP_RENEW:
    case OP_SETCLIENTID:
    case OP_SETCLIENTID_CONFIRM:
    case OP_RELEASE_LOCKOWNER:
    case OP_SEQUENCE:
    case OP_ILLEGAL:
        return v41_op_run(x, op);
    default:
        return NFS4ERR_RETRY_UNCACHED_REP;
    }
}
