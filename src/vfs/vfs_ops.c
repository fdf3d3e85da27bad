/* SPDX-License-Identifier: Apache-2.0 */
#include "vfs/vfs_ops.h"

enum vfs_status vfs_persist_none(struct vfs *fs, struct vfs_object *const *objects, uint32_t count)
{
    (void)fs, (void)objects, (void)count;
    return VFS_OK;
}

enum vfs_status vfs_openattr_none(struct vfs_object *obj, const struct vfs_cred *cred, bool create,
                                  struct vfs_object **dir)
{
    (void)obj, (void)cred, (void)create, (void)dir;
    return VFS_NOTSUPP;
}

enum vfs_status vfs_getacl_none(struct vfs_object *obj, const struct vfs_cred *cred,
                                struct vfs_acl *out)
{
    (void)obj, (void)cred, (void)out;
    return VFS_NOTSUPP;
}

enum vfs_status vfs_getlabel_none(struct vfs_object *obj, const struct vfs_cred *cred,
                                  uint8_t *data, uint32_t *len)
{
    (void)obj, (void)cred, (void)data, (void)len;
    return VFS_NOTSUPP;
}

enum vfs_status vfs_path_none(struct vfs_object *obj, char *buf, size_t size, size_t *len)
{
    (void)obj, (void)buf, (void)size, (void)len;
    return VFS_NOTSUPP;
}

enum vfs_status vfs_space_none(struct vfs_object *obj, const struct vfs_cred *cred, uint64_t offset,
                               uint64_t length)
{
    (void)obj, (void)cred, (void)offset, (void)length;
    return VFS_NOTSUPP;
}

enum vfs_status vfs_seek_none(struct vfs_object *obj, enum vfs_content what, uint64_t offset,
                              uint64_t *found, bool *eof)
{
    (void)obj, (void)what, (void)offset, (void)found, (void)eof;
    return VFS_NOTSUPP;
}

enum vfs_status vfs_space_freed_none(struct vfs_object *obj, uint64_t *bytes)
{
    (void)obj, (void)bytes;
    return VFS_NOTSUPP;
}

enum vfs_status vfs_read_plus_none(struct vfs_object *obj, struct vfs_read_plus *io)
{
    (void)obj, (void)io;
    return VFS_NOTSUPP;
}

enum vfs_status vfs_advise_none(struct vfs_object *obj, uint64_t offset, uint64_t length,
                                uint32_t advice, uint32_t *taken)
{
    (void)obj, (void)offset, (void)length, (void)advice;
    *taken = 0;
    return VFS_OK;
}

enum vfs_status vfs_clone_none(struct vfs_object *from, uint64_t from_offset, struct vfs_object *to,
                               uint64_t to_offset, uint64_t length, const struct vfs_cred *cred)
{
    (void)from, (void)from_offset, (void)to, (void)to_offset, (void)length, (void)cred;
    return VFS_NOTSUPP;
}

enum vfs_status vfs_copy_none(struct vfs_object *from, uint64_t from_offset, struct vfs_object *to,
                              uint64_t to_offset, uint64_t length, const struct vfs_cred *cred,
                              uint64_t *copied)
{
    (void)from, (void)from_offset, (void)to, (void)to_offset, (void)length, (void)cred;
    (void)copied;
    return VFS_NOTSUPP;
}

enum vfs_status vfs_getxattr_none(struct vfs_object *obj, const struct vfs_cred *cred,
                                  const struct vfs_xattr_name *name, void *buf, uint32_t size,
                                  uint32_t *len)
{
    (void)obj, (void)cred, (void)name, (void)buf, (void)size, (void)len;
    return VFS_NOTSUPP;
}

enum vfs_status vfs_setxattr_none(struct vfs_object *obj, const struct vfs_cred *cred,
                                  const struct vfs_xattr_name *name, enum vfs_setxattr how,
                                  const void *value, uint32_t len, struct vfs_change_info *info)
{
    (void)obj, (void)cred, (void)name, (void)how, (void)value, (void)len, (void)info;
    return VFS_NOTSUPP;
}

enum vfs_status vfs_listxattrs_none(struct vfs_object *obj, const struct vfs_cred *cred,
                                    struct vfs_listxattrs *list)
{
    (void)obj, (void)cred, (void)list;
    return VFS_NOTSUPP;
}

enum vfs_status vfs_removexattr_none(struct vfs_object *obj, const struct vfs_cred *cred,
                                     const struct vfs_xattr_name *name,
                                     struct vfs_change_info *info)
{
    (void)obj, (void)cred, (void)name, (void)info;
    return VFS_NOTSUPP;
}
