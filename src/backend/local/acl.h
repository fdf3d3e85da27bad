/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NFSv4 ACLs over the POSIX ACLs of the file system below, which enforces them for everyone
 * (docs/acls.md).  The callers hold the objects' paths, and act as their own callers.
 */
#pragma once

#include "backend/local/local_internal.h"
#include "vfs/vfs_posix_acl.h"

struct local_acls {
    struct vfs_posix_acl access, inherited;
    bool has_inherited; /* a directory's default ACL */
};

/* Do files here have POSIX ACLs? */
bool local_acl_supported(const struct local_fs *fs);

/* VFS_IO: the ACL has more entries than can be told. */
enum vfs_status local_getacl(struct vfs_object *base, const struct vfs_cred *cred,
                             struct vfs_acl *out);

/* The same of an entry that READDIR meets.  0 or an errno. */
int local_acl_of_entry(const struct local_object *dir, const char *name,
                       const struct vfs_attr *attr, struct vfs_acl *out);

/* What `acl` means for an object of this type and owner.  VFS_ATTRNOTSUPP: it cannot be expressed
 * exactly. */
enum vfs_status local_acl_translate(const struct vfs_acl *acl, enum vfs_type type, uint32_t owner,
                                    struct local_acls *out) MUST_USE;

/* Give the object these ACLs; all of them or none.  What equals what the object has stays as it is,
 * with its mask. */
enum vfs_status local_acl_set(struct local_object *obj, const struct vfs_acl *acl) MUST_USE;
