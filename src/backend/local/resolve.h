/* SPDX-License-Identifier: Apache-2.0 */
/* Handles to objects. */
#pragma once

#include "backend/local/local_internal.h"

/* Open a path descriptor of a known object.  As the server. */
enum vfs_status local_resolve_path(struct local_object *obj, int *fd);

enum vfs_status local_resolve(struct vfs *base, const struct vfs_handle *handle,
                              struct vfs_object **out);
