/* SPDX-License-Identifier: Apache-2.0 */
/* REMOVE. */
#pragma once

#include "backend/mem/mem_internal.h"

enum vfs_status mem_remove(struct vfs_object *vfs, const struct vfs_cred *cred,
                           const struct vfs_name *name, struct vfs_change_info *info);
enum vfs_status mem_may_remove(struct vfs_object *vfs, const struct vfs_cred *cred,
                               const struct vfs_name *name);
/* That name of an object was removed; both are locked.  A directory is removed by that. */
void mem_unlinked_locked(struct mem_object *dir, struct mem_entry *entry, struct timespec now);
