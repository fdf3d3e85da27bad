/* SPDX-License-Identifier: Apache-2.0 */
/* New names: for new objects, and additional ones for existing objects. */
#pragma once

#include "backend/mem/mem_internal.h"

enum vfs_status mem_create_object(struct vfs_object *vfs, const struct vfs_cred *cred,
                                  const struct vfs_name *name, struct vfs_create *create,
                                  struct vfs_change_info *info, struct vfs_object **out);
enum vfs_status mem_link(struct vfs_object *vfs, struct vfs_object *vfs_dir,
                         const struct vfs_cred *cred, const struct vfs_name *name,
                         struct vfs_change_info *info);
enum vfs_status mem_may_link(struct vfs_object *vfs, struct vfs_object *vfs_dir,
                             const struct vfs_cred *cred);
