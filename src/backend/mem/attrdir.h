/* SPDX-License-Identifier: Apache-2.0 */
/* Attribute directories. */
#pragma once

#include "backend/mem/mem_internal.h"

/* The access rights of obj may have changed: adapt its attribute directory, if there is one.  obj
 * is write-locked, the directory is not. */
void mem_attrdir_follow_locked(struct mem_object *obj, const void *actor);
/* The object is being freed: remove its attributes, and the reference on the directory. */
void mem_attrdir_drop(struct mem_object *attrdir);
/* Is attr one of the named attributes of that directory, or was it one? */
bool mem_attrdir_holds(const struct vfs_object *dir, const struct vfs_object *attr);
enum vfs_status mem_openattr(struct vfs_object *vfs, const struct vfs_cred *cred, bool create,
                             struct vfs_object **dir);
