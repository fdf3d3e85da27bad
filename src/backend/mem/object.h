/* SPDX-License-Identifier: Apache-2.0 */
/* Objects: made, and found by their handle. */
#pragma once

#include "backend/mem/mem_internal.h"

/* A new object with these attributes and one reference, for the caller; size, nlink and file id
 * are the callee's.  NULL when the account is full. */
struct mem_object *mem_object_create(struct mem_fs *fs, const struct vfs_attr *attr);
/* A reference, unless the last one is gone and it waits only for release() to free it. */
bool mem_object_get_alive(struct mem_object *obj);
enum vfs_status mem_resolve(struct vfs *vfs, const struct vfs_handle *handle,
                            struct vfs_object **out);

/* Nobody refers to it any more: its handle finds it no longer. */
void mem_object_withdraw(struct mem_object *obj);
