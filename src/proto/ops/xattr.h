/* SPDX-License-Identifier: Apache-2.0 */
/* Extended attributes (RFC 8276). */
#pragma once

#include "vfs/vfs.h"

/* Can objects of this type have extended attributes in this file system at all?  Named attributes
 * and their directories cannot. */
static inline bool xattr_possible(const struct vfs_object *obj)
{
    return (obj->fs->caps & VFS_CAP_XATTR) && obj->type != VFS_ATTRDIR &&
           obj->type != VFS_NAMEDATTR;
}
