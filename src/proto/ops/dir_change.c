/* SPDX-License-Identifier: Apache-2.0 */
/* REMOVE, RENAME, LINK: changes to the entries of directories. */
#include "proto/ops/dir_change.h"

#include "proto/ops/exclusion.h"
#include "proto/ops/ops.h"

enum nfsstat4 dir_change_begin(struct compound *c, const struct wire_opaque *component,
                               enum nfsstat4 covered, struct vfs_name *name)
{
    enum nfsstat4 status = compound_need_dir(c);

    if (status == NFS4ERR_SYMLINK)
        status = NFS4ERR_NOTDIR; /* CREATE, REMOVE, RENAME may not say SYMLINK, RFC 8881 §15.2 */
    if (status == NFS4_OK)
        status = compound_name(c, component, name);
    if (status == NFS4_OK) /* first: what is covered is nobody's business who cannot see it */
        status = compound_need_writable(c);
    if (status == NFS4_OK && export_child_named(c->current.export, c->current.obj, name))
        status = covered;
    return status;
}

/* A sticky directory, an immutable file: none of the three may say PERM, RFC 8881 §15.2. */
static enum nfsstat4 change_status(enum vfs_status status)
{
    return status == VFS_PERM ? NFS4ERR_ACCESS : exclusion_refusal(status);
}

/* May the caller, and is there something? */
static enum vfs_status may_take(struct vfs_object *dir, const struct vfs_cred *cred,
                                const struct vfs_name *name)
{
    enum vfs_status status = dir->fs->ops->may_remove(dir, cred, name);
    struct vfs_object *there;

    if (status != VFS_OK || !name->expects || name->expected)
        return status;
    status = dir->fs->ops->lookup(dir, cred, name, &there);
    if (status == VFS_OK)
        vfs_object_put(there);
    return status;
}

static enum nfsstat4 permit_remove(const struct compound *c, const void *subject)
{
    return change_status(may_take(c->current.obj, &c->cred, subject));
}

static enum nfsstat4 remove_entry(struct compound *c, struct vfs_name *name,
                                  struct vfs_change_info *info, enum vfs_status *removed)
{
    struct exclusion exclusion = {.after_reclaims = true, .permit = permit_remove, .subject = name};
    struct vfs_object *dir = c->current.obj;
    enum nfsstat4 status;

    *removed = VFS_OK;
    exclusion_add_entry(&exclusion, c, dir, name);
    exclusion_add_dir(&exclusion, dir, DELEGATION_USE_REMOVE);
    status = exclusion_begin(&exclusion, c);
    if (status != NFS4_OK)
        return status;
    *removed = dir->fs->ops->remove(dir, &c->cred, name, info);
    vfs_memo_look();
    if (*removed == VFS_OK)
        exclusion_gone(&exclusion, c, name);
    exclusion_end(&exclusion, c);
    if (*removed != VFS_OK)
        return change_status(*removed);
    changes_add(c, c->current.export, dir);
    return NFS4_OK;
}

enum nfsstat4 op_remove(struct compound *c, const struct REMOVE4args *args)
{
    struct vfs_name name;
    enum nfsstat4 status = dir_change_begin(c, &args->target, NFS4ERR_NOTEMPTY, &name);
    struct vfs_change_info info;
    struct REMOVE4resok resok;
    enum vfs_status removed;
    int turns = 0;

    if (status != NFS4_OK)
        return status;
    do
        status = remove_entry(c, &name, &info, &removed);
    while (removed == VFS_CHANGED && ++turns < EXCLUSION_TURNS);
    if (status != NFS4_OK)
        return status;
    resok.cinfo = change_info_from_vfs(&info);
    wire_REMOVE4resok(c->out, &resok);
    return NFS4_OK;
}

struct rename {
    struct vfs_name from, to;
    struct vfs_change_info from_info, to_info;
};

static enum nfsstat4 permit_rename(const struct compound *c, const void *subject)
{
    struct vfs_object *from_dir = c->saved.obj, *to_dir = c->current.obj;
    const struct vfs_ops *ops = to_dir->fs->ops;
    const struct rename *r = subject;
    enum vfs_status status = may_take(from_dir, &c->cred, &r->from);

    if (status == VFS_OK)
        status = ops->may_link(NULL, to_dir, &c->cred);
    if (status == VFS_OK && r->to.expected)
        status = ops->may_remove(to_dir, &c->cred, &r->to);
    return change_status(status);
}

/* What is renamed, what goes in its favour, and where.  With two names of one object nothing is
 * done (RFC 8881 §18.26.3). */
static enum nfsstat4 begin_changes(struct exclusion *exclusion, const struct compound *c,
                                   struct rename *r)
{
    exclusion_add_entry(exclusion, c, c->saved.obj, &r->from);
    exclusion_add_entry(exclusion, c, c->current.obj, &r->to);
    exclusion->harmless =
        r->from.expects && r->to.expects && r->from.expected && r->from.expected == r->to.expected;
    if (c->saved.obj == c->current.obj) {
        exclusion_add_dir(exclusion, c->current.obj, DELEGATION_USE_RENAME);
    } else {
        exclusion_add_dir(exclusion, c->saved.obj, DELEGATION_USE_REMOVE);
        exclusion_add_dir(exclusion, c->current.obj, DELEGATION_USE_ADD);
    }
    return exclusion_begin(exclusion, c);
}

