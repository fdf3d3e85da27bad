/* SPDX-License-Identifier: Apache-2.0 */
/* Attribute directories. */
#pragma once

#include "backend/mem/mem_internal.h"

/* Whoever may read or write obj may have changed: obj is write-locked, its attribute directory, if
 * any, is not. */
void mem_attrdir_follow_locked(struct mem_object *obj);
/* Its object is gone: so are the attributes, and the object's reference. */
void mem_attrdir_drop(struct mem_object *attrdir);
/* Is attr one of the named attributes, removed ones too, of that directory? */
bool mem_attrdir_holds(const struct vfs_object *dir, const struct vfs_object *attr);
enum vfs_status mem_openattr(struct vfs_object *vfs, const struct vfs_cred *cred, bool create,
                             struct vfs_object **dir);
