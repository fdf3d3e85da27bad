/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Encloses system calls that block only if the kernel does not keep the inodes of known objects in
 * memory, as with network file systems.  Elsewhere it costs nothing.
 */
#pragma once

#include "backend/local/local_internal.h"

static inline void local_fetch_begin(const struct local_fs *fs)
{
    if (fs->fetches)
        vfs_blocking_begin(false);
}

static inline void local_fetch_end(const struct local_fs *fs)
{
    if (fs->fetches)
        vfs_blocking_end();
}
