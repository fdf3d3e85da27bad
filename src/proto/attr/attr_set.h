/* SPDX-License-Identifier: Apache-2.0 */
/* Setting attributes: how a client's fattr4 becomes changes for a backend. */
#pragma once

#include "proto/compound.h"

/* Decode a client's fattr4 to set.  ATTRNOTSUPP for what is not supported, INVAL for what is
 * read-only, BADXDR for a body that does not match its mask, BADOWNER for owner strings that name
 * no user or group.  `obj` is the object, whose other mode bits a masked mode leaves as they are;
 * NULL: a new one of this type, which has no mode yet.  `bits` gets the attributes asked for.
 * set->acl is in the compound's memory. */
enum nfsstat4 attr_decode_settable(struct compound *c, const struct fattr4 *in,
                                   struct vfs_object *obj, enum vfs_type type, struct vfs_attr *set,
                                   struct bitmap4 *bits);

/* The part of `asked` that a vfs mask of applied changes stands for. */
void attr_applied_bitmap(const struct bitmap4 *asked, uint32_t applied, struct bitmap4 *out);
