/* SPDX-License-Identifier: Apache-2.0 */
/* Attributes that the holder of a WRITE delegation knows better (CB_GETATTR, RFC 8881 §10.4.3). */
#pragma once

#include "state/delegation/delegation.h"

struct delegation_waiter;

enum {
    DELEGATION_ANSWER_MS = 2000
};

struct delegation_attr {
    bool valid; /* false: use the backend's values; else these */
    uint64_t change, size;
    struct delegation_report times; /* what of the times is the holder's, too */
};

/* Which attributes the GETATTR is for. */
enum delegation_asked {
    DELEGATION_ASKED_ATIME, /* a holder without the file's times does not know it better */
    DELEGATION_ASKED_MORE,
};

/* What the holder answered. */
struct delegation_said {
    uint64_t change, size;
    struct timespec atime, mtime; /* if it has the file's times */
};

/* Size, change attribute and times for a GETATTR by `client`.  NFS4ERR_DELAY: the holder is being
 * asked, and `waiter`, unless NULL, is queued.  One load if there is no WRITE delegation.
 *
 * The holder has changed the file if it reports a change attribute other than the file had when the
 * delegation was granted, or a size other than the backend's.  Then the file is touched in the
 * backend, so that its change attribute and its times advance permanently; the size is the
 * holder's.  So the other attributes must be read after this call.  If it has the file's times
 * (delegation_times.h), another mtime is a change, too, and its atime and mtime take the place of
 * the backend's.
 *
 * The holder may write to the server at any time, even while its answer is under way.  So its
 * answer is adjusted to the backend's present state: a GETATTR sent after an acknowledged write
 * reflects it, and sizes do not go back unless the holder truncates.  All reports for one
 * delegation are ordered: change attributes only grow, and none stands for two sizes.  If the
 * delegation ends before the holder's data have arrived, the file is touched once more.
 *
 * An answer is valid for requests that came before the holder was asked.  Later ones ask again, one
 * question at a time.  But if an answer took so long that a waiting request got NFS4ERR_DELAY, it
 * is valid for all requests within DELEGATION_ANSWER_MS. */
enum nfsstat4 delegation_getattr(struct state *state, struct vfs_object *obj, struct client *client,
                                 enum delegation_asked asked, int64_t now_ns,
                                 struct delegation_waiter *waiter,
                                 struct delegation_attr *out) MUST_USE;

/* The holder has answered, or (NULL) failed to. */
void delegation_attr_answer(struct delegation *delegation, const struct delegation_said *said);
