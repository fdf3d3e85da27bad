/* SPDX-License-Identifier: Apache-2.0 */
/* OPENATTR (RFC 8881 §18.17): from an object to the directory of its named attributes. */
#include "proto/ops/ops.h"

enum nfsstat4 op_openattr(struct compound *c, const struct OPENATTR4args *args)
{
    struct vfs_object *obj = c->current.obj, *dir;
    enum nfsstat4 status = compound_need_fh(c);
    enum vfs_status opened;
    bool create;

    if (status != NFS4_OK)
        return status;
    /* What is there already can be had on a read-only export, too. */
    create = args->createdir && !c->current.export->read_only;
    opened = obj->fs->ops->openattr(obj, &c->cred, create, &dir);
    if (opened == VFS_NOENT && args->createdir)
        return NFS4ERR_ROFS;
    if (opened != VFS_OK)
        return status_from_vfs(opened);
    compound_set_current(c, dir, c->current.export);
    return NFS4_OK;
}
