/* SPDX-License-Identifier: Apache-2.0 */
/* Setting attributes: how a client's fattr4 becomes changes for a backend. */
#pragma once

#include "proto/compound.h"
#include "state/delegation/delegation_times.h"

/* Decode a client's fattr4 to be set.  ATTRNOTSUPP for unsupported attributes, INVAL for read-only
 * ones, BADXDR for a body that does not match its mask, BADOWNER for owner strings that are not a
 * user or group.  `obj` is the object, whose other mode bits a masked mode preserves; NULL for a
 * new object of this type, which has no mode yet.  Sets `bits` to the attributes given.  set->acl
 * is in the compound's memory. */
enum nfsstat4 attr_decode_settable(struct compound *c, const struct fattr4 *in,
                                   struct vfs_object *obj, enum vfs_type type, struct vfs_attr *set,
                                   struct bitmap4 *bits);

/* Which of the attributes are times that the holder of a delegation reports (RFC 9754 §5), and
 * their values.  For a fattr4 that attr_decode_settable() has accepted; it leaves these out of
 * `set`.  INVAL for a value that is no time. */
enum nfsstat4 attr_decode_held(struct compound *c, const struct fattr4 *in,
                               struct delegation_report *report);

/* The part of `asked` that corresponds to a vfs mask of applied changes. */
void attr_applied_bitmap(const struct bitmap4 *asked, uint32_t applied, struct bitmap4 *out);
