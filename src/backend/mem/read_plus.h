/* SPDX-License-Identifier: Apache-2.0 */
/* Reading files with holes told apart, and finding holes. */
#pragma once

#include "backend/mem/mem_internal.h"

enum vfs_status mem_read_plus(struct vfs_object *vfs, struct vfs_read_plus *io);
enum vfs_status mem_seek(struct vfs_object *vfs, enum vfs_content what, uint64_t offset,
                         uint64_t *found, bool *eof);
