/* SPDX-License-Identifier: Apache-2.0 */
/* Attributes of an object and of a file system, as backends report and set them. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

enum vfs_type { /* same numbers as nfs_ftype4 */
    VFS_REG = 1,
    VFS_DIR = 2,
    VFS_BLK = 3,
    VFS_CHR = 4,
    VFS_LNK = 5,
    VFS_SOCK = 6,
    VFS_FIFO = 7,
    VFS_ATTRDIR = 8,   /* the named attributes of an object, by name */
    VFS_NAMEDATTR = 9, /* one of them */
};

/* What RFC 8881 §5.8.1.2 means by "is a directory" and "is a regular file". */
static inline bool vfs_type_is_dir(enum vfs_type type)
{
    return type == VFS_DIR || type == VFS_ATTRDIR;
}

static inline bool vfs_type_is_file(enum vfs_type type)
{
    return type == VFS_REG || type == VFS_NAMEDATTR;
}

enum vfs_attr_mask {
    VFS_ATTR_TYPE = 1u << 0,
    VFS_ATTR_MODE = 1u << 1,
    VFS_ATTR_NLINK = 1u << 2,
    VFS_ATTR_UID = 1u << 3,
    VFS_ATTR_GID = 1u << 4,
    VFS_ATTR_SIZE = 1u << 5,
    VFS_ATTR_SPACE = 1u << 6,
    VFS_ATTR_RDEV = 1u << 7,
    VFS_ATTR_FILEID = 1u << 8,
    VFS_ATTR_ATIME = 1u << 9,
    VFS_ATTR_MTIME = 1u << 10,
    VFS_ATTR_CTIME = 1u << 11,
    VFS_ATTR_BTIME = 1u << 12,
    VFS_ATTR_CHANGE = 1u << 13,
    VFS_ATTR_NAMED_ATTR = 1u << 14,
    VFS_ATTR_ATIME_NOW = 1u << 16, /* set only: the server's clock */
    VFS_ATTR_MTIME_NOW = 1u << 17,
    VFS_ATTR_ACL = 1u << 18,       /* set only, with VFS_CAP_ACL; read by getacl() */
    VFS_ATTR_MODE_HIGH = 1u << 19, /* set only, with MODE and VFS_CAP_ACL: leave the nine permission
                                    * bits and the ACL as they are */
    VFS_ATTR_GUARDED = 1u << 20,   /* get only: not all callers may see it; ask VFS_MAY_READ_ATTR */
    VFS_ATTR_UMASK = 1u << 21, /* create() only, with MODE: `umask` is taken from the mode, unless
                                    * the new object inherits an ACL from its directory */
    VFS_ATTR_LABEL = 1u << 22, /* set only, with VFS_CAP_LABEL; read by getlabel() */
    VFS_ATTR_HELD = 1u << 23,  /* set only, with ATIME or MTIME and nothing else: what the holder
                                    * of a delegation reports; see vfs_ops.setattr */
    VFS_ATTR_FRESH = 1u << 24, /* get only: from the file system, not from a cache that may be out
                                    * of date (attribute_cache); for what the server decides by */
};
#define VFS_ATTR_ALL_GET 0x7fffu

struct vfs_acl; /* vfs_acl.h */

/* A security label (RFC 7862 §9): bytes that only the system that enforces it understands; at most
 * LIMIT_LABEL_BYTES. */
struct vfs_label {
    const uint8_t *data;
    uint32_t len;
};

struct vfs_attr {
    uint32_t mask; /* valid fields (get: at least those that were requested and exist) */
    enum vfs_type type;
    uint32_t mode;  /* permission bits and suid, sgid, sticky: 07777 */
    uint32_t umask; /* create() only */
    uint32_t nlink;
    uint32_t uid;
    uint32_t gid;
    uint32_t rdev_major;
    uint32_t rdev_minor;
    uint64_t size;
    uint64_t space_used; /* bytes */
    uint64_t fileid;     /* never 0 */
    uint64_t change;
    struct timespec atime, mtime, ctime, btime;
    bool named_attr;           /* it has named attributes */
    const struct vfs_acl *acl; /* set only */
    struct vfs_label label;    /* set only */
};

struct vfs_statfs {
    uint64_t bytes_total, bytes_free, bytes_avail;
    uint64_t files_total, files_free, files_avail;
    uint32_t name_max;
    uint32_t link_max;
    uint64_t file_size_max;
};

/* change_info4: the directory's change attribute before and after an operation.  `atomic` only if
 * no other change could come in between. */
struct vfs_change_info {
    bool atomic;
    uint64_t before, after;
};
