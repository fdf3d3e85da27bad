/* SPDX-License-Identifier: Apache-2.0 */
/* New names: for new objects, and additional ones for existing objects. */
#include "backend/mem/create.h"

#include <stdlib.h>
#include <string.h>

#include "backend/mem/acl.h"
#include "backend/mem/attr.h"
#include "backend/mem/attrdir.h"
#include "backend/mem/dir.h"
#include "backend/mem/label.h"
#include "backend/mem/object.h"
#include "backend/mem/tell.h"
#include "base/clock.h"
#include "base/memory.h"
#include "vfs/vfs_mode.h"

enum {
    MODE_SGID = 02000,
};

static uint32_t mode_default(enum vfs_type type)
{
    if (type == VFS_LNK)
        return 0777;
    return type == VFS_DIR ? 0755 : 0644;
}

/* RFC 8275 §5: the umask counts unless the new object inherits ACEs. */
static void apply_umask(const struct mem_object *dir, enum vfs_type type, struct vfs_attr *set)
{
    struct vfs_ace aces[VFS_ACL_ACES_MAX];
    struct vfs_acl inherited = {.aces = aces};

    if (!(set->mask & VFS_ATTR_UMASK))
        return;
    set->mask &= ~(uint32_t)VFS_ATTR_UMASK;
    if (dir->acl && !(set->mask & VFS_ATTR_ACL))
        vfs_acl_inherit(dir->acl, type == VFS_DIR, &inherited);
    if (inherited.count == 0 && type != VFS_LNK) /* the mode of links says nothing */
        set->mode &= ~set->umask;
}

/* The initial attributes of a new object.  A directory with sgid passes on its group. */
static enum vfs_status initial_attr(const struct mem_object *dir, const struct vfs_cred *cred,
                                    const struct vfs_create *create, struct vfs_attr *attr,
                                    struct vfs_attr *set)
{
    bool inherit = dir->attr.mode & MODE_SGID;
    enum vfs_status status;
    uint32_t mode;

    *attr = (struct vfs_attr){
        .type = dir->vfs.type == VFS_ATTRDIR ? VFS_NAMEDATTR : create->type,
        .mode = mode_default(create->type),
        .uid = cred->uid,
        .gid = inherit ? dir->attr.gid : cred->gid,
        .rdev_major = create->rdev_major,
        .rdev_minor = create->rdev_minor,
    };
    set->mask = 0;
    if (create->attr)
        *set = *create->attr;
    apply_umask(dir, create->type, set);
    if (set->mask & ~(uint32_t)MEM_ATTR_SETTABLE)
        return VFS_INVAL;
    if ((set->mask & VFS_ATTR_SIZE) && create->type != VFS_REG)
        return VFS_INVAL;
    if ((set->mask & VFS_ATTR_SIZE) && set->size > MEM_FILE_SIZE_MAX)
        return VFS_FBIG;
    status = vfs_mode_may_setattr(attr, cred, set, true, &mode);
    if (status != VFS_OK)
        return status;
    if (create->type == VFS_DIR && inherit)
        mode |= MODE_SGID;
    attr->mode = mode;
    return VFS_OK;
}

static void mode_from_acl(struct vfs_attr *attr, const struct vfs_acl *acl)
{
    attr->mode = (attr->mode & ~0777u) | vfs_acl_mode(acl);
}

/* RFC 8881 §6.4.3: the ACL that is given; else the inherited ACL, adapted to the mode if a mode is
 * given or if the inherited ACL grants nothing by itself.  True: the object has an ACL, in *acl. */
static bool initial_acl(const struct mem_object *dir, const struct vfs_create *create,
                        const struct vfs_attr *set, struct vfs_attr *attr, struct vfs_acl *acl)
{
    struct vfs_ace aces[VFS_ACL_ACES_MAX];
    struct vfs_acl inherited = {.aces = aces};

    if (set->mask & VFS_ATTR_ACL) {
        *acl = *set->acl;
        mode_from_acl(attr, acl);
        return true;
    }
    if (!dir->acl)
        return false;
    vfs_acl_inherit(dir->acl, attr->type == VFS_DIR, &inherited);
    if (inherited.count == 0)
        return false;
    if (create->mode == VFS_CREATE_EXCLUSIVE && set->mask == 0) {
        attr->mode = 0; /* the client is about to set mode or ACL */
        return false;
    }
    if ((set->mask & VFS_ATTR_MODE) || !vfs_acl_is_effective(&inherited)) {
        vfs_acl_chmod(&inherited, attr->type, attr->mode, acl);
    } else {
        acl->count = inherited.count;
        memcpy(acl->aces, aces, inherited.count * sizeof(aces[0]));
        mode_from_acl(attr, acl);
    }
    return true;
}

