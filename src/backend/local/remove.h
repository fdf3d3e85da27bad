/* SPDX-License-Identifier: Apache-2.0 */
/* REMOVE and RENAME. */
#pragma once

#include "backend/local/local_internal.h"

enum vfs_status local_remove(struct vfs_object *base, const struct vfs_cred *cred,
                             const struct vfs_name *name, struct vfs_change_info *info);
enum vfs_status local_rename(struct vfs_object *from_dir, const struct vfs_name *from,
                             struct vfs_object *to_dir, const struct vfs_name *to,
                             const struct vfs_cred *cred, struct vfs_change_info *from_info,
                             struct vfs_change_info *to_info);
