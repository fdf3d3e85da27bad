/* SPDX-License-Identifier: Apache-2.0 */
/* Converts errno to vfs_status. */
#pragma once

#include "vfs/vfs.h"

enum vfs_status local_status(int err);

/* The same for what is certainly an error. */
static inline enum vfs_status local_failure(int err)
{
    enum vfs_status status = local_status(err);

    return status == VFS_OK ? VFS_IO : status;
}
