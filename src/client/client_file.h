/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whole steps on files, each one compound on a mount's slot 0: what a test needs to get to the
 * point.  Each returns the compound's status.
 */
#pragma once

#include "client/client_mount.h"

/* The root of the name space, then each component of `path` ("/a/b", "" or "/" is the root). */
MUST_USE enum nfsstat4 client_file_lookup(struct client_mount *mount, const char *path,
                                          struct client_fh *fh);

/* A name in a directory. */
MUST_USE enum nfsstat4 client_file_lookup_at(struct client_mount *mount,
                                             const struct client_fh *dir, const char *name,
                                             struct client_fh *fh);

/* A file that is open. */
struct client_file {
    struct client_fh fh;
    struct stateid4 stateid;
    struct OPEN4resok open;     /* what OPEN said; nothing in it points anywhere */
    struct client_owner *owner; /* in minor version 0, of the mount */
    uint32_t access, deny;
};

/* What GETFH brought. */
void client_file_result_fh(const struct client_result *r, struct client_fh *fh);

/* OPEN in `dir`; the client id is filled in, in minor version 0 the seqid too, and OPEN_CONFIRM
 * follows when the server asks for it.  A delegation that comes is in file->open.delegation, and
 * client_file_delegation() names it; how->access may have OPEN4_SHARE_ACCESS_WANT_*. */
MUST_USE enum nfsstat4 client_file_open(struct client_mount *mount, const struct client_fh *dir,
                                        const struct client_open *how, struct client_file *file);

/* Create (GUARDED4, mode 0644) or open for reading and writing. */
MUST_USE enum nfsstat4 client_file_create(struct client_mount *mount, const struct client_fh *dir,
                                          const char *name, struct client_file *file);
MUST_USE enum nfsstat4 client_file_open_rw(struct client_mount *mount, const struct client_fh *dir,
                                           const char *name, struct client_file *file);
enum nfsstat4 client_file_close(struct client_mount *mount, struct client_file *file);

/* The delegation that came with the OPEN; NULL: none. */
const struct stateid4 *client_file_delegation(const struct client_file *file);

/* DELEGRETURN. */
MUST_USE enum nfsstat4 client_file_return(struct client_mount *mount, const struct client_fh *fh,
                                          const struct stateid4 *delegation);

/* After a restart of the server: open anew what was open, as its owner `owner`. */
MUST_USE enum nfsstat4 client_file_reclaim(struct client_mount *mount, const char *owner,
                                           struct client_file *file);

/* At most `len` bytes; *got is what came. */
MUST_USE enum nfsstat4 client_file_read(struct client_mount *mount, const struct client_file *file,
                                        uint64_t offset, void *data, uint32_t len, uint32_t *got,
                                        bool *eof);
MUST_USE enum nfsstat4 client_file_write(struct client_mount *mount, const struct client_file *file,
                                         uint64_t offset, enum stable_how4 stable, const void *data,
                                         uint32_t len, uint32_t *written);

/* Attributes by value; strings and arrays among them are dead when this returns, but
 * `owner` and `owner_group` are copied to `text` if that is not NULL. */
struct client_owner_text {
    char owner[128];
    char owner_group[128];
};
MUST_USE enum nfsstat4 client_file_getattr(struct client_mount *mount, const struct client_fh *fh,
                                           struct bitmap4 bits, struct nfs4_attrs *attrs,
                                           struct client_owner_text *text);
MUST_USE enum nfsstat4 client_file_setattr(struct client_mount *mount, const struct client_fh *fh,
                                           struct bitmap4 which, const struct nfs4_attrs *attrs);

MUST_USE enum nfsstat4 client_file_mkdir(struct client_mount *mount, const struct client_fh *dir,
                                         const char *name, struct client_fh *fh);
MUST_USE enum nfsstat4 client_file_symlink(struct client_mount *mount, const struct client_fh *dir,
                                           const char *name, const char *target,
                                           struct client_fh *fh);
MUST_USE enum nfsstat4 client_file_remove(struct client_mount *mount, const struct client_fh *dir,
                                          const char *name);

/* Read a whole directory; `entry` is called with each, and may stop it by returning false. */
MUST_USE enum nfsstat4 client_file_readdir(struct client_mount *mount, const struct client_fh *dir,
                                           struct bitmap4 bits,
                                           bool (*entry)(const struct entry4 *entry, void *context),
                                           void *context);

/* Remove everything in a directory, a few levels deep, and the directory itself. */
MUST_USE enum nfsstat4 client_file_remove_tree(struct client_mount *mount,
                                               const struct client_fh *dir, const char *name);
