/* SPDX-License-Identifier: Apache-2.0 */
/* What those who watch directories are told (vfs/vfs_change.h).  `actor` is that of the cred. */
#pragma once

#include "backend/mem/mem_internal.h"

/* A change of the entries of `dir`, which has been made completely.  Both the directory and the
 * entries' objects are write-locked, or not visible to other threads.  `replaced`: NULL if none. */
void mem_tell_added_locked(const struct mem_object *dir, const struct mem_entry *entry,
                           const struct mem_entry *replaced, const void *actor);
void mem_tell_removed_locked(const struct mem_object *dir, const struct mem_entry *entry,
                             const void *actor);
void mem_tell_renamed_locked(const struct mem_object *dir, const struct mem_entry *old,
                             const struct mem_entry *entry, const struct mem_entry *replaced,
                             const void *actor);
/* The object has lost a name. */
void mem_tell_unlinked_locked(const struct mem_object *obj, const void *actor);

/* See mem_tell_attr_locked(). */
void mem_tell_attr_watched_locked(const struct mem_object *obj, const struct mem_entry *except,
                                  const void *actor);

/* The object's attributes have changed: tell its own watchers, and those of its names but `except`
 * (NULL: none).  Write-locked. */
static inline void mem_tell_attr_locked(const struct mem_object *obj,
                                        const struct mem_entry *except, const void *actor)
{
    if (vfs_watched(obj->vfs.node) || vfs_children_watched(obj->vfs.fs))
        mem_tell_attr_watched_locked(obj, except, actor);
}
