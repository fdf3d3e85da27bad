/* SPDX-License-Identifier: Apache-2.0 */
/* Finds objects by the map, where they cannot be opened by handle. */
#pragma once

#include "backend/local/local_internal.h"

/* A path descriptor of the object `id`, at a place that the map has for it.  VFS_STALE: it is at
 * none of them.  To be called as the server. */
enum vfs_status local_search(struct local_fs *fs, const struct local_id *id, int *fd);
