/* SPDX-License-Identifier: Apache-2.0 */
/* SETATTR. */
#pragma once

#include "backend/mem/mem_internal.h"

enum vfs_status mem_setattr(struct vfs_object *vfs, const struct vfs_cred *cred,
                            const struct vfs_attr *set, bool opened, uint32_t *applied);
enum vfs_status mem_may_setattr(struct vfs_object *vfs, const struct vfs_cred *cred,
                                const struct vfs_attr *set, bool opened);
