/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attribute directories: a directory that belongs to an object instead of an entry, and lives as
 * long as the object.  It is created by the first OPENATTR that asks for that.
 *
 * The object's lock is taken before its attribute directory's, like a parent's before its child's.
 * A thread that has only the directory finds the object as mem_dir_lock() does.
 */
#include "backend/mem/attrdir.h"

#include "backend/mem/acl.h"
#include "backend/mem/attr.h"
#include "backend/mem/dir.h"
#include "backend/mem/object.h"
#include "backend/mem/remove.h"
#include "backend/mem/tell.h"
#include "base/clock.h"

enum {
    BATCH = 64,
    MODE_STICKY = 01000,
    MAY_LOOK = 5,
    MAY_CHANGE = 7,
};

/* Permission to read the object permits listing and looking up its attributes (r-x); permission to
 * write it permits changing them.  Where `w` for others does not mean that they may store data with
 * the object, only the owner has it. */
static void permit(const struct mem_object *obj, struct vfs_attr *attr)
{
    bool data = vfs_type_is_file(obj->vfs.type) ||
                (obj->vfs.type == VFS_DIR && !(obj->attr.mode & MODE_STICKY));
    uint32_t rw = obj->attr.mode & (data ? 0666 : 0644);

    attr->type = VFS_ATTRDIR;
    attr->mode = rw | (rw & 0444) >> 2;
    attr->uid = obj->attr.uid;
    attr->gid = obj->attr.gid;
}

static bool permits(const struct mem_object *obj, const struct vfs_cred *cred, uint32_t rwx)
{
    uint32_t rights = VFS_ACE_READ_NAMED_ATTRS;
    struct vfs_attr attr;

    if (obj->acl) {
        if (rwx == MAY_CHANGE)
            rights |= VFS_ACE_WRITE_NAMED_ATTRS;
        return vfs_guard_may(mem_guard(obj), cred, rights);
    }
    permit(obj, &attr);
    return (vfs_guard_rwx((struct vfs_guard){.attr = &attr}, cred) & rwx) == rwx;
}

/* Derive the directory's ACL from the object's rules for named attributes.  Both are locked, or the
 * directory is not visible to other threads. */
static void follow_acl(const struct mem_object *obj, struct mem_object *attrdir)
{
    const uint32_t same = VFS_ACE_READ_ATTRIBUTES | VFS_ACE_READ_ACL;
    struct vfs_ace aces[VFS_ACL_ACES_MAX];
    struct vfs_acl acl = {.aces = aces};

    if (!obj->acl)
        return;
    for (uint32_t i = 0; i < obj->acl->count; i++) {
        struct vfs_ace ace = obj->acl->aces[i];
        uint32_t mask = ace.mask;

        if (ace.flags & VFS_ACE_INHERIT_ONLY)
            continue;
        ace.flags = 0;
        ace.mask = mask & same;
        if (mask & VFS_ACE_READ_NAMED_ATTRS)
            ace.mask |= VFS_ACE_READ_DATA | VFS_ACE_EXECUTE;
        if (mask & VFS_ACE_WRITE_NAMED_ATTRS)
            ace.mask |= VFS_ACE_WRITE_DATA | VFS_ACE_APPEND_DATA | VFS_ACE_DELETE_CHILD;
        acl.aces[acl.count++] = ace;
    }
    if (mem_acl_keep_locked(attrdir, &acl, true))
        attrdir->attr.mode = vfs_acl_mode(&acl);
    else
        mem_acl_close_locked(attrdir);
}

static enum vfs_status make_locked(struct mem_object *obj, const struct vfs_cred *cred)
{
    struct vfs_attr attr = {0};

    if (!permits(obj, cred, MAY_CHANGE))
        return VFS_ACCESS;
    permit(obj, &attr);
    obj->attrdir = mem_object_create(mem_fs_of_object(obj), &attr, NULL);
    if (!obj->attrdir)
        return VFS_NOSPC;
    follow_acl(obj, obj->attrdir);
    obj->attrdir->attr.nlink = 2;
    obj->attrdir->dir.parent = obj;
    return VFS_OK;
}

enum vfs_status mem_openattr(struct vfs_object *vfs, const struct vfs_cred *cred, bool create,
                             struct vfs_object **dir)
{
    struct mem_object *obj = mem_of(vfs);
    enum vfs_status status = VFS_OK;

    if (vfs->type == VFS_ATTRDIR || vfs->type == VFS_NAMEDATTR)
        return VFS_WRONG_TYPE;
    if (create)
        mem_lock_write(obj);
    else
        mem_lock_read(obj);
    if (!permits(obj, cred, MAY_LOOK))
        status = VFS_ACCESS;
    else if (!create && !obj->attr.named_attr)
        status = VFS_NOENT;
    else if (!obj->attrdir)
        status = make_locked(obj, cred);
    if (status == VFS_OK)
        *dir = vfs_object_get(&obj->attrdir->vfs);
    mem_unlock(obj);
    return status;
}

void mem_attrdir_follow_locked(struct mem_object *obj, const void *actor)
{
    struct mem_object *attrdir = obj->attrdir;
    struct vfs_attr attr;

    if (!attrdir)
        return;
    permit(obj, &attr);
    mem_lock_write(attrdir);
    if (obj->acl || attrdir->attr.mode != attr.mode || attrdir->attr.uid != attr.uid ||
        attrdir->attr.gid != attr.gid) {
        attrdir->attr.mode = attr.mode;
        attrdir->attr.uid = attr.uid;
        attrdir->attr.gid = attr.gid;
        follow_acl(obj, attrdir);
        mem_changed_locked(attrdir, obj->attr.ctime);
        mem_tell_attr_locked(attrdir, NULL, actor);
    }
    mem_unlock(attrdir);
}

/* Remove some of the entries of a directory that can no longer be found. */
static uint32_t take_some(struct mem_object *attrdir, struct timespec now,
                          struct mem_entry *taken[BATCH])
{
    uint32_t count = 0;

    mem_lock_write(attrdir);
    attrdir->dir.parent = NULL;
    attrdir->attr.nlink = 0;
    mem_tell_unlinked_locked(attrdir, NULL);
    for (uint64_t at = 0; count < BATCH; at++) {
        struct mem_entry *entry = radix_next(&attrdir->dir.order, &at);

        if (!entry)
            break;
        mem_dir_take_locked(attrdir, entry);
        mem_lock_write(entry->obj);
        mem_unlinked_locked(attrdir, entry, now);
        mem_unlock(entry->obj);
        taken[count++] = entry;
    }
    mem_unlock(attrdir);
    return count;
}

void mem_attrdir_drop(struct mem_object *attrdir)
{
    struct mem_entry *taken[BATCH];
    struct timespec now = clock_realtime();
    uint32_t count;

    do {
        count = take_some(attrdir, now, taken);
        for (uint32_t i = 0; i < count; i++)
            mem_entry_put(taken[i]);
    } while (count == BATCH);
    vfs_object_put(&attrdir->vfs);
}

bool mem_attrdir_holds(const struct vfs_object *dir, const struct vfs_object *attr)
{
    return dir->type == VFS_ATTRDIR && attr->type == VFS_NAMEDATTR &&
           mem_of(attr)->file.attrdir_fileid == dir->fileid;
}
