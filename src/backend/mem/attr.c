/* SPDX-License-Identifier: Apache-2.0 */
#include "backend/mem/attr.h"

#include "backend/mem/tell.h"
#include "base/clock.h"

void mem_changed_locked(struct mem_object *obj, struct timespec now)
{
    obj->attr.ctime = now;
    obj->attr.change++;
    obj->atime_due = true;
}

void mem_modified_locked(struct mem_object *obj, struct timespec now)
{
    obj->attr.mtime = now;
    mem_changed_locked(obj, now);
}

void mem_accessed(struct mem_object *obj)
{
    struct timespec now = clock_realtime();

    mem_lock_write(obj);
    obj->attr.atime = now;
    obj->atime_due = false;
    mem_unlock(obj);
}

enum vfs_status mem_getattr(struct vfs_object *vfs, uint32_t mask, struct vfs_attr *out)
{
    struct mem_object *obj = mem_of(vfs);

    (void)mask; /* all attributes together cost the same */
    mem_lock_read(obj);
    *out = obj->attr;
    mem_unlock(obj);
    return VFS_OK;
}

enum vfs_status mem_access(struct vfs_object *vfs, const struct vfs_cred *cred, uint32_t want,
                           uint32_t *granted)
{
    struct mem_object *obj = mem_of(vfs);

    mem_lock_read(obj);
    *granted = vfs_guard_access(mem_guard(obj), cred, want);
    mem_unlock(obj);
    return VFS_OK;
}

void mem_attr_apply(struct vfs_attr *attr, const struct vfs_attr *set, uint32_t mode,
                    struct timespec now)
{
    attr->mode = mode;
    if (set->mask & VFS_ATTR_UID)
        attr->uid = set->uid;
    if (set->mask & VFS_ATTR_GID)
        attr->gid = set->gid;
    if (set->mask & VFS_ATTR_ATIME_NOW)
        attr->atime = now;
    else if (set->mask & VFS_ATTR_ATIME)
        attr->atime = set->atime;
    if (set->mask & VFS_ATTR_MTIME_NOW)
        attr->mtime = now;
    else if (set->mask & VFS_ATTR_MTIME)
        attr->mtime = set->mtime;
    if (set->mask & VFS_ATTR_BTIME)
        attr->btime = set->btime;
}

enum vfs_status mem_touch(struct vfs_object *vfs)
{
    struct mem_object *obj = mem_of(vfs);
    struct timespec now = clock_realtime();

    mem_lock_write(obj);
    obj->attr.mtime = now;
    mem_changed_locked(obj, now);
    mem_tell_attr_locked(obj, NULL, NULL);
    mem_unlock(obj);
    return VFS_OK;
}
