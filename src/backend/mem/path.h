/* SPDX-License-Identifier: Apache-2.0 */
/* The path of an object. */
#pragma once

#include "backend/mem/mem_internal.h"

enum vfs_status mem_path(struct vfs_object *vfs, char *buf, size_t size, size_t *len);
