/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attribute values inside a fattr4 (RFC 8881 §5.6, §5.7 and their order in RFC 5662): one flat
 * struct that holds any of them, and its encoder and decoder.  Both the server and the client use
 * it.
 */
#pragma once

#include "wire/nfs4_codec.h"

/* RFC 8275 */
struct mode_umask4 {
    uint32_t mu_mode;
    uint32_t mu_umask;
};

/* RFC 7862 §12.2.4 */
struct sec_label4 {
    uint32_t slai_lfs; /* label format specifier */
    uint32_t slai_pi;  /* policy identifier */
    struct wire_opaque slai_data;
};

/* Which members mean something is said by a bitmap beside it. */
struct nfs4_attrs {
    uint64_t change;
    uint64_t size;
    uint64_t fileid, mounted_on_fileid;
    uint64_t files_avail, files_free, files_total;
    uint64_t space_avail, space_free, space_total, space_used, space_freed;
    uint64_t quota_avail_hard, quota_avail_soft, quota_used;
    uint64_t maxfilesize, maxread, maxwrite;
    struct nfsace4 *acl, *dacl; /* NULL once decoded, if there are more than LIMIT_WIRE_ARRAY */
    struct fsid4 fsid;
    struct change_policy4 change_policy;
    struct nfs_fh4 filehandle;
    struct wire_opaque owner, owner_group, mimetype;
    struct nfstime4 time_access, time_backup, time_create, time_delta, time_metadata, time_modify;
    struct nfstime4 dir_notif_delay, dirent_notif_delay;
    struct nfstime4 time_deleg_access, time_deleg_modify;
    struct settime4 time_access_set, time_modify_set;
    struct bitmap4 supported_attrs, suppattr_exclcreat;
    struct open_arguments4 open_arguments;
    uint32_t type;
    uint32_t mode;
    struct mode_masked4 mode_set_masked;
    struct mode_umask4 mode_umask;
    struct sec_label4 sec_label;
    uint32_t numlinks;
    struct specdata4 rawdev;
    uint32_t acl_count, dacl_count;
    uint32_t dacl_flag; /* aclflag4 */
    uint32_t aclsupport;
    uint32_t fh_expire_type;
    uint32_t lease_time;
    uint32_t rdattr_error;
    uint32_t maxlink;
    uint32_t maxname;
    uint32_t fs_charset_cap;
    uint32_t clone_blksize;
    uint32_t change_attr_type;
    bool link_support, symlink_support, named_attr, xattr_support;
    bool unique_handles, homogeneous;
    bool cansettime, chown_restricted, no_trunc;
    bool case_insensitive, case_preserving;
    bool archive, hidden, system;
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
