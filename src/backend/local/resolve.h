/* SPDX-License-Identifier: Apache-2.0 */
/* Handles to objects. */
#pragma once

#include "backend/local/path.h"

/* Slow path of local_path_get(): find the object again. */
enum vfs_status local_resolve_again(struct local_object *obj);

/* Hold obj->path_fd until local_path_put().  VFS_DELAY: no descriptor is available.  VFS_STALE: the
 * object is gone, or cannot be found. */
static inline enum vfs_status local_path_get(struct local_object *obj)
{
    uint32_t before = atomic_fetch_add_explicit(&obj->path_users, 1, memory_order_acquire);

    return before & LOCAL_PATH_GONE ? local_resolve_again(obj) : VFS_OK;
}

enum vfs_status local_resolve(struct vfs *base, const struct vfs_handle *handle,
                              struct vfs_object **out);
