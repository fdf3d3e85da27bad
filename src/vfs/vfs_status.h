/* SPDX-License-Identifier: Apache-2.0 */
/* How a call of a backend ended. */
#pragma once

/* The values are outside the ranges of errno and nfsstat4, so a mix-up is noticed at once. */
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
    VFS_BADHANDLE,  /* the object is gone for good */
    VFS_BAD_COOKIE, /* readdir */
    VFS_NOTSUPP,
    VFS_TOOSMALL,
    VFS_BADNAME,     /* these bytes were never a handle of ours */
    VFS_SYMLINK,     /* wanted a file, found a symlink */
    VFS_WRONG_TYPE,  /* wanted a file, found a device, socket, ... */
    VFS_DELAY,       /* try again later */
    VFS_CHANGED,     /* the name belongs to another object than the caller expects: look it up
                     * again */
    VFS_NOXATTR,     /* no extended attribute of that name */
    VFS_XATTR2BIG,   /* larger than an extended attribute can be here */
    VFS_ATTRNOTSUPP, /* an attribute cannot have this value here */
    VFS_BADLABEL,    /* not a security label of the system below */
    VFS_SERVERFAULT,
};

/* A status that may_setattr() and similar functions report; VFS_OK for all others. */
static inline enum vfs_status vfs_refusal(enum vfs_status status)
{
    return status == VFS_ACCESS || status == VFS_PERM || status == VFS_ROFS ? status : VFS_OK;
}
