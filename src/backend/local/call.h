/* SPDX-License-Identifier: Apache-2.0 */
/* The vfs_ops functions that need path descriptors: each calls local_X() with its arguments' paths
 * held. */
#pragma once

#include "backend/local/local_internal.h"

enum vfs_status local_call_statfs(struct vfs_object *obj, struct vfs_statfs *out);
enum vfs_status local_call_getattr(struct vfs_object *obj, uint32_t mask, struct vfs_attr *out);
enum vfs_status local_call_setattr(struct vfs_object *obj, const struct vfs_cred *cred,
                                   const struct vfs_attr *set, bool opened, uint32_t *applied);
enum vfs_status local_call_getlabel(struct vfs_object *obj, const struct vfs_cred *cred,
                                    uint8_t *data, uint32_t *len);
enum vfs_status local_call_touch(struct vfs_object *obj);
enum vfs_status local_call_access(struct vfs_object *obj, const struct vfs_cred *cred,
                                  uint32_t want, uint32_t *granted);
enum vfs_status local_call_getacl(struct vfs_object *obj, const struct vfs_cred *cred,
                                  struct vfs_acl *out);
enum vfs_status local_call_lookup(struct vfs_object *dir, const struct vfs_cred *cred,
                                  const struct vfs_name *name, struct vfs_object **out);
enum vfs_status local_call_parent(struct vfs_object *dir, const struct vfs_cred *cred,
                                  struct vfs_object **out);
enum vfs_status local_call_create(struct vfs_object *dir, const struct vfs_cred *cred,
                                  const struct vfs_name *name, struct vfs_create *create,
                                  struct vfs_change_info *info, struct vfs_object **out);
enum vfs_status local_call_readlink(struct vfs_object *obj, const struct vfs_cred *cred, char *buf,
                                    uint32_t size, uint32_t *len);
enum vfs_status local_call_readdir(struct vfs_object *dir, const struct vfs_cred *cred,
                                   struct vfs_readdir *rd);
enum vfs_status local_call_remove(struct vfs_object *dir, const struct vfs_cred *cred,
                                  const struct vfs_name *name, struct vfs_change_info *info);
enum vfs_status local_call_rename(struct vfs_object *from_dir, const struct vfs_name *from,
                                  struct vfs_object *to_dir, const struct vfs_name *to,
                                  const struct vfs_cred *cred, struct vfs_change_info *from_info,
                                  struct vfs_change_info *to_info);
enum vfs_status local_call_link(struct vfs_object *obj, struct vfs_object *dir,
                                const struct vfs_cred *cred, const struct vfs_name *name,
                                struct vfs_change_info *info);
enum vfs_status local_call_getxattr(struct vfs_object *obj, const struct vfs_cred *cred,
                                    const struct vfs_xattr_name *name, void *buf, uint32_t size,
                                    uint32_t *len);
enum vfs_status local_call_setxattr(struct vfs_object *obj, const struct vfs_cred *cred,
                                    const struct vfs_xattr_name *name, enum vfs_setxattr how,
                                    const void *value, uint32_t len, struct vfs_change_info *info);
enum vfs_status local_call_listxattrs(struct vfs_object *obj, const struct vfs_cred *cred,
                                      struct vfs_listxattrs *list);
enum vfs_status local_call_removexattr(struct vfs_object *obj, const struct vfs_cred *cred,
                                       const struct vfs_xattr_name *name,
                                       struct vfs_change_info *info);
enum vfs_status local_call_path(struct vfs_object *obj, char *buf, size_t size, size_t *len);
enum vfs_status local_call_open(struct vfs_object *obj, const struct vfs_cred *cred,
                                enum vfs_open_want want, bool created);