static enum vfs_status check_type(const struct vfs_cred *cred, const struct vfs_create *create)
{
    switch (create->type) {
    case VFS_REG:
    case VFS_DIR:
    case VFS_SOCK:
    case VFS_FIFO:
        return VFS_OK;
    case VFS_BLK:
    case VFS_CHR:
        return cred->uid == 0 ? VFS_OK : VFS_PERM;
    case VFS_LNK:
        if (!create->link_target || !create->link_target[0])
            return VFS_INVAL;
        if (strlen(create->link_target) > LIMIT_SYMLINK_BYTES)
            return VFS_NAMETOOLONG;
        return VFS_OK;
    case VFS_ATTRDIR:
    case VFS_NAMEDATTR:
        break;
    }
    return VFS_INVAL;
}

static bool symlink_init(struct mem_object *obj, const char *target)
{
    size_t len = strlen(target);

    if (!space_take(&mem_fs_of_object(obj)->space, len))
        return false;
    obj->target = memory_alloc(MEMORY_objects, len + 1);
    if (!obj->target) {
        space_give(&mem_fs_of_object(obj)->space, len);
        return false;
    }
    memcpy(obj->target, target, len + 1);
    obj->attr.size = len;
    return true;
}

/* Create the object for a new name, complete but for its links.  Its handle is not known to any
 * other thread, so its lock is not needed. */
static struct mem_object *make_object(struct mem_object *dir, const struct vfs_name *name,
                                      struct vfs_attr *attr, const struct vfs_attr *set,
                                      const struct vfs_create *create)
{
    struct vfs_ace aces[VFS_ACL_ACES_MAX];
    struct vfs_acl acl = {.aces = aces};
    bool has_acl = initial_acl(dir, create, set, attr, &acl);
    struct mem_object *obj = mem_object_create(mem_fs_of_object(dir), attr, name);

    if (!obj)
        return NULL;
    if ((create->type == VFS_LNK && !symlink_init(obj, create->link_target)) ||
        (has_acl && !mem_acl_keep_locked(obj, &acl, false)) ||
        ((set->mask & VFS_ATTR_LABEL) && !mem_label_keep_locked(obj, &set->label))) {
        vfs_object_put(&obj->vfs);
        return NULL;
    }
    if (create->type == VFS_REG) {
        if (set->mask & VFS_ATTR_SIZE)
            obj->attr.size = set->size;
        obj->file.exclusive = create->mode == VFS_CREATE_EXCLUSIVE;
        obj->file.verifier = create->verifier;
        obj->file.attrdir_fileid = dir->vfs.type == VFS_ATTRDIR ? dir->vfs.fileid : 0;
    }
    if (set->mask)
        mem_attr_apply(&obj->attr, set, attr->mode, obj->attr.ctime);
    return obj;
}

/* Add a name for obj to dir.  obj is locked, or not visible to other threads. */
static enum vfs_status add_name(struct mem_object *dir, struct mem_object *obj,
                                const struct vfs_name *name, struct timespec now, const void *actor,
                                struct vfs_change_info *info)
{
    struct mem_entry *entry = mem_entry_create(obj, name, false);

    if (!entry)
        return VFS_NOSPC;
    if (!mem_dir_insert_locked(dir, entry, false)) {
        mem_entry_put(entry); /* not the last reference on obj: the caller has one */
        return VFS_NOSPC;
    }
    mem_entry_names_locked(entry, dir);
    if (obj->vfs.type == VFS_DIR) {
        obj->dir.parent = dir;
        obj->attr.nlink = 2;
        dir->attr.nlink++;
    } else {
        obj->attr.nlink++;
    }
    info->atomic = true;
    info->before = dir->attr.change;
    mem_dir_modified_locked(dir, now);
    info->after = dir->attr.change;
    mem_tell_added_locked(dir, entry, NULL, actor);
    mem_tell_attr_locked(obj, entry, actor);
    return VFS_OK;
}

static enum vfs_status create_locked(struct mem_object *dir, const struct vfs_cred *cred,
                                     const struct vfs_name *name, struct vfs_create *create,
                                     struct vfs_change_info *info, struct mem_object **out)
{
    struct vfs_attr attr, set;
    struct mem_object *obj;
    enum vfs_status status;

    if (!mem_dir_may_add_locked(dir, cred, create->type == VFS_DIR))
        return VFS_ACCESS;
    if (create->type == VFS_DIR && dir->attr.nlink >= mem_fs_of_object(dir)->subdir_max)
        return VFS_MLINK;
    if (dir->vfs.type == VFS_ATTRDIR && dir->dir.names.count >= LIMIT_NAMED_ATTRS)
        return VFS_NOSPC;
    status = initial_attr(dir, cred, create, &attr, &set);
    if (status != VFS_OK)
        return status;
    obj = make_object(dir, name, &attr, &set, create);
    if (!obj)
        return VFS_NOSPC;
    *out = obj; /* also on error: the caller puts it without the lock */
    status = add_name(dir, obj, name, obj->attr.ctime, cred->actor, info);
    if (status != VFS_OK)
        return status;
    create->created = true;
    create->attrs_applied = set.mask;
    return VFS_OK;
}

