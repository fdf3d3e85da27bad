/* SPDX-License-Identifier: Apache-2.0 */
/* The extents of files on disk, and which of them are shared. */
#pragma once

#include "backend/local/local_internal.h"

enum vfs_status local_space_freed(struct vfs_object *base, uint64_t *bytes);
