/* SPDX-License-Identifier: Apache-2.0 */
/* What the larger calls of a backend are given and give back (vfs_ops.h). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "base/limits.h"
#include "vfs/vfs_attr.h"

struct vfs_handle;
struct vfs_object;

struct vfs_name {
    const char
        *data; /* not NUL-terminated; 1..LIMIT_NAME_BYTES bytes, no '/', no NUL, not . or .. */
    size_t len;
    /* For remove() and rename(): the result of an earlier lookup(), NULL for none.  If the name has
     * another object by then, they do nothing and return VFS_CHANGED.  (Only changes through this
     * interface are certain to be noticed.)  create() of a regular file with an expected object
     * makes nothing, either: it opens that object, or returns VFS_CHANGED. */
    bool expects;
    const struct vfs_object *expected;
};

/* Is `obj`, which has the name now, what the caller expects?  NULL: an object without
 * references. */
static inline bool vfs_name_fits(const struct vfs_name *name, const struct vfs_object *obj)
{
    return !name->expects || (obj && obj == name->expected);
}

/* ACCESS bits: the values of ACCESS4_*, and one of our own. */
enum vfs_access {
    VFS_MAY_READ = 0x01,
    VFS_MAY_LOOKUP = 0x02,
    VFS_MAY_MODIFY = 0x04,
    VFS_MAY_EXTEND = 0x08,
    VFS_MAY_DELETE = 0x10,
    VFS_MAY_EXECUTE = 0x20,
    VFS_MAY_XAREAD = 0x40,  /* getxattr() */
    VFS_MAY_XAWRITE = 0x80, /* setxattr(), removexattr() */
    VFS_MAY_XALIST = 0x100,
    VFS_MAY_READ_ATTR = 0x10000, /* our own: getattr's result; only an ACL can deny it */
};

enum vfs_open_want { /* same bits as OPEN4_SHARE_ACCESS_* */
    VFS_WANT_READ = 1,
    VFS_WANT_WRITE = 2,
    VFS_WANT_BOTH = 3,
};

enum vfs_stability { /* same numbers as stable_how4 */
    VFS_UNSTABLE = 0,
    VFS_DATA_SYNC = 1,
    VFS_FILE_SYNC = 2,
};

/* What a client expects to do with a range of a file (vfs_ops.advise): bits. */
enum vfs_advice {
    VFS_ADVICE_WILLNEED = 1u << 0, /* it will use it soon */
    VFS_ADVICE_DONTNEED = 1u << 1, /* it will not */
};

enum vfs_content { /* same numbers as data_content4 */
    VFS_DATA = 0,
    VFS_HOLE = 1,
};

enum vfs_setxattr { /* same numbers as setxattr_option4 */
    VFS_SETXATTR_EITHER = 0,
    VFS_SETXATTR_CREATE = 1,  /* VFS_EXIST if the name exists */
    VFS_SETXATTR_REPLACE = 2, /* VFS_NOXATTR unless it exists */
};

enum vfs_create_mode {
    VFS_CREATE_UNCHECKED, /* an existing regular file is opened unchanged */
    VFS_CREATE_GUARDED,   /* VFS_EXIST if the name exists */
    VFS_CREATE_EXCLUSIVE, /* VFS_EXIST unless the file has this verifier */
};

struct vfs_create {
    enum vfs_type type;
    enum vfs_create_mode mode;   /* REG only; other types behave as GUARDED */
    const struct vfs_attr *attr; /* initial attributes, by its mask (mode, size, times, uid, gid) */
    uint64_t verifier;           /* EXCLUSIVE */
    const char *link_target;     /* LNK: NUL-terminated */
    uint32_t rdev_major, rdev_minor;
    /* set by the backend: */
    bool created;           /* false: it existed already (UNCHECKED, or a retry of EXCLUSIVE) */
    uint32_t attrs_applied; /* the part of attr->mask that took effect */
    struct vfs_attr made;   /* of what was created, as getattr() says then; without a mask: ask */
};

/* Bytes of a file as they were when it was read; who writes to the file meanwhile gets other
 * memory.  Whoever has them may change the pieces, and gives them back by done(), on any thread,
 * without locks.  May block, like release(). */
struct vfs_lent {
    void (*done)(struct vfs_lent *lent);
    struct iovec *pieces;
    uint32_t count; /* at most VFS_LENT_PIECES */
};

#define VFS_LENT_PIECES 1024u /* as many as sendmsg() takes */

/* One READ.  In: offset, len, buf (room for len bytes).  Out: len as read, eof, and either the
 * bytes in buf, or one of these, to be sent without a copy:
 * - fd >= 0: the bytes are at `offset` of that descriptor, which is valid while the caller holds
 *   its reference on the object, until vfs_ops.read_done();
 * - lent: the bytes.
 * A backend may return one of them only with `fd_ok`, and not for 0 bytes. */
struct vfs_read {
    uint64_t offset;
    uint32_t len;
    bool fd_ok;
    bool eof;
    int fd;
    struct vfs_lent *lent; /* NULL: none */
    void *buf;
};

/* Cookies that no backend uses: those of exports that stand in a directory (export_child_next()).
 * The offsets of Linux's file systems are counters, which do not get so far, hashes with less in
 * their upper half, or the end, 2^63 - 1. */
#define VFS_COOKIE_EXPORTS UINT64_C(0x7fffffff00000000)
#define VFS_COOKIE_EXPORTS_COUNT UINT32_C(0x80000000)

struct vfs_dirent {
    struct vfs_name name;
    /* > 2, and not one of VFS_COOKIE_EXPORTS; resumes after this entry; stable while the entry
     * exists. */
    uint64_t cookie;
    uint64_t fileid;
    const struct vfs_attr *attr;     /* if requested; NULL if it could not be read */
    const struct vfs_handle *handle; /* if requested; NULL if it could not be read */
    const struct vfs_acl *acl;       /* the same */
    const struct vfs_label *label;   /* the same */
    bool denied; /* attr or acl is NULL because this entry's ACL denies it to cred */
};

/* `emit` returns false when the reply is full; the entry is then returned again by the next call.
 * `emit` is called without any backend lock that another call needs. */
struct vfs_readdir {
    uint64_t cookie;    /* 0: from the beginning */
    uint32_t attr_mask; /* 0: names and file IDs suffice, no stat() per entry */
    bool want_handle;
    bool want_acl;   /* with VFS_CAP_ACL only */
    bool want_label; /* with VFS_CAP_LABEL only */
    bool (*emit)(void *arg, const struct vfs_dirent *entry);
    void *arg;
    bool eof; /* out */
};

/* The name of an extended attribute: 1 to LIMIT_XATTR_NAME_BYTES bytes without NUL, and not
 * NUL-terminated. */
struct vfs_xattr_name {
    const char *data;
    size_t len;
};

/* Names of extended attributes.  `emit` returns false when the reply is full; the name is then
 * returned again by the next call.  No backend lock that another call needs is held in it. */
struct vfs_listxattrs {
    uint64_t cookie; /* 0: from the beginning */
    bool (*emit)(void *arg, const struct vfs_xattr_name *name, uint64_t cookie);
    void *arg;
    bool eof; /* out */
};
