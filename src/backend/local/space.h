/* SPDX-License-Identifier: Apache-2.0 */
/* The space of regular files: reserve it, free it, and find holes. */
#pragma once

#include "backend/local/local_internal.h"

enum vfs_status local_allocate(struct vfs_object *base, const struct vfs_cred *cred,
                               uint64_t offset, uint64_t length);
enum vfs_status local_deallocate(struct vfs_object *base, const struct vfs_cred *cred,
                                 uint64_t offset, uint64_t length);
enum vfs_status local_seek(struct vfs_object *base, enum vfs_content what, uint64_t offset,
                           uint64_t *found, bool *eof);
