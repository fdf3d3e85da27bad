/* SPDX-License-Identifier: Apache-2.0 */
/* Directories: their entries, and their locks. */
#pragma once

#include "backend/mem/mem_internal.h"

/* Lock a directory for writing; an attribute directory's object is locked, too, before it.  False:
 * that object is gone, nothing is locked. */
bool mem_dir_lock(struct mem_object *dir);
void mem_dir_unlock(struct mem_object *dir);
/* Its entries changed; locked by mem_dir_lock(), or no attribute directory. */
void mem_dir_modified_locked(struct mem_object *dir, struct timespec now);
/* mem_dir_lock(), and check that names may be looked up and made in it: NOTDIR, STALE when it is
 * removed, ACCESS.  Unlocked unless OK. */
enum vfs_status mem_dir_lock_search(struct mem_object *dir, const struct vfs_cred *cred);
/* May names of directories, or of anything else, be made in it? */
bool mem_dir_may_add_locked(const struct mem_object *dir, const struct vfs_cred *cred,
                            bool directory);
struct mem_entry *mem_dir_find_locked(const struct mem_object *dir, const struct vfs_name *name);
/* A new entry, in no directory yet; it takes a reference of obj.  NULL when the account is full;
 * with `force` never. */
struct mem_entry *mem_entry_create(struct mem_object *obj, const struct vfs_name *name, bool force);
/* Let go of an entry, or of NULL.  No object may be locked unless the entry's has another
 * holder. */
void mem_entry_put(struct mem_entry *entry);
/* Put an entry in; false when the account is full (not with `force`), and without memory.
 * Attributes of dir and object stay. */
bool mem_dir_insert_locked(struct mem_object *dir, struct mem_entry *entry, bool force);
/* Take an entry out; the caller then owns the directory's reference of it. */
void mem_dir_take_locked(struct mem_object *dir, struct mem_entry *entry);
enum vfs_status mem_lookup(struct vfs_object *vfs, const struct vfs_cred *cred,
                           const struct vfs_name *name, struct vfs_object **out);
enum vfs_status mem_parent(struct vfs_object *vfs, const struct vfs_cred *cred,
                           struct vfs_object **out);
