/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The times of a file whose delegation was granted with them (RFC 9754 §5): its holder is the
 * authority for atime and mtime, reports them by CB_GETATTR and SETATTR, and is believed within
 * bounds.
 */
#pragma once

#include <stdbool.h>
#include <time.h>

#include "vfs/vfs_object.h"
#include "vfs/vfs_request.h"

struct delegation;

/* Of a delegation: what was settled when it was granted. */
struct delegation_times {
    bool held;                    /* the client was told that it has them */
    bool of_owner;                /* a WRITE one, granted to the file's owner or to root */
    struct timespec atime, mtime; /* at that time */
};

/* What the holder reports. */
struct delegation_report {
    bool has_atime, has_mtime;
    struct timespec atime, mtime;
};

/* Settle it from the file's attributes, of which DELEGATION_TIMES_NEED must be valid. */
#define DELEGATION_TIMES_NEED (VFS_ATTR_ATIME | VFS_ATTR_MTIME | VFS_ATTR_UID)
struct delegation_times delegation_times_settle(const struct vfs_attr *attr,
                                                const struct vfs_cred *cred, bool writes);

/* Take out what does not count, and cut the rest to `now`, one present for all (RFC 9754 §5).
 *
 * A time before that of the grant does not count: the client's clock is slow, or the report is old.
 * But one from the file's owner does, although the RFC ignores it: the owner may set any time, and
 * what utimes() sets for the owner, Linux keeps under its delegation and reports only in this way.
 * Otherwise `cp -p` and `tar x` would lose the times of files. */
void delegation_times_vet(const struct delegation_times *times, struct timespec now,
                          struct delegation_report *report);

/* What was settled.  Without the file's lock. */
struct delegation_times delegation_times_get(struct delegation *delegation);

static inline bool delegation_times_equal(struct timespec a, struct timespec b)
{
    return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}
