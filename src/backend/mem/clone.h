/* SPDX-License-Identifier: Apache-2.0 */
/* Clones: files that share blocks until one of them changes. */
#pragma once

#include "backend/mem/mem_internal.h"

enum vfs_status mem_clone(struct vfs_object *from, uint64_t from_offset, struct vfs_object *to,
                          uint64_t to_offset, uint64_t length, const struct vfs_cred *cred);
