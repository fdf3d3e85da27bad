/* SPDX-License-Identifier: Apache-2.0 */
/* READDIR. */
#pragma once

#include "backend/local/local_internal.h"

enum vfs_status local_readdir(struct vfs_object *base, const struct vfs_cred *cred,
                              struct vfs_readdir *rd);
