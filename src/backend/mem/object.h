/* SPDX-License-Identifier: Apache-2.0 */
/* Objects: creating them, and finding them by handle. */
#pragma once

#include "backend/mem/mem_internal.h"

/* A new object with these attributes and one reference, and with room for an entry of this name
 * (NULL: without).  Sets size, nlink and file ID itself.  NULL when the account is full, and
 * without memory. */
struct mem_object *mem_object_create(struct mem_fs *fs, const struct vfs_attr *attr,
                                     const struct vfs_name *name);
/* Take a reference.  False if the last one is gone and the object only waits for release() to free
 * it. */
bool mem_object_get_alive(struct mem_object *obj);
enum vfs_status mem_resolve(struct vfs *vfs, const struct vfs_handle *handle,
                            struct vfs_object **out);

/* There are no references left: its handle no longer finds the object. */
void mem_object_withdraw(struct mem_object *obj);
