/* SPDX-License-Identifier: Apache-2.0 */
/* SECINFO and SECINFO_NO_NAME: which RPC flavors an export takes.  Both use the current filehandle
 * up (RFC 8881 §2.6.3.1.1.8). */
#include "proto/ops/name_step.h"
#include "proto/ops/ops.h"

static enum nfsstat4 secinfo_answer(struct compound *c)
{
    compound_clear_current(c);
    xdr_put_u32(c->out, 2);
    xdr_put_u32(c->out, RPC_AUTH_SYS);
    xdr_put_u32(c->out, RPC_AUTH_NONE);
    return NFS4_OK;
}

/* Neither operation may say SYMLINK or IO, RFC 8881 §15.2. */
static enum nfsstat4 step_status(enum nfsstat4 status)
{
    if (status == NFS4ERR_SYMLINK)
        return NFS4ERR_NOTDIR;
    return status == NFS4ERR_IO ? NFS4ERR_SERVERFAULT : status;
}

enum nfsstat4 op_secinfo(struct compound *c, const struct SECINFO4args *args)
{
    struct vfs_object *obj;
    struct export *export;
    enum nfsstat4 status = name_step_down(c, &args->name, &obj, &export);

    if (status != NFS4_OK)
        return step_status(status);
    vfs_object_put(obj);
    return secinfo_answer(c);
}

enum nfsstat4 op_secinfo_no_name(struct compound *c, const struct SECINFO_NO_NAME4args *args)
{
    struct vfs_object *obj;
    struct export *export;
    enum nfsstat4 status = compound_need_fh(c);

    if (status == NFS4_OK && args->style == SECINFO_STYLE4_PARENT) {
        status = step_status(name_step_up(c, &obj, &export));
        if (status == NFS4_OK)
            vfs_object_put(obj);
    }
    return status == NFS4_OK ? secinfo_answer(c) : status;
}
