/* SPDX-License-Identifier: Apache-2.0 */
/* The end of an object. */
#pragma once

#include "backend/mem/mem_internal.h"

/* Free it and what it holds, whatever its references; it must have left its shard. */
void mem_object_free(struct mem_object *obj);

/* Its last reference is gone. */
void mem_release(struct vfs_object *vfs);
