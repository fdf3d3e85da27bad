/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RENAME.  Only one runs at a time, under rename_lock.  Only a rename changes a directory's parent,
 * so apart from removals the hierarchy is fixed while one runs.  Only a rename locks two
 * directories that are not parent and child.  All other operations lock downwards, so there is no
 * deadlock.
 */
#include "backend/mem/rename.h"

#include <stddef.h>

#include "backend/mem/attr.h"
#include "backend/mem/dir.h"
#include "backend/mem/remove.h"
#include "backend/mem/tell.h"
#include "base/clock.h"

struct rename {
    struct mem_object *from_dir, *to_dir;
    const struct vfs_name *from, *to;
    const struct vfs_cred *cred;
    /* If one of the two directories is below the other: the child of the upper one that leads to
     * the lower one.  Only compared, never dereferenced. */
    const struct mem_object *on_path;
    bool from_is_above, to_is_above;
    struct mem_entry *source, *victim; /* victim NULL: the name is free */
};

/* Is `above` an ancestor of `dir`?  If so, *child is its child on the way.  Only rename_lock is
 * held: each step takes one lock and drops it. */
static bool is_above(struct mem_object *above, struct mem_object *dir,
                     const struct mem_object **child)
{
    struct mem_object *at = mem_of(vfs_object_get(&dir->vfs));
    bool found = false;

    while (at && !found) {
        struct mem_object *parent = NULL;

        mem_lock_read(at);
        if (at->dir.parent)
            parent = mem_of(vfs_object_get(&at->dir.parent->vfs));
        mem_unlock(at);
        if (parent == above) {
            found = true;
            *child = at;
        }
        vfs_object_put(&at->vfs);
        at = parent;
    }
    if (at)
        vfs_object_put(&at->vfs);
    return found;
}

/* False for an attribute directory whose object is gone. */
static bool lock_dirs(struct rename *r)
{
    if (r->from_dir == r->to_dir)
        return mem_dir_lock(r->from_dir);
    r->from_is_above = is_above(r->from_dir, r->to_dir, &r->on_path);
    if (!r->from_is_above)
        r->to_is_above = is_above(r->to_dir, r->from_dir, &r->on_path);
    if (r->from_is_above || (!r->to_is_above && r->from_dir < r->to_dir)) {
        mem_lock_write(r->from_dir);
        mem_lock_write(r->to_dir);
    } else {
        mem_lock_write(r->to_dir);
        mem_lock_write(r->from_dir);
    }
    return true;
}

static void unlock_dirs(const struct rename *r)
{
    if (r->from_dir != r->to_dir)
        mem_unlock(r->to_dir);
    mem_dir_unlock(r->from_dir);
}

static bool may_search(const struct mem_object *dir, const struct vfs_cred *cred)
{
    return vfs_guard_may(mem_guard(dir), cred, VFS_ACE_EXECUTE);
}

/* Find both names.  An object above the other directory must not be locked.  Such a source would be
 * moved below itself; such a victim is not empty. */
static enum vfs_status find_names(struct rename *r)
{
    if (r->from_dir->attr.nlink == 0 || r->to_dir->attr.nlink == 0)
        return VFS_STALE;
    if (!may_search(r->from_dir, r->cred) || !may_search(r->to_dir, r->cred))
        return VFS_ACCESS;
    r->source = mem_dir_lookup_locked(r->from_dir, r->from);
    if (!r->source)
        return VFS_NOENT;
    r->victim = mem_dir_lookup_locked(r->to_dir, r->to);
    if (!vfs_name_fits(r->from, &r->source->obj->vfs) ||
        (r->victim && !vfs_name_fits(r->to, &r->victim->obj->vfs)))
        return VFS_CHANGED;
    if (r->from_is_above && r->source->obj == r->on_path)
        return VFS_INVAL;
    if (r->to_is_above && r->victim && r->victim->obj == r->on_path)
        return r->source->obj->vfs.type == VFS_DIR ? VFS_NOTEMPTY : VFS_ISDIR;
    return VFS_OK;
}

static void lock_objects(const struct rename *r)
{
    struct mem_object *source = r->source->obj;
    struct mem_object *victim = r->victim ? r->victim->obj : NULL;
    bool victim_first = victim && mem_locks_before(victim, source);

    if (victim_first)
        mem_lock_write(victim);
    mem_lock_write(source);
    if (victim && !victim_first)
        mem_lock_write(victim);
}

static void unlock_objects(const struct rename *r)
{
    mem_unlock(r->source->obj);
    if (r->victim)
        mem_unlock(r->victim->obj);
}

static enum vfs_status check_victim(const struct rename *r)
{
    const struct mem_object *source = r->source->obj;
    const struct mem_object *victim = r->victim->obj;
    enum vfs_status status = vfs_guard_may_delete(mem_guard(r->to_dir), mem_guard(victim), r->cred);

    if (status != VFS_OK)
        return status;
    if (source->vfs.type == VFS_DIR && victim->vfs.type != VFS_DIR)
        return VFS_NOTDIR;
    if (source->vfs.type != VFS_DIR && victim->vfs.type == VFS_DIR)
        return VFS_ISDIR;
    if (victim->vfs.type == VFS_DIR && victim->dir.names.count > 0)
        return VFS_NOTEMPTY;
    return VFS_OK;
}

