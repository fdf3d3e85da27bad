/* SPDX-License-Identifier: Apache-2.0 */
/* CREATE: directories, symlinks and special files (RFC 8881 §18.4); regular files are OPEN's. */
#include "proto/attr/attr_set.h"
#include "proto/ops/dir_change.h"
#include "proto/ops/exclusion.h"
#include "proto/ops/ops.h"
#include "state/delegation/delegation.h"

static enum nfsstat4 create_symlink(struct compound *c, const struct wire_opaque *linkdata,
                                    struct vfs_create *create)
{
    if (linkdata->len == 0 || memchr(linkdata->data, '\0', linkdata->len))
        return NFS4ERR_INVAL;
    if (linkdata->len > LIMIT_SYMLINK_BYTES)
        return NFS4ERR_NAMETOOLONG;
    create->link_target = arena_strndup(c->arena, linkdata->data, linkdata->len);
    return create->link_target ? NFS4_OK : NFS4ERR_DELAY;
}

static enum nfsstat4 create_type(struct compound *c, const struct createtype4 *objtype,
                                 struct vfs_create *create)
{
    uint32_t caps = c->current.obj->fs->caps;

    switch (objtype->type) {
    case NF4DIR:
        break;
    case NF4LNK:
        if (!(caps & VFS_CAP_SYMLINK))
            return NFS4ERR_NOTSUPP;
        create->type = VFS_LNK;
        return create_symlink(c, &objtype->linkdata, create);
    case NF4BLK:
    case NF4CHR:
        create->rdev_major = objtype->devdata.specdata1;
        create->rdev_minor = objtype->devdata.specdata2;
        /* fall through */
    case NF4SOCK:
    case NF4FIFO:
        if (!(caps & VFS_CAP_MKNOD))
            return NFS4ERR_NOTSUPP;
        break;
    default:
        return NFS4ERR_BADTYPE;
    }
    create->type = (enum vfs_type)objtype->type;
    return NFS4_OK;
}

static enum nfsstat4 make(struct compound *c, const struct vfs_name *name,
                          struct vfs_create *create, struct vfs_change_info *info,
                          struct vfs_object **obj)
{
    struct exclusion exclusion = {.permit = dir_change_permit_new, .subject = name};
    struct vfs_object *dir = c->current.obj;
    enum nfsstat4 status;
    enum vfs_status made;

    exclusion_add_dir(&exclusion, dir, DELEGATION_USE_ADD);
    status = exclusion_begin(&exclusion, c);
    if (status != NFS4_OK)
        return status;
    made = dir->fs->ops->create(dir, &c->cred, name, create, info, obj);
    exclusion_end(&exclusion, c);
    if (made == VFS_OK && create->type == VFS_DIR)
        delegation_object_created(c->server->state, *obj);
    changes_add_created(c, dir, made == VFS_OK ? *obj : NULL, create);
    return made == VFS_OK ? NFS4_OK : status_from_vfs(made);
}

enum nfsstat4 op_create(struct compound *c, const struct CREATE4args *args)
{
    struct vfs_object *obj;
    struct vfs_attr set = {0};
    struct vfs_create create = {.mode = VFS_CREATE_GUARDED, .attr = &set};
    struct vfs_change_info info;
    struct CREATE4resok resok;
    struct bitmap4 asked;
    struct vfs_name name;
    enum nfsstat4 status = dir_change_begin(c, &args->objname, NFS4ERR_EXIST, &name);

    if (status == NFS4_OK)
        status = create_type(c, &args->objtype, &create);
    if (status == NFS4_OK)
        status = attr_decode_settable(c, &args->createattrs, NULL, create.type, &set, &asked);
    if (status != NFS4_OK)
        return status;
    if (set.mask & VFS_ATTR_SIZE)
        return NFS4ERR_INVAL;
    status = make(c, &name, &create, &info, &obj);
    if (status != NFS4_OK)
        return status;
    compound_set_current(c, obj, c->current.export);
    resok.cinfo = change_info_from_vfs(&info);
    attr_applied_bitmap(&asked, create.attrs_applied, &resok.attrset);
    wire_CREATE4resok(c->out, &resok);
    return NFS4_OK;
}
