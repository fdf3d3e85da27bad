/* SPDX-License-Identifier: Apache-2.0 */
/* GETATTR, and the attributes of the file system. */
#pragma once

#include "backend/local/local_internal.h"

enum vfs_status local_getattr(struct vfs_object *base, uint32_t mask, struct vfs_attr *out);
enum vfs_status local_statfs(struct vfs_object *base, struct vfs_statfs *out);
