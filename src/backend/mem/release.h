/* SPDX-License-Identifier: Apache-2.0 */
/* Frees an object. */
#pragma once

#include "backend/mem/mem_internal.h"

/* Free the object and all that it holds, whatever its references.  It must have left its shard. */
void mem_object_free(struct mem_object *obj);

/* Remove and free all entries of a directory, without their references: nobody uses the file system
 * any more.  Their objects must exist. */
void mem_dir_clear(struct mem_object *dir);

/* The last reference on the object is gone. */
void mem_release(struct vfs_object *vfs);
