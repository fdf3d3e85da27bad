/* SPDX-License-Identifier: Apache-2.0 */
/* Converts ACLs between the wire, where principals are names, and the backends, where they are
 * IDs. */
#pragma once

#include "proto/attr/attr.h"
#include "proto/attr/attr_owner.h"
#include "vfs/vfs_acl.h"
#include "wire/fattr.h"

enum {
    ATTR_WHO_BYTES = ATTR_OWNER_BYTES, /* a number, or EVERYONE@ */
    /* Of the longest ACL that we encode, without names. */
    ATTR_ACL_BYTES_MAX = 4 + VFS_ACL_ACES_MAX * (16 + ATTR_WHO_BYTES),
    ATTR_ACL_NAMED_BYTES_MAX = 4 + VFS_ACL_ACES_MAX * (16 + ATTR_NAME_BYTES)
};

/* Set attrs->acl and attrs->dacl from the backend's ACL, in the compound's memory.  False without
 * memory. */
bool attr_acl_encode(struct compound *c, const struct vfs_acl *acl, struct nfs4_attrs *attrs);

/* Convert an ACL that a client compares with to the form in which we return ACLs: without the group
 * flag where it has no meaning.  False, with *out as given, if it can't be decoded. */
bool attr_acl_plain(struct compound *c, const struct fattr4 *given, struct fattr4 *out);

/* Decode the ACL that a client sets on an object of this type, in the compound's memory.
 * ATTRNOTSUPP for what can't be stored or enforced (RFC 8881 §6.2.1.2), INVAL for flags that are
 * not permitted there and for text that is not UTF-8, BADOWNER for a principal that is not a user
 * or group. */
enum nfsstat4 attr_acl_decode(struct compound *c, const struct nfs4_attrs *attrs,
                              enum vfs_type type, const struct vfs_acl **out);

/* The same of a dacl.  ATTRNOTSUPP for flags of automatic inheritance, too. */
enum nfsstat4 attr_dacl_decode(struct compound *c, const struct nfs4_attrs *attrs,
                               enum vfs_type type, const struct vfs_acl **out);
