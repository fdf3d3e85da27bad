/* SPDX-License-Identifier: Apache-2.0 */
/* vfs_ops.may_setattr and similar functions: would the kernel refuse an operation? */
#pragma once

#include "backend/local/local_internal.h"

enum vfs_status local_may_setattr(struct vfs_object *base, const struct vfs_cred *cred,
                                  const struct vfs_attr *set, bool opened);
enum vfs_status local_may_remove(struct vfs_object *base, const struct vfs_cred *cred,
                                 const struct vfs_name *name);
enum vfs_status local_may_link(struct vfs_object *obj, struct vfs_object *base,
                               const struct vfs_cred *cred);
