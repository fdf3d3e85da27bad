/* SPDX-License-Identifier: Apache-2.0 */
/* LOOKUP and LOOKUPP: a step down or up, over export boundaries too. */
#include "proto/admission.h"
#include "proto/ops/name_step.h"
#include "proto/ops/ops.h"

/* Across the border of an export; drops the reference if the caller may not. */
static enum nfsstat4 enter(struct compound *c, enum name_step_aim aim, struct vfs_object *obj,
                           const struct export *export)
{
    enum nfsstat4 status = NFS4_OK;

    if (aim == NAME_STEP_INTO || admission_is_secure(c, export, obj))
        status = admission_to_export(c, export, obj, NFS4ERR_ACCESS);
    if (status != NFS4_OK)
        vfs_object_put(obj);
    return status;
}

/* The step stays in the export: may the caller see where it leads?  *done: there is a result
 * without that. */
static enum nfsstat4 stay(struct compound *c, enum name_step_aim aim, struct vfs_object **obj,
                          bool *done)
{
    struct vfs_object *dir = c->current.obj;

    *done = aim == NAME_STEP_ASK && !admission_is_secure(c, c->current.export, dir);
    if (!*done)
        return admission_here(c);
    *obj = vfs_object_get(dir);
    return NFS4_OK;
}

enum nfsstat4 name_step_down(struct compound *c, enum name_step_aim aim,
                             const struct wire_opaque *component, struct vfs_object **obj,
                             struct export **export)
{
    struct vfs_object *dir = c->current.obj;
    struct vfs_name name;
    enum nfsstat4 status = compound_need_dir(c);
    enum vfs_status found;
    bool done;

    if (status == NFS4_OK)
        status = compound_name(c, component, &name);
    if (status != NFS4_OK)
        return status;
    found = export_cross_down(c->server->exports, c->current.export, dir, &name, &c->caller, obj,
                              export);
    if (found != VFS_OK)
        return status_from_vfs(found);
    if (*obj)
        return enter(c, aim, *obj, *export);
    *export = c->current.export;
    status = stay(c, aim, obj, &done);
    if (status != NFS4_OK || done)
        return status;
    found = dir->fs->ops->lookup(dir, &c->cred, &name, obj);
    return found == VFS_OK ? NFS4_OK : status_from_vfs(found);
}

enum nfsstat4 name_step_up(struct compound *c, enum name_step_aim aim, struct vfs_object **obj,
                           struct export **export)
{
    struct vfs_object *dir = c->current.obj;
    enum nfsstat4 status = compound_need_dir(c);
    enum vfs_status found;
    bool done;

    if (status != NFS4_OK)
        return status;
    found = export_cross_up(c->server->exports, c->current.export, dir, &c->caller, obj, export);
    if (found != VFS_OK)
        return status_from_vfs(found);
    if (*obj)
        return enter(c, aim, *obj, *export);
    *export = c->current.export;
    status = stay(c, aim, obj, &done);
    if (status != NFS4_OK || done)
        return status;
    found = dir->fs->ops->parent(dir, &c->cred, obj);
    return found == VFS_OK ? NFS4_OK : status_from_vfs(found);
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
    enum nfsstat4 status = name_step_down(c, NAME_STEP_INTO, &args->objname, &obj, &export);

    return status == NFS4_OK ? step_end(c, obj, export) : status;
}

enum nfsstat4 op_lookupp(struct compound *c)
{
    struct vfs_object *obj;
    struct export *export;
    enum nfsstat4 status = name_step_up(c, NAME_STEP_INTO, &obj, &export);

    return status == NFS4_OK ? step_end(c, obj, export) : status;
}
