/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Around system calls that block only where the kernel does not keep the inodes of known objects,
 * as with a network's file system: elsewhere they cost nothing more.
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
