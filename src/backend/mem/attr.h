/* SPDX-License-Identifier: Apache-2.0 */
/* Attributes: reading them, and changing them as part of other operations. */
#pragma once

#include "backend/mem/mem_internal.h"

/* The object's attributes or names changed (ctime), or its data or entries (mtime, too).
 * Write-locked. */
void mem_changed_locked(struct mem_object *obj, struct timespec now);
void mem_modified_locked(struct mem_object *obj, struct timespec now);
/* The object was read while atime_due was set.  Not locked.  Most reads read no clock and take no
 * write lock. */
void mem_accessed(struct mem_object *obj);
enum vfs_status mem_getattr(struct vfs_object *vfs, uint32_t mask, struct vfs_attr *out);
enum vfs_status mem_touch(struct vfs_object *vfs);
enum vfs_status mem_access(struct vfs_object *vfs, const struct vfs_cred *cred, uint32_t want,
                           uint32_t *granted);

/* The attributes that setattr and create can set. */
#define MEM_ATTR_SETTABLE                                                                          \
    (VFS_ATTR_MODE | VFS_ATTR_UID | VFS_ATTR_GID | VFS_ATTR_SIZE | VFS_ATTR_ATIME |                \
     VFS_ATTR_MTIME | VFS_ATTR_BTIME | VFS_ATTR_ATIME_NOW | VFS_ATTR_MTIME_NOW | VFS_ATTR_ACL |    \
     VFS_ATTR_MODE_HIGH | VFS_ATTR_LABEL)

/* Copy the owner and the times of `set` into `attr`, and set the mode to `mode`. */
void mem_attr_apply(struct vfs_attr *attr, const struct vfs_attr *set, uint32_t mode,
                    struct timespec now);
