/* SPDX-License-Identifier: Apache-2.0 */
/* The two files of a copy or a clone, which may be one. */
#pragma once

#include "backend/mem/mem_internal.h"

/* VFS_OK if both have data, else the status that open() has for the type. */
enum vfs_status mem_pair_check(const struct vfs_object *from, const struct vfs_object *to);

/* Lock the source for reading and the target for writing. */
void mem_pair_lock(struct mem_object *from, struct mem_object *to);
/* After that.  `read`: the source was read. */
void mem_pair_unlock(struct mem_object *from, struct mem_object *to, bool read);
