/* SPDX-License-Identifier: Apache-2.0 */
/* A stateid as an argument of an operation: the state that it names, and what that permits. */
#pragma once

#include "proto/compound.h"
#include "state/file/stateid.h"

/* Is the current filehandle a regular file?  NOFILEHANDLE, ISDIR, SYMLINK, WRONG_TYPE. */
enum nfsstat4 stateid_arg_need_file(const struct compound *c);

enum stateid_arg_current {
    STATEID_ARG_LATEST, /* the current stateid means the latest seqid */
    STATEID_ARG_EXACT,  /* CLOSE and OPEN_DOWNGRADE: it keeps its seqid (RFC 8881 §8.2.3) */
};

/* Find the state of the current client and file that `in` names, of this kind; returns a reference.
 * *seqid must still be checked, under the file's lock.  BAD_STATEID; for revoked state EXPIRED,
 * ADMIN_REVOKED or DELEG_REVOKED. */
enum nfsstat4 stateid_arg_lookup(const struct compound *c, const struct stateid4 *in,
                                 enum stateid_kind kind, enum stateid_arg_current current,
                                 struct stateid **sid, uint32_t *seqid);

/* The same for state of a file other than the current one. */
enum nfsstat4 stateid_arg_lookup_of(const struct compound *c, const struct vfs_object *obj,
                                    const struct stateid4 *in, enum stateid_kind kind,
                                    enum stateid_arg_current current, struct stateid **sid,
                                    uint32_t *seqid);

/* The same for any kind and any file, with the seqid checked.  Not for I/O.  On an error, *sid is a
 * reference if the state is known, else NULL. */
enum nfsstat4 stateid_arg_any(const struct compound *c, const struct stateid4 *in,
                              struct stateid **sid);

/* May the caller give hints about the current file with it?  It names an open, a lock or a
 * delegation of the file, whatever that permits, or is special.  A caller other than who opened the
 * file must have the right to read it.  No delegation is recalled.  BAD_STATEID, OLD_STATEID,
 * EXPIRED, ADMIN_REVOKED, DELEG_REVOKED; ACCESS. */
enum nfsstat4 stateid_arg_check_hint(const struct compound *c, const struct stateid4 *in);

/* Does the stateid permit READ, WRITE or a SETATTR of the size?  `access` is
 * OPEN4_SHARE_ACCESS_READ or _WRITE; the current filehandle must be a regular file.
 *
 * Every operation that changes a file's data runs between stateid_io_begin() and _end(), whatever
 * its stateid.  Meanwhile no other client is granted a delegation of the file, even if the open or
 * delegation that the stateid names has ended. */
struct stateid_io {
    struct stateid *sid; /* NULL: a special stateid */
    bool by_opener;      /* the caller opened the file for this access, which was checked then */
    bool permitted;      /* the caller's rights have been checked for this request */
    bool by_delegation;  /* delegation_io_begin() */
    bool begun;          /* delegation_begin(), or _begin_entitled() */
};

/* BAD_STATEID, OLD_STATEID, EXPIRED, ADMIN_REVOKED, DELEG_REVOKED; OPENMODE; ACCESS for a special
 * stateid, before any state is affected; LOCKED if another open denies the access; DELAY if an
 * expired client's open denies it and its loss can't be recorded, or if the request must wait for a
 * delegation (compound.waiter). */
enum nfsstat4 stateid_io_begin(const struct compound *c, const struct stateid4 *in, uint32_t access,
                               struct stateid_io *io);

/* The same for a holder that reports the times of its file (RFC 9754 §5): only the stateid of a
 * delegation that was granted with them will do, else BAD_STATEID.  OPENMODE: `mtime`, by one for
 * reading. */
enum nfsstat4 stateid_io_begin_held(const struct compound *c, const struct stateid4 *in, bool mtime,
                                    struct stateid_io *io);

/* Check the rights of a caller other than the opener: by the file's mode, or as its owner.
 * (SETATTR leaves that to the backend.) */
enum nfsstat4 stateid_io_permit(const struct compound *c, const struct stateid_io *io,
                                uint32_t access);

/* To be called after the I/O, and after a failed begin. */
void stateid_io_end(const struct compound *c, struct stateid_io *io);
