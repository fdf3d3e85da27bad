/* SPDX-License-Identifier: Apache-2.0 */
#include "backend/mem/remove.h"

#include "backend/mem/attr.h"
#include "backend/mem/dir.h"
#include "backend/mem/tell.h"
#include "base/clock.h"

void mem_unlinked_locked(struct mem_object *dir, struct mem_entry *entry, struct timespec now)
{
    struct mem_object *obj = entry->obj;

    list_remove(&entry->of_object);
    if (obj->vfs.type == VFS_DIR) {
        obj->attr.nlink = 0;
        obj->dir.parent = NULL;
        dir->attr.nlink--;
        vfs_object_set_stale(&obj->vfs);
    } else {
        obj->attr.nlink--;
    }
    mem_changed_locked(obj, now);
}

/* On VFS_OK the caller gets the directory's reference on the entry. */
static enum vfs_status remove_locked(struct mem_object *dir, const struct vfs_cred *cred,
                                     struct mem_entry *entry)
{
    struct mem_object *victim = entry->obj;
    enum vfs_status status;
    struct timespec now;

    mem_lock_write(victim);
    status = vfs_guard_may_delete(mem_guard(dir), mem_guard(victim), cred);
    if (status == VFS_OK && victim->vfs.type == VFS_DIR && victim->dir.names.count > 0)
        status = VFS_NOTEMPTY;
    if (status == VFS_OK) {
        now = clock_realtime();
        mem_dir_take_locked(dir, entry);
        mem_unlinked_locked(dir, entry, now);
        mem_dir_modified_locked(dir, now);
        mem_tell_removed_locked(dir, entry, cred->actor);
        mem_tell_unlinked_locked(victim, cred->actor);
    }
    mem_unlock(victim);
    return status;
}

enum vfs_status mem_remove(struct vfs_object *vfs, const struct vfs_cred *cred,
                           const struct vfs_name *name, struct vfs_change_info *info)
{
    struct mem_object *dir = mem_of(vfs);
    struct mem_entry *entry;
    enum vfs_status status;
    uint64_t before, after;

    if (name->len > LIMIT_NAME_BYTES)
        return VFS_NAMETOOLONG;
    status = mem_dir_lock_search(dir, cred);
    if (status != VFS_OK)
        return status;
    before = dir->attr.change;
    entry = mem_dir_lookup_locked(dir, name);
    if (!entry)
        status = VFS_NOENT;
    else if (!vfs_name_fits(name, &entry->obj->vfs))
        status = VFS_CHANGED;
    else
        status = remove_locked(dir, cred, entry);
    after = dir->attr.change;
    mem_dir_unlock(dir);
    if (status != VFS_OK)
        return status;
    mem_entry_put(entry);
    *info = (struct vfs_change_info){.atomic = true, .before = before, .after = after};
    return VFS_OK;
}

enum vfs_status mem_may_remove(struct vfs_object *vfs, const struct vfs_cred *cred,
                               const struct vfs_name *name)
{
    struct mem_object *dir = mem_of(vfs);
    const struct mem_entry *entry;
    enum vfs_status status = mem_dir_lock_search(dir, cred);

    if (status != VFS_OK)
        return vfs_refusal(status);
    entry = mem_dir_lookup_locked(dir, name);
    if (entry) {
        mem_lock_read(entry->obj);
        status = vfs_guard_may_delete(mem_guard(dir), mem_guard(entry->obj), cred);
        mem_unlock(entry->obj);
    }
    mem_dir_unlock(dir);
    return vfs_refusal(status);
}
