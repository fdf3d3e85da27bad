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

enum vfs_status vfs_path_none(struct vfs_object *obj, char *buf, size_t size, size_t *len)
{
    (void)obj, (void)buf, (void)size, (void)len;
    return VFS_NOTSUPP;
}
