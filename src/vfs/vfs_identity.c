/* SPDX-License-Identifier: Apache-2.0 */
#include "vfs/vfs_identity.h"

const struct vfs_identity_hooks *_Atomic vfs_identity_hooks;
