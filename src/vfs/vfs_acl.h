/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NFSv4 access control lists (RFC 8881 §6, RFC 7530 §6) as small values, and the rules that depend
 * only on the list: what it grants, the mode that it amounts to, the effect of a chmod, and what a
 * new object inherits.  Pure functions.
 *
 * Their size is bounded.  A client sets at most LIMIT_ACL_ACES entries.  vfs_acl_chmod() may split
 * each of them once, into an inherited and an effective entry, and adds five.  Each inherited entry
 * results from one entry, so there are never more than VFS_ACL_ACES_MAX.
 */
#pragma once

#include "base/limits.h"
#include "vfs/vfs_attr.h"
#include "vfs/vfs_identity.h"

enum vfs_ace_right {           /* same bits as ACE4_* */
    VFS_ACE_READ_DATA = 0x1,   /* or list a directory */
    VFS_ACE_WRITE_DATA = 0x2,  /* or add a non-directory to a directory */
    VFS_ACE_APPEND_DATA = 0x4, /* or add a directory to a directory */
    VFS_ACE_READ_NAMED_ATTRS = 0x8,
    VFS_ACE_WRITE_NAMED_ATTRS = 0x10,
    VFS_ACE_EXECUTE = 0x20, /* or search a directory */
    VFS_ACE_DELETE_CHILD = 0x40,
    VFS_ACE_READ_ATTRIBUTES = 0x80,
    VFS_ACE_WRITE_ATTRIBUTES = 0x100,
    VFS_ACE_DELETE = 0x10000,
    VFS_ACE_READ_ACL = 0x20000,
    VFS_ACE_WRITE_ACL = 0x40000,
    VFS_ACE_WRITE_OWNER = 0x80000,
    VFS_ACE_SYNCHRONIZE = 0x100000,
};
#define VFS_ACE_RIGHTS 0x1f01ffu

enum vfs_ace_flag { /* same bits as ACE4_* */
    VFS_ACE_FILE_INHERIT = 0x1,
    VFS_ACE_DIRECTORY_INHERIT = 0x2,
    VFS_ACE_NO_PROPAGATE = 0x4,
    VFS_ACE_INHERIT_ONLY = 0x8, /* not effective here */
};
#define VFS_ACE_FLAGS 0xfu

enum vfs_ace_who {
    VFS_ACE_OWNER,
    VFS_ACE_GROUP,
    VFS_ACE_EVERYONE,
    VFS_ACE_USER,        /* uid `id` */
    VFS_ACE_NAMED_GROUP, /* gid `id` */
};

struct vfs_ace {
    uint32_t mask; /* enum vfs_ace_right */
    uint32_t id;   /* 0 unless `who` is a user or a named group */
    uint8_t flags; /* enum vfs_ace_flag */
    uint8_t who;   /* enum vfs_ace_who */
    bool deny;
};

#define VFS_ACL_ACES_MAX (2 * LIMIT_ACL_ACES + 5)

/* To be filled in, it needs `aces` with room for VFS_ACL_ACES_MAX.  An empty list grants
 * nothing. */
struct vfs_acl {
    uint32_t count;
    struct vfs_ace *aces;
};

/* What the entries grant cred, in the order of RFC 8881 §6.2.1. *denied is what an entry denies
 * explicitly, which is less than everything not granted.  Without privileges of the superuser or
 * the owner.  uid and gid are the object's. */
uint32_t vfs_acl_granted(const struct vfs_acl *acl, uint32_t uid, uint32_t gid,
                         const struct vfs_cred *cred, uint32_t *denied);

/* Does an effective entry grant (or deny) any of these rights to anyone? */
bool vfs_acl_allows_any(const struct vfs_acl *acl, uint32_t rights);
bool vfs_acl_denies_any(const struct vfs_acl *acl, uint32_t rights);

/* The nine permission bits that the list amounts to, RFC 8881 §6.3.2. */
uint32_t vfs_acl_mode(const struct vfs_acl *acl);

/* The list after the permission bits of the mode were set, RFC 8881 §6.4.1.1: vfs_acl_mode()
 * returns them, and named users and groups have no more of them than the group.  Rights to named
 * attributes follow those to the data, see vfs_ops.openattr.  Other rights, and what is inherited,
 * stay.  `acl` and `out` must not overlap. */
void vfs_acl_chmod(const struct vfs_acl *acl, enum vfs_type type, uint32_t mode,
                   struct vfs_acl *out);

/* The list equivalent to the mode of an object without a list, RFC 8881 §6.4.2. */
void vfs_acl_from_mode(enum vfs_type type, uint32_t mode, struct vfs_acl *out);

/* What a new object in a directory inherits, RFC 8881 §6.4.3.1; may be empty. */
void vfs_acl_inherit(const struct vfs_acl *parent, bool directory, struct vfs_acl *out);

/* Is any entry effective? */
bool vfs_acl_is_effective(const struct vfs_acl *acl);
