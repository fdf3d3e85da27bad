/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Access control lists as NFSv4 has them (RFC 8881 §6, RFC 7530 §6), as a small value, and the
 * rules that need nothing but the list: what it grants, the mode it comes to, what a mode makes of
 * it, what a new object inherits.  Pure functions.
 *
 * Their size is bounded.  A client sets LIMIT_ACL_ACES entries at the most; vfs_acl_chmod() may
 * split each once, into what is inherited and what is in force, and adds five.  What is inherited
 * is at most one entry for one, so there are never more than VFS_ACL_ACES_MAX.
 */
#pragma once

#include "base/limits.h"
#include "vfs/vfs_attr.h"
#include "vfs/vfs_identity.h"

enum vfs_ace_right {           /* same bits as ACE4_* */
    VFS_ACE_READ_DATA = 0x1,   /* or list a directory */
    VFS_ACE_WRITE_DATA = 0x2,  /* or add something else than a directory to one */
    VFS_ACE_APPEND_DATA = 0x4, /* or add a directory */
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
    VFS_ACE_INHERIT_ONLY = 0x8, /* not in force here */
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

/* To be filled in, it has `aces` with room for VFS_ACL_ACES_MAX.  An empty one grants nothing. */
struct vfs_acl {
    uint32_t count;
    struct vfs_ace *aces;
};

/* What the entries grant cred, in the order of RFC 8881 §6.2.1; *denied is what an entry denies
 * explicitly, which is less than all that is not granted.  No superuser, no privileges of the
 * owner. uid and gid are the object's. */
uint32_t vfs_acl_granted(const struct vfs_acl *acl, uint32_t uid, uint32_t gid,
                         const struct vfs_cred *cred, uint32_t *denied);

/* Does an entry in force grant (or deny) one of these rights to anybody? */
bool vfs_acl_allows_any(const struct vfs_acl *acl, uint32_t rights);
bool vfs_acl_denies_any(const struct vfs_acl *acl, uint32_t rights);

/* The nine permission bits that it comes to, RFC 8881 §6.3.2. */
uint32_t vfs_acl_mode(const struct vfs_acl *acl);

/* The same list after the permission bits of the mode were set, RFC 8881 §6.4.1.1: they are what
 * vfs_acl_mode() says of it, and those named in it have no more of them than the group.  Named
 * attributes go with the data, see vfs_ops.openattr.  Other rights and what is inherited stay.
 * `acl` and `out` share nothing. */
void vfs_acl_chmod(const struct vfs_acl *acl, enum vfs_type type, uint32_t mode,
                   struct vfs_acl *out);

/* A list that says what the mode of an object without one says, RFC 8881 §6.4.2. */
void vfs_acl_from_mode(enum vfs_type type, uint32_t mode, struct vfs_acl *out);

/* What something new in a directory inherits, RFC 8881 §6.4.3.1; may be nothing. */
void vfs_acl_inherit(const struct vfs_acl *parent, bool directory, struct vfs_acl *out);

/* Is any entry in force? */
bool vfs_acl_is_effective(const struct vfs_acl *acl);
