/* SPDX-License-Identifier: Apache-2.0 */
/* Clones, where the file system can share blocks (btrfs, XFS). */
#pragma once

#include "backend/local/local_internal.h"

/* What clone() aligns to in this file system; 0: it can't. */
uint32_t local_clone_blksize(const struct local_fs *fs);

enum vfs_status local_clone(struct vfs_object *from, uint64_t from_offset, struct vfs_object *to,
                            uint64_t to_offset, uint64_t length, const struct vfs_cred *cred);