static enum nfsstat4 rename_entry(struct compound *c, struct rename *r, enum vfs_status *renamed)
{
    struct exclusion exclusion = {.after_reclaims = true, .permit = permit_rename, .subject = r};
    struct vfs_object *to_dir = c->current.obj, *from_dir = c->saved.obj;
    enum nfsstat4 status;

    *renamed = VFS_OK;
    status = begin_changes(&exclusion, c, r);
    if (status != NFS4_OK)
        return status;
    *renamed = to_dir->fs->ops->rename(from_dir, &r->from, to_dir, &r->to, &c->cred, &r->from_info,
                                       &r->to_info);
    if (*renamed == VFS_OK && !exclusion.harmless)
        exclusion_gone(&exclusion, c, &r->to);
    exclusion_end(&exclusion, c);
    /* A file and a directory don't replace each other, RFC 8881 §18.26.3. */
    if (*renamed == VFS_NOTDIR || *renamed == VFS_ISDIR)
        return NFS4ERR_EXIST;
    if (*renamed != VFS_OK)
        return change_status(*renamed);
    changes_add(c, c->current.export, from_dir);
    changes_add(c, c->current.export, to_dir);
    return NFS4_OK;
}

static enum nfsstat4 rename_begin(struct compound *c, const struct RENAME4args *args,
                                  struct rename *r)
{
    const struct vfs_object *from_dir = c->saved.obj;
    enum nfsstat4 status;

    if (!from_dir)
        return NFS4ERR_NOFILEHANDLE;
    status = dir_change_begin(c, &args->newname, NFS4ERR_XDEV, &r->to);
    if (status == NFS4_OK)
        status = compound_name(c, &args->oldname, &r->from);
    if (status != NFS4_OK)
        return status;
    if (!vfs_type_is_dir(from_dir->type))
        return NFS4ERR_NOTDIR;
    if (c->saved.export->fs != c->current.export->fs ||
        export_child_named(c->saved.export, from_dir, &r->from))
        return NFS4ERR_XDEV;
    return NFS4_OK;
}

/* The source directory is the saved filehandle, the target directory the current one. */
enum nfsstat4 op_rename(struct compound *c, const struct RENAME4args *args)
{
    struct RENAME4resok resok;
    enum vfs_status renamed;
    struct rename r;
    enum nfsstat4 status = rename_begin(c, args, &r);
    int turns = 0;

    if (status != NFS4_OK)
        return status;
    do
        status = rename_entry(c, &r, &renamed);
    while (renamed == VFS_CHANGED && ++turns < EXCLUSION_TURNS);
    if (status != NFS4_OK)
        return status;
    resok.source_cinfo = change_info_from_vfs(&r.from_info);
    resok.target_cinfo = change_info_from_vfs(&r.to_info);
    wire_RENAME4resok(c->out, &resok);
    return NFS4_OK;
}

bool dir_change_finds(const struct compound *c, const struct vfs_name *name)
{
    struct vfs_object *dir = c->current.obj, *there;

    if (dir->fs->ops->lookup(dir, &c->cred, name, &there) != VFS_OK)
        return false;
    vfs_object_put(there);
    return true;
}

enum nfsstat4 dir_change_permit_new(const struct compound *c, const void *subject)
{
    struct vfs_object *dir = c->current.obj;

    if (dir_change_finds(c, subject))
        return NFS4ERR_EXIST;
    return exclusion_refusal(dir->fs->ops->may_link(NULL, dir, &c->cred));
}

static enum nfsstat4 permit_link(const struct compound *c, const void *subject)
{
    const struct vfs_object *dir = c->current.obj;

    if (dir_change_finds(c, subject))
        return NFS4ERR_EXIST;
    return change_status(dir->fs->ops->may_link(c->saved.obj, c->current.obj, &c->cred));
}

/* The object is the saved filehandle, the directory the current one.  Where named attributes are
 * meant, the backend knows what belongs together. */
enum nfsstat4 op_link(struct compound *c, const struct LINK4args *args)
{
    struct vfs_object *dir = c->current.obj, *obj = c->saved.obj;
    struct vfs_name name;
    struct exclusion exclusion = {.after_reclaims = true, .permit = permit_link, .subject = &name};
    struct vfs_change_info info;
    struct LINK4resok resok;
    enum nfsstat4 status;
    enum vfs_status linked;

    if (!obj)
        return NFS4ERR_NOFILEHANDLE;
    status = dir_change_begin(c, &args->newname, NFS4ERR_EXIST, &name);
    if (status != NFS4_OK)
        return status;
    if (vfs_type_is_dir(obj->type) && dir->type != VFS_ATTRDIR) /* there the backend says XDEV */
        return NFS4ERR_ISDIR;
    if (c->saved.export->fs != c->current.export->fs)
        return NFS4ERR_XDEV;
    exclusion_add(&exclusion, vfs_object_get(obj), DELEGATION_USE_CHANGE);
    exclusion_add_dir(&exclusion, dir, DELEGATION_USE_ADD);
    status = exclusion_begin(&exclusion, c);
    if (status != NFS4_OK)
        return status;
    linked = dir->fs->ops->link(obj, dir, &c->cred, &name, &info);
    exclusion_end(&exclusion, c);
    if (linked != VFS_OK)
        return change_status(linked);
    changes_add(c, c->current.export, dir);
    resok.cinfo = change_info_from_vfs(&info);
    wire_LINK4resok(c->out, &resok);
    return NFS4_OK;
}
