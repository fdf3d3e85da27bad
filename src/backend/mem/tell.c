/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A change of an object's attributes is told to the watchers of all directories that have a name of
 * it.  These are not locked.  But the object is, and so its names stay where they are: a name is
 * told before any change of attributes under it, and none is told after its end.
 */
#include "backend/mem/tell.h"

/* No entry at all without `entry`. */
static struct vfs_change_entry of_entry(const struct mem_entry *entry)
{
    if (!entry)
        return (struct vfs_change_entry){0};
    return (struct vfs_change_entry){
        .name = entry->name, .len = entry->len, .cookie = entry->cookie, .obj = &entry->obj->vfs};
}

static void tell_names(const struct mem_object *obj, const struct mem_entry *except,
                       const void *actor)
{
    if (!vfs_children_watched(obj->vfs.fs))
        return;
    LIST_FOREACH (entry, &obj->names, struct mem_entry, of_object) {
        const struct vfs_change change = {
            .kind = VFS_CHANGE_CHILD, .actor = actor, .entry = of_entry(entry)};

        if (entry != except)
            vfs_change_tell(entry->dir->vfs.node, &change);
    }
}

void mem_tell_attr_watched_locked(const struct mem_object *obj, const struct mem_entry *except,
                                  const void *actor)
{
    if (vfs_type_is_dir(obj->vfs.type))
        vfs_change_tell_kind(obj->vfs.node, VFS_CHANGE_DIR, actor);
    tell_names(obj, except, actor);
}

/* Its entries have changed, and so have attributes: its own, or also those of its object. */
static void tell_above(const struct mem_object *dir, const void *actor)
{
    if (dir->vfs.type == VFS_ATTRDIR)
        mem_tell_attr_locked(dir->dir.parent, NULL, actor);
    else
        tell_names(dir, NULL, actor);
}

static struct vfs_change_entry previous_of(const struct mem_object *dir,
                                           const struct mem_entry *entry)
{
    uint64_t at = entry->cookie - 1;

    return of_entry(radix_prev(&dir->dir.order, &at));
}

static void tell(const struct mem_object *dir, struct vfs_change *change, const void *actor)
{
    change->actor = actor;
    change->after = dir->attr.change;
    vfs_change_tell(dir->vfs.node, change);
}

void mem_tell_added_locked(const struct mem_object *dir, const struct mem_entry *entry,
                           const struct mem_entry *replaced, const void *actor)
{
    if (vfs_watched(dir->vfs.node)) {
        struct vfs_change change = {
            .kind = VFS_CHANGE_ADD,
            .entry = of_entry(entry),
            .replaced = of_entry(replaced),
            .previous = previous_of(dir, entry),
        };

        tell(dir, &change, actor);
    }
    tell_above(dir, actor);
}

void mem_tell_removed_locked(const struct mem_object *dir, const struct mem_entry *entry,
                             const void *actor)
{
    if (vfs_watched(dir->vfs.node)) {
        struct vfs_change change = {.kind = VFS_CHANGE_REMOVE, .entry = of_entry(entry)};

        tell(dir, &change, actor);
    }
    tell_above(dir, actor);
}

void mem_tell_renamed_locked(const struct mem_object *dir, const struct mem_entry *old,
                             const struct mem_entry *entry, const struct mem_entry *replaced,
                             const void *actor)
{
    if (vfs_watched(dir->vfs.node)) {
        struct vfs_change change = {
            .kind = VFS_CHANGE_RENAME,
            .entry = of_entry(entry),
            .old = of_entry(old),
            .replaced = of_entry(replaced),
            .previous = previous_of(dir, entry),
        };

        tell(dir, &change, actor);
    }
    tell_above(dir, actor);
}

void mem_tell_unlinked_locked(const struct mem_object *obj, const void *actor)
{
    if (!vfs_type_is_dir(obj->vfs.type))
        mem_tell_attr_locked(obj, NULL, actor);
    else if (vfs_watched(obj->vfs.node))
        vfs_change_tell_kind(obj->vfs.node, VFS_CHANGE_GONE, actor);
}
