/* SPDX-License-Identifier: Apache-2.0 */
#include "vfs/vfs.h"

struct vfs_blocking_hooks vfs_blocking_hooks;
void (*_Atomic vfs_own_identity_hook)(void);

static const char *const names[] = {
    "PERM",        "NOENT",    "IO",      "NXIO",       "ACCESS",    "EXIST",       "XDEV",
    "NOTDIR",      "ISDIR",    "INVAL",   "FBIG",       "NOSPC",     "ROFS",        "MLINK",
    "NAMETOOLONG", "NOTEMPTY", "DQUOT",   "STALE",      "BADHANDLE", "BAD_COOKIE",  "NOTSUPP",
    "TOOSMALL",    "BADNAME",  "SYMLINK", "WRONG_TYPE", "DELAY",     "SERVERFAULT",
};

_Static_assert(ARRAY_SIZE(names) == VFS_SERVERFAULT - VFS_PERM + 1, "a name for each status");

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

const char *vfs_status_name(enum vfs_status status)
{
    if (status == VFS_OK)
        return "OK";
    if (status < VFS_PERM || status > VFS_SERVERFAULT)
        return "?";
    return names[status - VFS_PERM];
}
