/* SPDX-License-Identifier: Apache-2.0 */
/* Copies within a file system in memory, and from one to another. */
#pragma once

#include "backend/mem/mem_internal.h"

enum vfs_status mem_copy(struct vfs_object *from, uint64_t from_offset, struct vfs_object *to,
                         uint64_t to_offset, uint64_t length, const struct vfs_cred *cred,
                         uint64_t *copied);
