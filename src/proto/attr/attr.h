/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NFSv4 attributes (RFC 8881 §5): which of them exist here, and where their values come from.
 * attr_set.h has those that a client sets; the encoding itself is wire/fattr.h.
 */
#pragma once

#include "proto/compound.h"

/* Label format specifier (RFC 7569) of our labels: those of SELinux have no other, and Linux's
 * clients and servers say this. */
#define ATTR_LABEL_FORMAT 0u

/* The sources of the attributes of one object. */
struct attr_source {
    struct compound *c;
    struct export *export;
    const struct bitmap4 *supported; /* attr_supported() of the export */
    struct vfs_object *any;          /* any object of the file system: statfs and caps */
    const struct vfs_attr *attr; /* at least attr_vfs_mask() of the request; NULL: none needed */
    const struct vfs_handle *handle;
    const struct vfs_acl *acl;     /* set if attr_wants_acl() */
    const struct vfs_label *label; /* NULL: none, or not wanted */
    const uint64_t *space_freed;   /* NULL: not known, or not wanted */
    uint64_t mounted_on_fileid;
    enum nfsstat4 rdattr_error;
};

/* The attributes of each minor version, for compound.attributes. */
extern const struct bitmap4 attr_minor0, attr_minor1, attr_minor2;

/* supported_attrs of an export: the attributes of the minor version that its backend can return or
 * set, and that the export has. */
void attr_supported(const struct compound *c, const struct export *export, struct bitmap4 *out);

/* suppattr_exclcreat (RFC 8881 §5.8.1.14): those of them permitted in an EXCLUSIVE4_1 create. */
void attr_exclcreat(const struct compound *c, const struct export *export, struct bitmap4 *out);

/* The vfs attributes needed for `want`. */
uint32_t attr_vfs_mask(const struct bitmap4 *want);

/* Is the ACL among these, as acl or dacl? */
bool attr_has_acl(const struct bitmap4 *bits);

/* Does `want` need the ACL of an object of this file system? */
bool attr_wants_acl(const struct vfs *fs, const struct bitmap4 *want);

/* Does `want` need the label of an object of this export? */
bool attr_wants_label(const struct compound *c, const struct export *export,
                      const struct bitmap4 *want);

/* May cred see what getattr returned for obj?  NFS4ERR_ACCESS if not: RFC 8881 §6.2.1.3.1. */
enum nfsstat4 attr_check_guard(struct vfs_object *obj, const struct vfs_cred *cred,
                               const struct vfs_attr *attr);

/* The ACL of obj, in the compound's memory; NFS4ERR_ACCESS when cred may not read it. */
enum nfsstat4 attr_get_acl(struct compound *c, struct vfs_object *obj, const struct vfs_cred *cred,
                           struct vfs_acl *acl);

/* The label of obj, in the compound's memory, with *source->label for it; NULL if it has none. */
enum nfsstat4 attr_get_label(struct attr_source *source, const struct vfs_cred *cred,
                             struct vfs_label *label);

/* Append the fattr4 of `want` that is supported; out->failed when there is no room. */
enum nfsstat4 attr_encode(const struct attr_source *source, const struct bitmap4 *want,
                          struct xdr *out);

/* Get and append the attributes of an object: GETATTR, VERIFY, NVERIFY.  Also NFS4ERR_DELAY while
 * the holder of a delegation is queried (compound.waiter). */
enum nfsstat4 attr_encode_object(struct compound *c, struct vfs_object *obj, struct export *export,
                                 const struct bitmap4 *want, struct xdr *out);

/* INVAL if the request asks for write-only attributes (RFC 8881 §5.5), or in 4.2 for mode_umask. */
enum nfsstat4 attr_check_readable(const struct compound *c, const struct bitmap4 *want);

/* VERIFY and NVERIFY: NFS4_OK when all given attributes equal the object's, NFS4ERR_NOT_SAME when
 * one differs, ATTRNOTSUPP, INVAL. */
enum nfsstat4 attr_compare(struct compound *c, const struct fattr4 *given);
