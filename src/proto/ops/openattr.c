/* SPDX-License-Identifier: Apache-2.0 */
/* OPENATTR (RFC 8881 §18.17): from an object to the directory of its named attributes. */
#include "proto/ops/exclusion.h"
#include "proto/ops/ops.h"

/* That an object has attributes is an attribute of it: making the directory is a change. */
static enum nfsstat4 openattr(struct compound *c, bool create, enum vfs_status *opened,
                              struct vfs_object **dir)
{
    struct vfs_object *obj = c->current.obj;
    struct exclusion exclusion = {.after_reclaims = false};
    enum nfsstat4 status;

    *opened = obj->fs->ops->openattr(obj, &c->cred, false, dir);
    if (*opened != VFS_NOENT || !create)
        return NFS4_OK;
    exclusion_add(&exclusion, vfs_object_get(obj), DELEGATION_USE_CHANGE);
    status = exclusion_begin(&exclusion, c);
    if (status != NFS4_OK)
        return status;
    *opened = obj->fs->ops->openattr(obj, &c->cred, true, dir);
    exclusion_end(&exclusion, c);
    if (*opened == VFS_OK)
        changes_add(c, c->current.export, obj);
    return NFS4_OK;
}

enum nfsstat4 op_openattr(struct compound *c, const struct OPENATTR4args *args)
{
    enum nfsstat4 status = compound_need_fh(c);
    enum vfs_status opened;
    struct vfs_object *dir;

    /* What is there already can be had on a read-only export, too. */
    if (status == NFS4_OK)
        status = openattr(c, args->createdir && !c->current.export->read_only, &opened, &dir);
    if (status != NFS4_OK)
        return status;
    if (opened == VFS_NOENT && args->createdir)
        return NFS4ERR_ROFS;
    if (opened != VFS_OK)
        return status_from_vfs(opened);
    compound_set_current(c, dir, c->current.export);
    return NFS4_OK;
}
