/* SPDX-License-Identifier: Apache-2.0 */
/* Extended attributes (RFC 8276): those of the name space user.* of the kernel. */
#pragma once

#include "backend/local/local_internal.h"

/* Has this file system user.*? */
bool local_xattr_supported(const struct local_fs *fs);

enum vfs_status local_getxattr(struct vfs_object *base, const struct vfs_cred *cred,
                               const struct vfs_xattr_name *name, void *buf, uint32_t size,
                               uint32_t *len);
enum vfs_status local_setxattr(struct vfs_object *base, const struct vfs_cred *cred,
                               const struct vfs_xattr_name *name, enum vfs_setxattr how,
                               const void *value, uint32_t len, struct vfs_change_info *info);
enum vfs_status local_listxattrs(struct vfs_object *base, const struct vfs_cred *cred,
                                 struct vfs_listxattrs *list);
enum vfs_status local_removexattr(struct vfs_object *base, const struct vfs_cred *cred,
                                  const struct vfs_xattr_name *name, struct vfs_change_info *info);
