/* SPDX-License-Identifier: Apache-2.0 */
/* The path of an object, for people. */
#pragma once

#include "backend/local/local_internal.h"

/* vfs_ops.path(), with the object's path descriptor held. */
enum vfs_status local_full_path(struct vfs_object *base, char *buf, size_t size, size_t *len);
