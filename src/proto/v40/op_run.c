/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The static switch over the operations of minor version 0.  It has no default: leave one out and
 * the compiler says so.  Numbers that are no nfs_opnum4 never come here.
 */
#include "proto/v40/op_run.h"

#include "proto/admission.h"
#include "proto/op_case.h"
#include "proto/ops/ops.h"
#include "proto/v40/client_ops.h"
#include "proto/v40/lock_ops.h"
#include "proto/v40/open_ops.h"
#include "proto/v40/stateid40.h"
#include "state/file/stateid.h"

/* A handler of ops/ that has to know which client's state it is. */
#define OP_STATEFUL(TYPE, find, handler)                                                           \
    case OP_##TYPE: {                                                                              \
        struct TYPE##4args args;                                                                   \
        enum nfsstat4 status = wire_##TYPE##4args(c->in, &args) ? (find) : compound_undecoded(c);  \
        return status == NFS4_OK ? handler(c, &args) : status;                                     \
    }

/* Only a new size is a write, and looks at the stateid (RFC 7530 §16.32.4).  But it may tell
 * which client sends this, whose own delegations do not conflict. */
static enum nfsstat4 setattr_stateid(struct v40_compound *x, const struct SETATTR4args *args)
{
    enum nfsstat4 status = v40_use_stateid(x, &args->stateid);

    return bitmap4_isset(&args->obj_attributes.attrmask, FATTR4_SIZE) ? status : NFS4_OK;
}

/* The current filehandle keeps its value here, RFC 7530 §16.31.4; but not for a caller who may only
 * ask about it. */
static enum nfsstat4 secinfo(struct compound *c, const struct SECINFO4args *args)
{
    struct compound_fh here = {0};
    enum nfsstat4 status;

    compound_fh_copy(&here, &c->current);
    status = op_secinfo(c, args);
    if (status == NFS4_OK && admission_is_secure(c, here.export, here.obj))
        compound_set_current(c, here.obj, here.export);
    else
        vfs_object_put(here.obj);
    return status;
}

/* Linux looks at the file in the very request that returns its delegation. */
static enum nfsstat4 getattr(struct v40_compound *x)
{
    struct compound *c = &x->base;
    struct client *likely = c->likely_client;
    struct stateid *returned = NULL;
    struct GETATTR4args args;
    enum nfsstat4 status;

    if (!wire_GETATTR4args(c->in, &args))
        return compound_undecoded(c);
    if (!compound_holder(c))
        returned = v40_peek_delegreturn(x);
    if (returned)
        c->likely_client = returned->client;
    status = op_getattr(c, &args);
    c->likely_client = likely;
    if (returned)
        stateid_put(returned);
    return status;
}

bool v40_op_in_sequence(enum nfs_opnum4 op)
{
    switch ((uint32_t)op) {
    case OP_CLOSE:
    case OP_LOCK:
    case OP_LOCKU:
    case OP_OPEN:
    case OP_OPEN_CONFIRM:
    case OP_OPEN_DOWNGRADE:
        return true;
    default:
        return false;
    }
}

enum nfsstat4 v40_op_run(struct v40_compound *x, enum nfs_opnum4 op)
{
    struct compound *c = &x->base;

    switch (op) {
        OP_SHARED(ACCESS, op_access)
        OP_OWN(CLOSE, v40_close)
        OP_SHARED(COMMIT, op_commit)
        OP_SHARED(CREATE, op_create)
        OP_STATEFUL(DELEGRETURN, v40_use_stateid(x, &args.deleg_stateid), op_delegreturn)
    case OP_GETATTR:
        return getattr(x);
        OP_SHARED_VOID(GETFH, op_getfh)
        OP_SHARED(LINK, op_link)
        OP_OWN(LOCK, v40_lock)
        OP_STATEFUL(LOCKT, v40_use_client(x, args.owner.clientid), op_lockt)
        OP_OWN(LOCKU, v40_locku)
        OP_SHARED(LOOKUP, op_lookup)
        OP_SHARED_VOID(LOOKUPP, op_lookupp)
        OP_SHARED(NVERIFY, op_nverify)
        OP_SHARED(OPENATTR, op_openattr)
        OP_OWN(OPEN_CONFIRM, v40_open_confirm)
        OP_OWN(OPEN_DOWNGRADE, v40_open_downgrade)
        OP_OWN(RELEASE_LOCKOWNER, v40_release_lockowner)
        OP_OWN(SETCLIENTID, v40_setclientid)
        OP_OWN(SETCLIENTID_CONFIRM, v40_setclientid_confirm)
        OP_OWN(RENEW, v40_renew)
        OP_OWN(DELEGPURGE, v40_delegpurge)
        OP_OWN(OPEN, v40_open)
        OP_SHARED(PUTFH, op_putfh)
        OP_SHARED_VOID(PUTPUBFH, op_putpubfh)
        OP_SHARED_VOID(PUTROOTFH, op_putrootfh)
        OP_STATEFUL(READ, v40_use_stateid(x, &args.stateid), op_read)
        OP_SHARED(READDIR, op_readdir)
        OP_SHARED_VOID(READLINK, op_readlink)
        OP_SHARED(REMOVE, op_remove)
        OP_SHARED(RENAME, op_rename)
        OP_SHARED_VOID(RESTOREFH, op_restorefh)
        OP_SHARED_VOID(SAVEFH, op_savefh)
        OP_SHARED(SECINFO, secinfo)
        OP_STATEFUL(SETATTR, setattr_stateid(x, &args), op_setattr)
        OP_SHARED(VERIFY, op_verify)
        OP_STATEFUL(WRITE, v40_use_stateid(x, &args.stateid), op_write)

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
