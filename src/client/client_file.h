/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Complete operations on files, each a compound on slot 0 of a mount, for tests that need them as
 * steps.  Each function returns the compound's status.
 */
#pragma once

#include "client/client_mount.h"

/* Look up each component of `path` from the root of the name space; "" and "/" are the root. */
MUST_USE enum nfsstat4 client_file_lookup(struct client_mount *mount, const char *path,
                                          struct client_fh *fh);

/* Look up a name in a directory. */
MUST_USE enum nfsstat4 client_file_lookup_at(struct client_mount *mount,
                                             const struct client_fh *dir, const char *name,
                                             struct client_fh *fh);

/* An open file. */
struct client_file {
    struct client_fh fh;
    struct stateid4 stateid;
    struct OPEN4resok open;     /* the result of OPEN, with its pointers cleared */
    struct client_owner *owner; /* in minor version 0: an owner of the mount */
    uint32_t access, deny;
};

/* The result of GETFH. */
void client_file_result_fh(const struct client_result *r, struct client_fh *fh);

/* OPEN in `dir`.  Sets the client ID.  In minor version 0, also sets the seqid, and sends
 * OPEN_CONFIRM if the server asks for it.  A delegation is in file->open.delegation;
 * client_file_delegation() returns its stateid.  how->access may include
 * OPEN4_SHARE_ACCESS_WANT_*. */
MUST_USE enum nfsstat4 client_file_open(struct client_mount *mount, const struct client_fh *dir,
                                        const struct client_open *how, struct client_file *file);

/* Create (GUARDED4, mode 0644) or open for reading and writing. */
MUST_USE enum nfsstat4 client_file_create(struct client_mount *mount, const struct client_fh *dir,
                                          const char *name, struct client_file *file);
MUST_USE enum nfsstat4 client_file_open_rw(struct client_mount *mount, const struct client_fh *dir,
                                           const char *name, struct client_file *file);
enum nfsstat4 client_file_close(struct client_mount *mount, struct client_file *file);

/* The delegation granted with the OPEN; NULL: none. */
const struct stateid4 *client_file_delegation(const struct client_file *file);

/* DELEGRETURN. */
MUST_USE enum nfsstat4 client_file_return(struct client_mount *mount, const struct client_fh *fh,
                                          const struct stateid4 *delegation);

/* After a restart of the server: reclaim the open of the file, as owner `owner`. */
MUST_USE enum nfsstat4 client_file_reclaim(struct client_mount *mount, const char *owner,
                                           struct client_file *file);

/* Read at most `len` bytes; *got is the number read. */
MUST_USE enum nfsstat4 client_file_read(struct client_mount *mount, const struct client_file *file,
                                        uint64_t offset, void *data, uint32_t len, uint32_t *got,
                                        bool *eof);
MUST_USE enum nfsstat4 client_file_write(struct client_mount *mount, const struct client_file *file,
                                         uint64_t offset, enum stable_how4 stable, const void *data,
                                         uint32_t len, uint32_t *written);

/* Attributes by value.  Strings and arrays among them are not valid after the return, but `owner`
 * and `owner_group` are copied to `text` if that is not NULL. */
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

/* Read a whole directory.  `entry` is called for each entry, and returns false to stop. */
MUST_USE enum nfsstat4 client_file_readdir(struct client_mount *mount, const struct client_fh *dir,
                                           struct bitmap4 bits,
                                           bool (*entry)(const struct entry4 *entry, void *context),
                                           void *context);

/* Remove a directory with its content, a few levels deep. */
MUST_USE enum nfsstat4 client_file_remove_tree(struct client_mount *mount,
                                               const struct client_fh *dir, const char *name);
