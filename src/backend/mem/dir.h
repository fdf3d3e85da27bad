/* SPDX-License-Identifier: Apache-2.0 */
/* Directories: their entries, and their locks. */
#pragma once

#include "backend/mem/mem_internal.h"

/* Lock a directory for writing.  If it is an attribute directory, lock its object first.  False:
 * that object is gone, and nothing is locked. */
bool mem_dir_lock(struct mem_object *dir);
void mem_dir_unlock(struct mem_object *dir);
/* The entries have changed.  Locked by mem_dir_lock(), unless it is no attribute directory. */
void mem_dir_modified_locked(struct mem_object *dir, struct timespec now);
/* mem_dir_lock(), and check that names may be looked up and created in it: VFS_NOTDIR, VFS_STALE if
 * it was removed, VFS_ACCESS.  Not locked unless VFS_OK. */
enum vfs_status mem_dir_lock_search(struct mem_object *dir, const struct vfs_cred *cred);
/* May a directory (or else any other object) be created in it? */
bool mem_dir_may_add_locked(const struct mem_object *dir, const struct vfs_cred *cred,
                            bool directory);
struct mem_entry *mem_dir_lookup_locked(const struct mem_object *dir, const struct vfs_name *name);
/* A new entry that is in no directory yet.  It takes a reference on obj.  NULL when the account is
 * full (never with `force`), and without memory. */
struct mem_entry *mem_entry_create(struct mem_object *obj, const struct vfs_name *name, bool force);
/* Free the memory of an entry that nobody uses, while its object exists. */
void mem_entry_free(struct mem_entry *entry);
/* Put an entry; NULL is allowed.  No object may be locked, unless the entry's object has another
 * holder. */
void mem_entry_put(struct mem_entry *entry);
/* Insert an entry.  False when the account is full (never with `force`), and without memory.
 * Leaves the attributes of dir and object as they are. */
bool mem_dir_insert_locked(struct mem_object *dir, struct mem_entry *entry, bool force);
/* It is a name of its object from now on, in `dir`; the object is locked, or not visible to other
 * threads. */
void mem_entry_names_locked(struct mem_entry *entry, struct mem_object *dir);
/* Remove an entry.  The caller gets the directory's reference on it. */
void mem_dir_take_locked(struct mem_object *dir, struct mem_entry *entry);
enum vfs_status mem_lookup(struct vfs_object *vfs, const struct vfs_cred *cred,
                           const struct vfs_name *name, struct vfs_object **out);
enum vfs_status mem_parent(struct vfs_object *vfs, const struct vfs_cred *cred,
                           struct vfs_object **out);
