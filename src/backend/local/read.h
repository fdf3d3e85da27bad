/* SPDX-License-Identifier: Apache-2.0 */
/* Reading regular files. */
#pragma once

#include "backend/local/local_internal.h"

enum vfs_status local_read(struct vfs_object *base, struct vfs_read *io);
void local_read_done(struct vfs_object *obj, int fd);
