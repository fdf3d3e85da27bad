/* SPDX-License-Identifier: Apache-2.0 */
/* LOOKUP and LOOKUPP: a step down or up, over export boundaries too. */
#include "proto/admission.h"
#include "proto/ops/name_step.h"
#include "proto/ops/ops.h"
#include "transport/connection.h"

/* Across the border of an export; drops the reference if the caller may not. */
static enum nfsstat4 enter(struct compound *c, struct vfs_object *obj, const struct export *export)
{
    enum nfsstat4 status = admission_to_export(c, export, NFS4ERR_ACCESS);

    if (status != NFS4_OK)
        vfs_object_put(obj);
    return status;
}

enum nfsstat4 name_step_down(struct compound *c, const struct wire_opaque *component,
                             struct vfs_object **obj, struct export **export)
{
    struct vfs_object *dir = c->current.obj;
    struct vfs_name name;
    enum nfsstat4 status = compound_need_dir(c);
    enum vfs_status found;

    if (status == NFS4_OK)
        status = compound_name(c, component, &name);
    if (status != NFS4_OK)
        return status;
    found = export_cross_down(c->server->exports, c->current.export, dir, &name,
                              connection_peer(c->call->conn), obj, export);
    if (found == VFS_OK && *obj)
        return enter(c, *obj, *export);
    if (found == VFS_OK) {
        *export = c->current.export;
        found = dir->fs->ops->lookup(dir, &c->cred, &name, obj);
    }
    return found == VFS_OK ? NFS4_OK : status_from_vfs(found);
}

enum nfsstat4 name_step_up(struct compound *c, struct vfs_object **obj, struct export **export)
{
    struct vfs_object *dir = c->current.obj;
    enum nfsstat4 status = compound_need_dir(c);
    enum vfs_status found;

    if (status != NFS4_OK)
        return status;
    found = export_cross_up(c->server->exports, c->current.export, dir,
                            connection_peer(c->call->conn), obj, export);
    if (found == VFS_OK && !*obj) {
        *export = c->current.export;
        found = dir->fs->ops->parent(dir, &c->cred, obj);
    }
    if (found != VFS_OK)
        return status_from_vfs(found);
    return enter(c, *obj, *export);
}

/* Over a boundary only if there is room behind it. */
static enum nfsstat4 step_end(struct compound *c, struct vfs_object *obj, struct export *export)
{
    if (export != c->current.export && compound_enter(c, export) != NFS4_OK) {
        vfs_object_put(obj);
        return NFS4ERR_DELAY;
    }
    compound_set_current(c, obj, export);
    return NFS4_OK;
}

enum nfsstat4 op_lookup(struct compound *c, const struct LOOKUP4args *args)
{
    struct vfs_object *obj;
    struct export *export;
    enum nfsstat4 status = name_step_down(c, &args->objname, &obj, &export);

    return status == NFS4_OK ? step_end(c, obj, export) : status;
}

enum nfsstat4 op_lookupp(struct compound *c)
{
    struct vfs_object *obj;
    struct export *export;
    enum nfsstat4 status = name_step_up(c, &obj, &export);

    return status == NFS4_OK ? step_end(c, obj, export) : status;
}
