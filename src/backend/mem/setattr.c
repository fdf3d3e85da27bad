/* SPDX-License-Identifier: Apache-2.0 */
#include "backend/mem/setattr.h"

#include "backend/mem/acl.h"
#include "backend/mem/attr.h"
#include "backend/mem/attrdir.h"
#include "backend/mem/file.h"
#include "backend/mem/label.h"
#include "backend/mem/tell.h"
#include "base/clock.h"

static enum vfs_status check_size(const struct mem_object *obj, const struct vfs_attr *set)
{
    if (!(set->mask & VFS_ATTR_SIZE))
        return VFS_OK;
    if (vfs_type_is_dir(obj->vfs.type))
        return VFS_ISDIR;
    if (!vfs_type_is_file(obj->vfs.type))
        return VFS_INVAL;
    return set->size > MEM_FILE_SIZE_MAX ? VFS_FBIG : VFS_OK;
}

/* An attribute directory takes its mode, ACL and owners from its object. */
static uint32_t settable(const struct mem_object *obj)
{
    const uint32_t followed = VFS_ATTR_MODE | VFS_ATTR_MODE_HIGH | VFS_ATTR_ACL | VFS_ATTR_LABEL |
                              VFS_ATTR_UID | VFS_ATTR_GID;

    return obj->vfs.type == VFS_ATTRDIR ? MEM_ATTR_SETTABLE & ~followed : MEM_ATTR_SETTABLE;
}

/* Keep mode and ACL consistent (RFC 8881 §6.4.1).  Nothing has changed unless VFS_OK. */
static enum vfs_status set_acl_locked(struct mem_object *obj, const struct vfs_attr *set,
                                      uint32_t *mode)
{
    if (set->mask & VFS_ATTR_MODE_HIGH)
        *mode = (*mode & ~0777u) | (obj->attr.mode & 0777);
    if (set->mask & VFS_ATTR_ACL) {
        if (!mem_acl_keep_locked(obj, set->acl, false))
            return VFS_NOSPC;
        *mode = (*mode & ~0777u) | vfs_acl_mode(set->acl);
    } else if ((set->mask & VFS_ATTR_MODE) && !(set->mask & VFS_ATTR_MODE_HIGH)) {
        if (!mem_acl_chmod_locked(obj, *mode))
            return VFS_NOSPC;
    }
    return VFS_OK;
}

static bool is_before(struct timespec a, struct timespec b)
{
    return a.tv_sec < b.tv_sec || (a.tv_sec == b.tv_sec && a.tv_nsec < b.tv_nsec);
}

/* VFS_ATTR_HELD.  The ctime is not the present one: the file changed when its holder changed it. */
static uint32_t set_held(struct mem_object *obj, const struct vfs_cred *cred,
                         const struct vfs_attr *set)
{
    mem_lock_write(obj);
    if (set->mask & VFS_ATTR_ATIME)
        obj->attr.atime = set->atime;
    if (set->mask & VFS_ATTR_MTIME) {
        obj->attr.mtime = set->mtime;
        mem_changed_locked(obj,
                           is_before(obj->attr.ctime, set->mtime) ? set->mtime : obj->attr.ctime);
        mem_tell_attr_locked(obj, NULL, cred->actor);
    }
    mem_unlock(obj);
    return set->mask;
}

/* Everything that can fail comes first, so either all attributes are applied or none. */
enum vfs_status mem_setattr(struct vfs_object *vfs, const struct vfs_cred *cred,
                            const struct vfs_attr *set, bool opened, uint32_t *applied)
{
    struct mem_object *obj = mem_of(vfs);
    struct timespec now;
    enum vfs_status status;
    uint32_t mode;

    *applied = 0;
    if (set->mask & VFS_ATTR_HELD) {
        *applied = set_held(obj, cred, set);
        return VFS_OK;
    }
    if (set->mask & ~(uint32_t)settable(obj))
        return VFS_INVAL;
    status = check_size(obj, set);
    if (status != VFS_OK || set->mask == 0)
        return status;
    now = clock_realtime();
    mem_lock_write(obj);
    status = vfs_guard_may_setattr(mem_guard(obj), cred, set, opened, &mode);
    if (status == VFS_OK && (set->mask & VFS_ATTR_SIZE) &&
        !mem_file_may_resize_locked(obj, set->size))
        status = VFS_NOSPC;
    if (status == VFS_OK)
        status = set_acl_locked(obj, set, &mode);
    if (status == VFS_OK && (set->mask & VFS_ATTR_LABEL) &&
        !mem_label_keep_locked(obj, &set->label))
        status = VFS_NOSPC;
    if (status == VFS_OK) {
        if (set->mask & VFS_ATTR_SIZE) {
            mem_file_resize_locked(obj, set->size);
            obj->attr.mtime = now;
        }
        mem_attr_apply(&obj->attr, set, mode, now);
        mem_changed_locked(obj, now);
        mem_tell_attr_locked(obj, NULL, cred->actor);
        if (set->mask & (VFS_ATTR_MODE | VFS_ATTR_ACL | VFS_ATTR_UID | VFS_ATTR_GID))
            mem_attrdir_follow_locked(obj, cred->actor);
        *applied = set->mask;
    }
    mem_unlock(obj);
    return status;
}

enum vfs_status mem_may_setattr(struct vfs_object *vfs, const struct vfs_cred *cred,
                                const struct vfs_attr *set, bool opened)
{
    struct mem_object *obj = mem_of(vfs);
    enum vfs_status status;
    uint32_t mode;

    mem_lock_read(obj);
    status = vfs_guard_may_setattr(mem_guard(obj), cred, set, opened, &mode);
    mem_unlock(obj);
    return vfs_refusal(status);
}
