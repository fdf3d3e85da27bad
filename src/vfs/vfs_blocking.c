/* SPDX-License-Identifier: Apache-2.0 */
#include "vfs/vfs_blocking.h"

struct vfs_blocking_hooks vfs_blocking_hooks;
