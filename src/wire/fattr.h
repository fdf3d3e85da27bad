/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attribute values inside a fattr4 (RFC 8881 §5.6, §5.7 and their order in RFC 5662): one flat
 * struct that holds any of them, and its encoder and decoder.  Both the server and the client use it.
 */
#pragma once

#include "wire/nfs4_codec.h"

/* RFC 8275 */
struct mode_umask4 {
    uint32_t mu_mode;
    uint32_t mu_umask;
};

/* Which members mean something is said by a bitmap beside it. */
struct nfs4_attrs {
    struct bitmap4 supported_attrs;
    uint32_t type;
    uint32_t fh_expire_type;
    uint64_t change;
    uint64_t size;
    bool link_support;
    bool symlink_support;
    bool named_attr;
    struct fsid4 fsid;
    bool unique_handles;
    uint32_t lease_time;
    uint32_t rdattr_error;
    struct nfsace4 *acl;
    uint32_t acl_count;
    uint32_t aclsupport;
    bool archive;
    bool cansettime;
    bool case_insensitive;
    bool case_preserving;
    bool chown_restricted;
    struct nfs_fh4 filehandle;
    uint64_t fileid;
    uint64_t files_avail, files_free, files_total;
    bool hidden;
    bool homogeneous;
    uint64_t maxfilesize;
    uint32_t maxlink;
    uint32_t maxname;
    uint64_t maxread, maxwrite;
    struct wire_opaque mimetype;
    uint32_t mode;
    bool no_trunc;
    uint32_t numlinks;
    struct wire_opaque owner, owner_group;
    uint64_t quota_avail_hard, quota_avail_soft, quota_used;
    struct specdata4 rawdev;
    uint64_t space_avail, space_free, space_total, space_used;
    bool system;
    struct nfstime4 time_access, time_backup, time_create, time_delta, time_metadata, time_modify;
    struct settime4 time_access_set, time_modify_set;
    uint64_t mounted_on_fileid;
    struct nfstime4 dir_notif_delay, dirent_notif_delay;
    struct change_policy4 change_policy;
    struct mode_masked4 mode_set_masked;
    struct bitmap4 suppattr_exclcreat;
    uint32_t fs_charset_cap;
    uint32_t clone_blksize;
    uint64_t space_freed;
    uint32_t change_attr_type;
    struct mode_umask4 mode_umask;
    bool xattr_support;
    struct nfstime4 time_deleg_access, time_deleg_modify;
};

/* The attributes that struct nfs4_attrs has a place for. */
extern const struct bitmap4 fattr_known;

/* Encode or decode the value of one attribute.  False, and the cursor failed, for an attribute
 * outside fattr_known: its length is unknown. */
bool fattr_value(struct xdr *x, struct nfs4_attrs *attrs, uint32_t attribute);

/* Encode a fattr4: the mask `want`, which must lie within fattr_known, and the values. */
bool fattr_encode(struct xdr *x, const struct bitmap4 *want, const struct nfs4_attrs *attrs);

/* Decode the values of `in` into `attrs`.  False when there are attributes outside fattr_known
 * (none of the values is right then), when the bytes are too few or bad, or when some are left. */
bool fattr_decode(const struct fattr4 *in, struct nfs4_attrs *attrs, struct arena *arena);
