/* SPDX-License-Identifier: Apache-2.0 */
/* Copies between any two files, of one backend or of two. */
#pragma once

#include <stdint.h>

#include "vfs/vfs_identity.h"
#include "vfs/vfs_object.h"

/* vfs_ops.copy(), whose contract it has, for all files: where the backends cannot copy, it reads
 * and writes.  Does no more than LIMIT_COPY_BYTES of data in one call.  Checks no permission: the
 * caller has open() of `from` for reading, and of `to` for writing.  What it writes is not on disk
 * until commit().  VFS_DELAY: no memory.  May enter blocking sections. */
enum vfs_status vfs_copy(struct vfs_object *from, uint64_t from_offset, struct vfs_object *to,
                         uint64_t to_offset, uint64_t length, const struct vfs_cred *cred,
                         uint64_t *copied);

/* The same, always by reading and writing. */
enum vfs_status vfs_copy_by_hand(struct vfs_object *from, uint64_t from_offset,
                                 struct vfs_object *to, uint64_t to_offset, uint64_t length,
                                 const struct vfs_cred *cred, uint64_t *copied);
