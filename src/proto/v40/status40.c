/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/v40/status40.h"

#include "base/log.h"
#include "wire/op_table.h"

enum nfsstat4 v40_status(enum nfs_opnum4 op, enum nfsstat4 status)
{
    /* The last one of 4.0. */
    if (status <= NFS4ERR_CB_PATH_DOWN)
        return status;
    switch ((uint32_t)status) {
    case NFS4ERR_WRONG_TYPE:
        return op == OP_OPENATTR ? NFS4ERR_NOTSUPP : NFS4ERR_INVAL; /* RFC 7530 §13.2 */
    case NFS4ERR_DELEG_REVOKED:
        return NFS4ERR_ADMIN_REVOKED;
    default:
        log_error("compound.status", LOG_STR("op", op_info(op)->name), LOG_U64("status", status));
        return NFS4ERR_SERVERFAULT;
    }
}