/* The name exists: may this create succeed? */
static enum vfs_status existing(const struct mem_object *obj, struct vfs_create *create)
{
    if (create->type != VFS_REG || create->mode == VFS_CREATE_GUARDED)
        return VFS_EXIST;
    if (create->mode == VFS_CREATE_EXCLUSIVE) {
        if (!vfs_type_is_file(obj->vfs.type) || !obj->file.exclusive ||
            obj->file.verifier != create->verifier)
            return VFS_EXIST;
        create->attrs_applied = create->attr ? create->attr->mask : 0;
        return VFS_OK;
    }
    if (vfs_type_is_file(obj->vfs.type))
        return VFS_OK;
    if (obj->vfs.type == VFS_DIR)
        return VFS_ISDIR;
    return obj->vfs.type == VFS_LNK ? VFS_SYMLINK : VFS_WRONG_TYPE;
}

enum vfs_status mem_create_object(struct vfs_object *vfs, const struct vfs_cred *cred,
                                  const struct vfs_name *name, struct vfs_create *create,
                                  struct vfs_change_info *info, struct vfs_object **out)
{
    struct mem_object *dir = mem_of(vfs);
    struct mem_object *obj = NULL;
    struct mem_entry *entry;
    enum vfs_status status;

    create->created = false;
    create->attrs_applied = 0;
    if (name->len > LIMIT_NAME_BYTES)
        return VFS_NAMETOOLONG;
    if (vfs->type == VFS_ATTRDIR && create->type != VFS_REG)
        return VFS_WRONG_TYPE;
    if (vfs->type == VFS_ATTRDIR && create->mode == VFS_CREATE_EXCLUSIVE)
        return VFS_INVAL;
    status = mem_dir_lock_search(dir, cred);
    if (status != VFS_OK)
        return status;
    entry = mem_dir_lookup_locked(dir, name);
    if (!vfs_name_fits(name, entry ? &entry->obj->vfs : NULL)) {
        status = VFS_CHANGED;
    } else if (entry) {
        obj = mem_of(vfs_object_get(&entry->obj->vfs));
        info->atomic = true;
        info->before = info->after = dir->attr.change;
        status = existing(obj, create);
    } else {
        status = check_type(cred, create);
        if (status == VFS_OK)
            status = create_locked(dir, cred, name, create, info, &obj);
    }
    mem_dir_unlock(dir);
    if (status == VFS_OK)
        *out = &obj->vfs;
    else if (obj)
        vfs_object_put(&obj->vfs);
    return status;
}

static enum vfs_status link_locked(struct mem_object *obj, struct mem_object *dir,
                                   const struct vfs_cred *cred, const struct vfs_name *name,
                                   struct vfs_change_info *info)
{
    struct timespec now;
    enum vfs_status status;

    if (mem_dir_lookup_locked(dir, name))
        return VFS_EXIST;
    if (!mem_dir_may_add_locked(dir, cred, false))
        return VFS_ACCESS;
    now = clock_realtime();
    mem_lock_write(obj);
    if (obj->attr.nlink == 0)
        status = VFS_STALE; /* a removed object stays removed */
    else if (obj->attr.nlink >= mem_fs_of_object(obj)->link_max)
        status = VFS_MLINK;
    else
        status = add_name(dir, obj, name, now, cred->actor, info);
    if (status == VFS_OK)
        mem_changed_locked(obj, now);
    mem_unlock(obj);
    return status;
}

enum vfs_status mem_link(struct vfs_object *vfs, struct vfs_object *vfs_dir,
                         const struct vfs_cred *cred, const struct vfs_name *name,
                         struct vfs_change_info *info)
{
    struct mem_object *dir = mem_of(vfs_dir);
    enum vfs_status status;

    if (vfs->fs != vfs_dir->fs)
        return VFS_XDEV;
    if (!vfs_type_is_dir(vfs_dir->type))
        return VFS_NOTDIR;
    if (vfs_dir->type == VFS_ATTRDIR || vfs->type == VFS_NAMEDATTR)
        return mem_attrdir_holds(vfs_dir, vfs) ? VFS_NOTSUPP : VFS_XDEV;
    if (vfs_type_is_dir(vfs->type))
        return VFS_ISDIR;
    if (name->len > LIMIT_NAME_BYTES)
        return VFS_NAMETOOLONG;
    status = mem_dir_lock_search(dir, cred);
    if (status != VFS_OK)
        return status;
    status = link_locked(mem_of(vfs), dir, cred, name, info);
    mem_unlock(dir);
    return status;
}

enum vfs_status mem_may_link(struct vfs_object *vfs, struct vfs_object *vfs_dir,
                             const struct vfs_cred *cred)
{
    struct mem_object *dir = mem_of(vfs_dir);
    enum vfs_status status = mem_dir_lock_search(dir, cred);

    (void)vfs;
    if (status != VFS_OK)
        return vfs_refusal(status);
    if (!mem_dir_may_add_locked(dir, cred, false))
        status = VFS_ACCESS;
    mem_dir_unlock(dir);
    return status;
}
