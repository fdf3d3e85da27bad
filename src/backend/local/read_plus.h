/* SPDX-License-Identifier: Apache-2.0 */
/* Reading regular files with holes told apart. */
#pragma once

#include "backend/local/local_internal.h"

enum vfs_status local_read_plus(struct vfs_object *base, struct vfs_read_plus *io);
