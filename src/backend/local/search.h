/* SPDX-License-Identifier: Apache-2.0 */
/* Objects by the map, where they cannot be opened by handle. */
#pragma once

#include "backend/local/local_internal.h"

/* A path descriptor of what stands where the map says.  VFS_STALE: nothing does.  As the server. */
enum vfs_status local_search(struct local_fs *fs, const struct local_id *id, int *fd);
