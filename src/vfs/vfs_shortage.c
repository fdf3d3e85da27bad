/* SPDX-License-Identifier: Apache-2.0 */
#include "vfs/vfs_shortage.h"

struct vfs_shortage_hook vfs_shortage_hook;
