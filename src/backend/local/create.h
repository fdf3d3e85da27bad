/* SPDX-License-Identifier: Apache-2.0 */
/* New entries of directories, and hard links. */
#pragma once

#include "backend/local/local_internal.h"

enum vfs_status local_create_entry(struct vfs_object *base, const struct vfs_cred *cred,
                                   const struct vfs_name *name, struct vfs_create *create,
                                   struct vfs_change_info *info, struct vfs_object **out);
enum vfs_status local_link(struct vfs_object *obj, struct vfs_object *dir,
                           const struct vfs_cred *cred, const struct vfs_name *name,
                           struct vfs_change_info *info);
