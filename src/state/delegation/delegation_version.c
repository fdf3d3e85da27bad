/* SPDX-License-Identifier: Apache-2.0 */
#include "state/delegation/delegation_version.h"

bool delegation_version_read(struct vfs_object *obj, struct delegation_version *out)
{
    struct vfs_attr attr;

    if (obj->fs->ops->getattr(obj, VFS_ATTR_CHANGE | VFS_ATTR_SIZE | VFS_ATTR_FRESH, &attr) !=
        VFS_OK)
        return false;
    *out = (struct delegation_version){attr.change, attr.size};
    return true;
}

bool delegation_version_touch(struct vfs_object *obj)
{
    return obj->fs->ops->touch(obj) == VFS_OK;
}
