/* SPDX-License-Identifier: Apache-2.0 */
/* Reserving the space of files, freeing it, and what would be freed. */
#pragma once

#include "backend/mem/mem_internal.h"

enum vfs_status mem_allocate(struct vfs_object *vfs, const struct vfs_cred *cred, uint64_t offset,
                             uint64_t length);
enum vfs_status mem_deallocate(struct vfs_object *vfs, const struct vfs_cred *cred, uint64_t offset,
                               uint64_t length);
enum vfs_status mem_space_freed(struct vfs_object *vfs, uint64_t *bytes);
