/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ACLs of the withdrawn POSIX draft 1003.1e, which Linux's file systems have, and their conversion
 * from and to NFSv4 ACLs by the rules of draft-ietf-nfsv4-acl-mapping.  Pure functions.
 *
 * What they compare is the access of each caller, one right at a time.  A conversion to NFSv4
 * loses only what the mask takes away.  A conversion from NFSv4 never grants more than the list,
 * and grants less only to a caller who is the owner or a named user, and belongs to a group that
 * the list allows more: there POSIX does not look at groups (RFC 8881 §6.2.1.3.1 asks to err in
 * that direction).  All else that differs is refused.  docs/acls.md has the rules in full.
 */
#pragma once

#include "base/check.h"
#include "vfs/vfs_acl.h"
#include "vfs/vfs_status.h"

enum {
    VFS_POSIX_NAMED_MAX = VFS_ACL_ACES_MAX /* more could not be told in a list */
};

struct vfs_posix_entry {
    uint32_t id;
    uint8_t rwx; /* 4, 2, 1 */
};

struct vfs_posix_acl {
    uint8_t owner, group, other; /* rwx */
    uint8_t mask;                /* limits group and named; 7 without one */
    bool masked;                 /* there is one; where somebody is named, always */
    uint32_t users, groups;      /* how many are named */
    /* The users, then the groups; each ascending by ID, and none twice. */
    struct vfs_posix_entry named[VFS_POSIX_NAMED_MAX];
};

/* The ACL equivalent to a mode. */
void vfs_posix_acl_from_mode(uint32_t mode, struct vfs_posix_acl *out);

/* Append the entries that `acl` amounts to, with these flags (enum vfs_ace_flag).  False when
 * `out` has no room for them. */
bool vfs_posix_acl_to_nfs4(const struct vfs_posix_acl *acl, enum vfs_type type, uint8_t flags,
                           struct vfs_acl *out) MUST_USE;

/* The ACL that grants what the effective entries of `in` grant on an object of this type and owner.
 * VFS_ATTRNOTSUPP: there is none. */
enum vfs_status vfs_posix_acl_from_nfs4(const struct vfs_acl *in, enum vfs_type type,
                                        uint32_t owner, struct vfs_posix_acl *out) MUST_USE;

/* The default ACL for the inheritable entries of `in`; whatever they say nothing of, owner, group
 * or others, has the rights that it has in `access`, as with setfacl(1).  *any = there are such
 * entries. */
enum vfs_status vfs_posix_acl_inheritable(const struct vfs_acl *in,
                                          const struct vfs_posix_acl *access,
                                          struct vfs_posix_acl *out, bool *any) MUST_USE;
