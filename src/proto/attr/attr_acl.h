/* SPDX-License-Identifier: Apache-2.0 */
/* ACLs between the wire, where principals are names, and the backends, where they are ids. */
#pragma once

#include "proto/attr/attr.h"
#include "proto/attr/attr_owner.h"
#include "vfs/vfs_acl.h"
#include "wire/fattr.h"

enum {
    ATTR_WHO_BYTES = ATTR_OWNER_BYTES,                                /* a number, or EVERYONE@ */
    ATTR_ACL_BYTES_MAX = 4 + VFS_ACL_ACES_MAX * (16 + ATTR_WHO_BYTES) /* of any that we encode */
};

/* attrs->acl from the backend's, in the compound's memory; false when there is none left. */
bool attr_acl_encode(struct compound *c, const struct vfs_acl *acl, struct nfs4_attrs *attrs);

/* What a client compares with, in the form that we give an ACL: without the group flag where it
 * means nothing.  False, and *out is as given, when it can't be decoded. */
bool attr_acl_plain(struct compound *c, const struct fattr4 *given, struct fattr4 *out);

/* The ACL that a client sets on something of a type, in the compound's memory.  ATTRNOTSUPP for
 * what can't be kept or enforced (RFC 8881 §6.2.1.2), INVAL for flags that are not allowed
 * there and for text that is not UTF-8, BADOWNER for a principal that is no user or group. */
enum nfsstat4 attr_acl_decode(struct compound *c, const struct nfs4_attrs *attrs,
                              enum vfs_type type, const struct vfs_acl **out);
