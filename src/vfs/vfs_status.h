/* SPDX-License-Identifier: Apache-2.0 */
/* How a call of a backend ended. */
#pragma once

/* Values stand outside errno's range and nfsstat4's, so a mix-up shows at once. */
enum vfs_status {
    VFS_OK = 0,
    VFS_PERM = 0x10001, /* not owner */
    VFS_NOENT,
    VFS_IO,
    VFS_NXIO,
    VFS_ACCESS,
    VFS_EXIST,
    VFS_XDEV,
    VFS_NOTDIR,
    VFS_ISDIR,
    VFS_INVAL,
    VFS_FBIG,
    VFS_NOSPC,
    VFS_ROFS,
    VFS_MLINK,
    VFS_NAMETOOLONG,
    VFS_NOTEMPTY,
    VFS_DQUOT,
    VFS_STALE,      /* the object is gone for good */
    VFS_BADHANDLE,  /* these bytes never were a handle of ours */
    VFS_BAD_COOKIE, /* readdir */
    VFS_NOTSUPP,
    VFS_TOOSMALL,
    VFS_BADNAME,    /* the backend can't store such a name */
    VFS_SYMLINK,    /* wanted a file, found a symlink */
    VFS_WRONG_TYPE, /* wanted a file, found a device, socket, ... */
    VFS_DELAY,      /* try again later */
    VFS_CHANGED,    /* another object has that name than the caller expects: look again */
    VFS_SERVERFAULT,
};

/* A refusal that may_setattr() and the like tell, or VFS_OK for all else. */
static inline enum vfs_status vfs_refusal(enum vfs_status status)
{
    return status == VFS_ACCESS || status == VFS_PERM || status == VFS_ROFS ? status : VFS_OK;
}
