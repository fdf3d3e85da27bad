/* SPDX-License-Identifier: Apache-2.0 */
/* RENAME. */
#pragma once

#include "backend/mem/mem_internal.h"

enum vfs_status mem_rename(struct vfs_object *from_dir, const struct vfs_name *from,
                           struct vfs_object *to_dir, const struct vfs_name *to,
                           const struct vfs_cred *cred, struct vfs_change_info *from_info,
                           struct vfs_change_info *to_info);
