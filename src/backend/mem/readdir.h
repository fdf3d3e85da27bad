/* SPDX-License-Identifier: Apache-2.0 */
/* READDIR. */
#pragma once

#include "backend/mem/mem_internal.h"

enum vfs_status mem_readdir(struct vfs_object *vfs, const struct vfs_cred *cred,
                            struct vfs_readdir *rd);
