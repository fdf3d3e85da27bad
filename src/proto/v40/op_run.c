/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The static switch over the operations of minor version 0.  It has no default: leave one out and
 * the compiler says so.  Numbers that are no nfs_opnum4 never come here.
 */
#include "proto/v40/op_run.h"

#include "proto/ops/ops.h"
#include "proto/v40/client_ops.h"
#include "proto/v40/lock_ops.h"
#include "proto/v40/open_ops.h"
#include "proto/v40/stateid40.h"
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

/* A handler of ops/ that has to know whose state it is. */
#define STATEFUL(TYPE, find, handler)                                                              \
    case OP_##TYPE: {                                                                              \
        struct TYPE##4args args;                                                                   \
        enum nfsstat4 status = wire_##TYPE##4args(c->in, &args) ? (find) : NFS4ERR_BADXDR;         \
        return status == NFS4_OK ? handler(c, &args) : status;                                     \
    }

/* A handler of this folder. */
#define OWN(TYPE, handler)                                                                         \
    case OP_##TYPE: {                                                                              \
        struct TYPE##4args args;                                                                   \
        return wire_##TYPE##4args(c->in, &args) ? handler(x, &args) : NFS4ERR_BADXDR;              \
    }

/* Only a new size is a write, and looks at the stateid (RFC 7530 §16.32.4). */
static enum nfsstat4 setattr_stateid(struct v40_compound *x, const struct SETATTR4args *args)
{
    if (!bitmap4_isset(&args->obj_attributes.attrmask, FATTR4_SIZE))
        return NFS4_OK;
    return v40_use_stateid(x, &args->stateid);
}

/* The current filehandle keeps its value here, RFC 7530 §16.31.4. */
static enum nfsstat4 secinfo(struct compound *c, const struct SECINFO4args *args)
{
    struct compound_fh here = {0};
    enum nfsstat4 status;

    compound_fh_copy(&here, &c->current);
    status = op_secinfo(c, args);
    if (status == NFS4_OK)
        compound_set_current(c, here.obj, here.export);
    else
        vfs_object_put(here.obj);
    return status;
}

enum nfsstat4 v40_op_run(struct v40_compound *x, enum nfs_opnum4 op)
{
    struct compound *c = &x->base;

    switch (op) {
        SHARED(ACCESS, op_access)
        OWN(CLOSE, v40_close)
        SHARED(COMMIT, op_commit)
        SHARED(CREATE, op_create)
        STATEFUL(DELEGRETURN, v40_use_stateid(x, &args.deleg_stateid), op_delegreturn)
        SHARED(GETATTR, op_getattr)
        SHARED_VOID(GETFH, op_getfh)
        SHARED(LINK, op_link)
        OWN(LOCK, v40_lock)
        STATEFUL(LOCKT, v40_use_client(x, args.owner.clientid), op_lockt)
        OWN(LOCKU, v40_locku)
        SHARED(LOOKUP, op_lookup)
        SHARED_VOID(LOOKUPP, op_lookupp)
        SHARED(NVERIFY, op_nverify)
        SHARED(OPENATTR, op_openattr)
        OWN(OPEN_CONFIRM, v40_open_confirm)
        OWN(OPEN_DOWNGRADE, v40_open_downgrade)
        OWN(RELEASE_LOCKOWNER, v40_release_lockowner)
        OWN(SETCLIENTID, v40_setclientid)
        OWN(SETCLIENTID_CONFIRM, v40_setclientid_confirm)
        OWN(RENEW, v40_renew)
        OWN(DELEGPURGE, v40_delegpurge)
        OWN(OPEN, v40_open)
        SHARED(PUTFH, op_putfh)
        SHARED_VOID(PUTPUBFH, op_putpubfh)
        SHARED_VOID(PUTROOTFH, op_putrootfh)
        STATEFUL(READ, v40_use_stateid(x, &args.stateid), op_read)
        SHARED(READDIR, op_readdir)
        SHARED_VOID(READLINK, op_readlink)
        SHARED(REMOVE, op_remove)
        SHARED(RENAME, op_rename)
        SHARED_VOID(RESTOREFH, op_restorefh)
        SHARED_VOID(SAVEFH, op_savefh)
        SHARED(SECINFO, secinfo)
        STATEFUL(SETATTR, setattr_stateid(x, &args), op_setattr)
        SHARED(VERIFY, op_verify)
        STATEFUL(WRITE, v40_use_stateid(x, &args.stateid), op_write)

    /* Minor versions 1 and 2. */
    case OP_BACKCHANNEL_CTL:
    case OP_BIND_CONN_TO_SESSION:
    case OP_EXCHANGE_ID:
    case OP_CREATE_SESSION:
    case OP_DESTROY_SESSION:
    case OP_FREE_STATEID:
    case OP_GET_DIR_DELEGATION:
    case OP_GETDEVICEINFO:
    case OP_GETDEVICELIST:
    case OP_LAYOUTCOMMIT:
    case OP_LAYOUTGET:
    case OP_LAYOUTRETURN:
    case OP_SECINFO_NO_NAME:
    case OP_SEQUENCE:
    case OP_SET_SSV:
    case OP_TEST_STATEID:
    case OP_WANT_DELEGATION:
    case OP_DESTROY_CLIENTID:
    case OP_RECLAIM_COMPLETE:
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
