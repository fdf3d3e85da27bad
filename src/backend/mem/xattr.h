/* SPDX-License-Identifier: Apache-2.0 */
/* Extended attributes (RFC 8276) of objects of all types. */
#pragma once

#include "backend/mem/mem_internal.h"

enum vfs_status mem_getxattr(struct vfs_object *vfs, const struct vfs_cred *cred,
                             const struct vfs_xattr_name *name, void *buf, uint32_t size,
                             uint32_t *len);
enum vfs_status mem_setxattr(struct vfs_object *vfs, const struct vfs_cred *cred,
                             const struct vfs_xattr_name *name, enum vfs_setxattr how,
                             const void *value, uint32_t len, struct vfs_change_info *info);
enum vfs_status mem_listxattrs(struct vfs_object *vfs, const struct vfs_cred *cred,
                               struct vfs_listxattrs *list);
enum vfs_status mem_removexattr(struct vfs_object *vfs, const struct vfs_cred *cred,
                                const struct vfs_xattr_name *name, struct vfs_change_info *info);

/* Free all of them; the object is being freed. */
void mem_xattrs_drop(struct mem_object *obj);