static enum vfs_status check(const struct rename *r)
{
    const struct mem_object *source = r->source->obj;
    bool directory = source->vfs.type == VFS_DIR;
    bool moves_dir = directory && r->from_dir != r->to_dir;
    enum vfs_status status =
        vfs_guard_may_delete(mem_guard(r->from_dir), mem_guard(source), r->cred);

    if (status != VFS_OK)
        return status;
    if (r->victim)
        status = check_victim(r);
    if (status == VFS_OK && !mem_dir_may_add_locked(r->to_dir, r->cred, directory))
        status = VFS_ACCESS;
    if (status != VFS_OK)
        return status;
    if (moves_dir && !mem_dir_may_add_locked(source, r->cred, true))
        return VFS_ACCESS; /* its `..`  entry changes */
    if (moves_dir && !r->victim && r->to_dir->attr.nlink >= mem_fs_of_object(source)->subdir_max)
        return VFS_MLINK;
    return VFS_OK;
}

static void tell(const struct rename *r, const struct mem_entry *entry)
{
    const void *actor = r->cred->actor;

    if (r->from_dir == r->to_dir) {
        mem_tell_renamed_locked(r->to_dir, r->source, entry, r->victim, actor);
    } else {
        mem_tell_removed_locked(r->from_dir, r->source, actor);
        mem_tell_added_locked(r->to_dir, entry, r->victim, actor);
    }
    mem_tell_attr_locked(entry->obj, entry, actor);
    if (r->victim)
        mem_tell_unlinked_locked(r->victim->obj, actor);
}

/* The entry is replaced by a new one, because cookies are not reused. */
static enum vfs_status apply(struct rename *r)
{
    struct mem_object *obj = r->source->obj;
    struct mem_entry *entry = mem_entry_create(obj, r->to, true);
    struct timespec now = clock_realtime();

    /* Everything that can fail comes before the first change. */
    if (!entry || !mem_dir_insert_locked(r->to_dir, entry, true)) {
        mem_entry_put(entry);
        return VFS_NOSPC;
    }
    mem_dir_take_locked(r->from_dir, r->source);
    list_remove(&r->source->of_object);
    mem_entry_names_locked(entry, r->to_dir);
    if (r->victim) {
        mem_dir_take_locked(r->to_dir, r->victim);
        mem_unlinked_locked(r->to_dir, r->victim, now);
    }
    if (obj->vfs.type == VFS_DIR && r->from_dir != r->to_dir) {
        obj->dir.parent = r->to_dir;
        r->from_dir->attr.nlink--;
        r->to_dir->attr.nlink++;
    }
    mem_changed_locked(obj, now);
    mem_dir_modified_locked(r->from_dir, now);
    if (r->to_dir != r->from_dir)
        mem_dir_modified_locked(r->to_dir, now);
    tell(r, entry);
    return VFS_OK;
}

/* With both directories locked.  On VFS_OK the caller puts source and victim; both are NULL if
 * there was nothing to do. */
static enum vfs_status rename_locked(struct rename *r)
{
    enum vfs_status status = find_names(r);

    if (status != VFS_OK)
        return status;
    if (r->victim && r->victim->obj == r->source->obj) {
        r->source = r->victim = NULL; /* two names of one object: both remain */
        return VFS_OK;
    }
    lock_objects(r);
    status = check(r);
    if (status == VFS_OK)
        status = apply(r);
    unlock_objects(r);
    return status;
}

static enum vfs_status check_args(const struct rename *r)
{
    bool within = r->from_dir == r->to_dir;

    if (r->from_dir->vfs.fs != r->to_dir->vfs.fs)
        return VFS_XDEV;
    if (!vfs_type_is_dir(r->from_dir->vfs.type) || !vfs_type_is_dir(r->to_dir->vfs.type))
        return VFS_NOTDIR;
    if (!within && (r->from_dir->vfs.type == VFS_ATTRDIR || r->to_dir->vfs.type == VFS_ATTRDIR))
        return VFS_XDEV;
    if (r->from->len > LIMIT_NAME_BYTES || r->to->len > LIMIT_NAME_BYTES)
        return VFS_NAMETOOLONG;
    return VFS_OK;
}

enum vfs_status mem_rename(struct vfs_object *from_dir, const struct vfs_name *from,
                           struct vfs_object *to_dir, const struct vfs_name *to,
                           const struct vfs_cred *cred, struct vfs_change_info *from_info,
                           struct vfs_change_info *to_info)
{
    struct rename r = {
        .from_dir = mem_of(from_dir),
        .to_dir = mem_of(to_dir),
        .from = from,
        .to = to,
        .cred = cred,
    };
    struct vfs_change_info a = {.atomic = true}, b = {.atomic = true};
    struct mem_fs *fs = mem_fs_of(from_dir->fs);
    enum vfs_status status = check_args(&r);

    if (status != VFS_OK)
        return status;
    pthread_mutex_lock(&fs->rename_lock);
    if (lock_dirs(&r)) {
        a.before = r.from_dir->attr.change;
        b.before = r.to_dir->attr.change;
        status = rename_locked(&r);
        a.after = r.from_dir->attr.change;
        b.after = r.to_dir->attr.change;
        unlock_dirs(&r);
    } else {
        status = VFS_STALE;
    }
    pthread_mutex_unlock(&fs->rename_lock);
    if (status != VFS_OK)
        return status;
    mem_entry_put(r.source);
    mem_entry_put(r.victim);
    *from_info = a;
    *to_info = b;
    return VFS_OK;
}
