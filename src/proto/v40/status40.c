/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/v40/status40.h"

#include "base/log.h"
#include "wire/op_table.h"

/* RFC 7530 §13.2; for OPEN §16.16.6 has one answer for all that is no file and no directory. */
static enum nfsstat4 wrong_type(enum nfs_opnum4 op)
{
    if (op == OP_OPEN)
        return NFS4ERR_SYMLINK;
    return op == OP_OPENATTR ? NFS4ERR_NOTSUPP : NFS4ERR_INVAL;
}

enum nfsstat4 v40_status(enum nfs_opnum4 op, enum nfsstat4 status)
{
    /* RFC 7530 §16.29.5: there is a name for it. */
    if (op == OP_RESTOREFH && status == NFS4ERR_NOFILEHANDLE)
        return NFS4ERR_RESTOREFH;
    /* Where GRACE is not known: RFC 7530 §13.2. */
    if (op == OP_LINK && status == NFS4ERR_GRACE)
        return NFS4ERR_DELAY;
    /* The last one of 4.0. */
    if (status <= NFS4ERR_CB_PATH_DOWN)
        return status;
    switch ((uint32_t)status) {
    case NFS4ERR_WRONG_TYPE:
        return wrong_type(op);
    case NFS4ERR_DELEG_REVOKED:
        return NFS4ERR_ADMIN_REVOKED;
    default:
        log_error("compound.wrong_status", LOG_STR("op", op_info(op)->name),
                  LOG_U64("status", status));
        return NFS4ERR_SERVERFAULT;
    }
}
