/* SPDX-License-Identifier: Apache-2.0 */
/* Copies by the kernel, within a file system and between those that can. */
#pragma once

#include "backend/local/local_internal.h"

enum vfs_status local_copy(struct vfs_object *from, uint64_t from_offset, struct vfs_object *to,
                           uint64_t to_offset, uint64_t length, const struct vfs_cred *cred,
                           uint64_t *copied);
