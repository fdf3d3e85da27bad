/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/ops/ops.h"

enum nfsstat4 op_readlink(struct compound *c)
{
    struct vfs_object *obj = c->current.obj;
    enum nfsstat4 status = compound_need_fh(c);
    struct READLINK4resok resok;
    enum vfs_status got;
    char *target;

    if (status != NFS4_OK)
        return status;
    if (obj->type != VFS_LNK)
        return NFS4ERR_WRONG_TYPE;
    target = arena_alloc(c->arena, LIMIT_SYMLINK_BYTES);
    if (!target)
        return NFS4ERR_DELAY;
    got = obj->fs->ops->readlink(obj, &c->cred, target, LIMIT_SYMLINK_BYTES, &resok.link.len);
    if (got != VFS_OK)
        return status_from_vfs(got);
    resok.link.data = (const uint8_t *)target;
    wire_READLINK4resok(c->out, &resok);
    return NFS4_OK;
}
