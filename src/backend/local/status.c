/* SPDX-License-Identifier: Apache-2.0 */
/* Converts errno to vfs_status. */
#include "backend/local/status.h"

#include <errno.h>

enum vfs_status local_status(int err)
{
    switch (err) {
    case 0:
        return VFS_OK;
    case EPERM:
        return VFS_PERM;
    case ENOENT:
        return VFS_NOENT;
    case ENXIO:
    case ENODEV:
        return VFS_NXIO;
    case EACCES:
    case ETXTBSY:
    case EBUSY: /* a mount point or the root: a retry would not help */
        return VFS_ACCESS;
    case EEXIST:
        return VFS_EXIST;
    case EXDEV:
        return VFS_XDEV;
    case ENOTDIR:
        return VFS_NOTDIR;
    case EISDIR:
        return VFS_ISDIR;
    case EINVAL:
        return VFS_INVAL;
    case EFBIG:
    case EOVERFLOW:
        return VFS_FBIG;
    case ENOSPC:
        return VFS_NOSPC;
    case EROFS:
        return VFS_ROFS;
    case EMLINK:
        return VFS_MLINK;
    case ENAMETOOLONG:
        return VFS_NAMETOOLONG;
    case ENOTEMPTY:
        return VFS_NOTEMPTY;
    case EDQUOT:
        return VFS_DQUOT;
    case ESTALE:
        return VFS_STALE;
    case EOPNOTSUPP:
    case ENOSYS:
        return VFS_NOTSUPP;
    case EILSEQ:
        return VFS_BADNAME;
    case ELOOP:
        return VFS_SYMLINK;
    case EMFILE:
    case ENFILE:
    case ENOMEM:
    case EAGAIN:
    case EINTR:
    case ETIMEDOUT:
        return VFS_DELAY;
    default:
        return VFS_IO;
    }
}
