/* SPDX-License-Identifier: Apache-2.0 */
/* The name of a vfs_status, for messages of tests. */
#pragma once

#include "vfs/vfs_status.h"

static inline const char *vfs_status_name(enum vfs_status status)
{
    static const char *const names[] = {
        "PERM",       "NOENT",       "IO",          "NXIO",     "ACCESS",    "EXIST",
        "XDEV",       "NOTDIR",      "ISDIR",       "INVAL",    "FBIG",      "NOSPC",
        "ROFS",       "MLINK",       "NAMETOOLONG", "NOTEMPTY", "DQUOT",     "STALE",
        "BADHANDLE",  "BAD_COOKIE",  "NOTSUPP",     "TOOSMALL", "BADNAME",   "SYMLINK",
        "WRONG_TYPE", "DELAY",       "CHANGED",     "NOXATTR",  "XATTR2BIG", "ATTRNOTSUPP",
        "BADLABEL",   "SERVERFAULT",
    };

    _Static_assert(ARRAY_SIZE(names) == VFS_SERVERFAULT - VFS_PERM + 1, "a name for each status");
    if (status == VFS_OK)
        return "OK";
    if (status < VFS_PERM || status > VFS_SERVERFAULT)
        return "?";
    return names[status - VFS_PERM];
}
