/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Delegations of files (RFC 8881 §10.4): the guarantee to one client, the holder, that no other
 * client changes (READ) or even uses (WRITE) a file before the delegation was recalled and has
 * ended.  One of a directory (§10.9, delegation_dir.h) is like a READ one of a file.
 *
 *   delegation_offer(), delegation_dir_offer()  a request conflicts
 *        (none) ------------------------> held ---------------------> recalled
 *                                          |                           |     |
 *                                          | DELEGRETURN   DELEGRETURN |     | a lease later,
 *                                          v                           |     v in 4.0 two
 *                                        gone <------------------------+  revoked
 *                                          ^                                 |
 *                                          +---------------------------------+
 *                                            the last WRITE by its stateid is done
 *
 *     held or recalled, and the holder's lease is over: a conflict revokes it at once (courtesy.h)
 *
 * A request that may conflict with another client's delegation calls delegation_begin() (OPEN:
 * open_reserve()).  This recalls the conflicting ones and returns NFS4ERR_DELAY; the caller's
 * waiter is woken when the last of them is gone.  Between delegation_begin() and delegation_end()
 * no conflicting delegation is granted.  A client's own delegations do not conflict, except one of
 * the same file in another export, which is a different file for the client.
 *
 * A 4.0 client can only be told that its lease is over, and then gives up all its state.  So it
 * loses a delegation one lease after the recall only if a request still waits for the file then;
 * otherwise after another lease.
 *
 * Locks: file.lock guards file.delegations, file.delegation_waiters, and fields of struct
 * delegation as noted there.  No hook is called with a lock held.
 *
 * A request that changes an undelegated object takes no lock: delegation_begin() increments one of
 * a few thousand counters, chosen by the object, and then reads the object's hint, which tells
 * whether there are delegations.  delegation_offer() adds its delegation to the file, raises the
 * hint, and then reads the counter.  All of this is seq_cst, so at least one of them sees the
 * other: either the change finds the delegation (under file.lock, so that it waits for an offer in
 * progress), or the offer finds the change and withdraws its delegation.  An object that shares the
 * counter may prevent a delegation, but has no other effect.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/limits.h"
#include "base/list.h"
#include "state/client/client.h"
#include "state/delegation/delegation_times.h"
#include "state/delegation/delegation_version.h"
#include "state/file/file.h"
#include "state/file/stateid.h"
#include "state/session/session_call.h"
#include "state/state.h"

struct delegation_gone;
struct delegation_watch;

enum delegation_kind {
    DELEGATION_READ,
    DELEGATION_WRITE,
    DELEGATION_DIRECTORY, /* of a directory: delegation_dir.h.  Conflicts as READ does */
    DELEGATION_KIND_COUNT
};

/* As users are shown it: "read", "write", "directory". */
const char *delegation_kind_name(enum delegation_kind kind);

/* A CB_GETATTR to the holder of a WRITE delegation. */
struct delegation_question {
    bool outstanding;
    bool too_late; /* a request that waited for the answer got NFS4ERR_DELAY and will be retried */
    int64_t asked_ns;
    struct delegation_version backend; /* before it was sent */
};

/* The holder's last answer.  `backend` is the backend's version when the question was sent.  If it
 * has changed since, `said.size` is adjusted to it, so that the answer never hides a write
 * acknowledged later. */
struct delegation_answer {
    bool given, too_late;
    int64_t asked_ns, answered_ns;
    struct delegation_version said, backend;
    struct delegation_report times; /* vetted when they came; nothing without the file's times */
};

/* The callback that recalls a delegation.  After the recall has begun only hooks.recall() uses
 * it.  A delegation is recalled once, so this needs no separate memory and cannot fail for lack
 * of it. */
struct delegation_recall {
    void *context;    /* the hook's */
    struct list link; /* to be retried */
    uint32_t tries;   /* since the client could be called */
    uint32_t unknown; /* times that the client did not know the delegation */
    bool unreachable; /* the last attempt failed because the client could not be reached */
    int64_t due_ns;
};

/* Holders of a reference (stateid_get): its file while it is held; its client's list of revoked
 * state; the callback that recalls it; each request that has looked it up. */
struct delegation {
    struct stateid sid;     /* STATEID_DELEGATION */
    struct client *client;  /* a reference */
    struct file *file;      /* a reference */
    struct vfs_object *obj; /* the file as the client knows it; a reference */

    struct delegation_watch *watch; /* of a directory: who is told what changes; NULL: it is
                                     * recalled.  Constant since it was inserted */

    int64_t granted_ns; /* constant */

    /* Changed under file->lock: READ may become WRITE. */
    _Atomic enum delegation_kind kind;

    /* The callback's arguments.  Set at creation; the second half again under file->lock when READ
     * becomes WRITE: then there is no callback yet. */
    uint32_t fh_len;
    uint8_t fh[LIMIT_FH_BYTES];
    bool in_session; /* `given_to` identifies the request that it was granted to */
    struct session_call given_to;

    /* Guarded by file->lock. */
    struct list file_link;
    bool ended;            /* off file_link's list: it no longer conflicts */
    uint32_t held;         /* bit 1 << want for each vfs open() that it owns */
    uint32_t leases;       /* bit 1 << kind for each vfs lease() (delegation_lease.h) */
    int64_t recalled_ns;   /* when the recall began; 0: not recalled */
    int64_t contested_ns;  /* when it was first in the way of a request; 0: never */
    uint64_t change;       /* the change attribute when it got its present kind */
    uint64_t change_first; /* when it was granted: differs if READ has become WRITE */
    struct delegation_question question;
    struct delegation_answer answer;
    struct delegation_version reported; /* last reported to a client; 0: never */
    struct delegation_times times;
    struct timespec mtime_reported; /* likewise, with the file's times; first that of the grant */
    struct list hook_link;          /* of the thread that is about to recall it, without the lock */
    struct delegation_recall recall;

    /* Hash of the caller that it was granted to: delegation_by_caller(). */
    _Atomic uint64_t caller;

    /* Operations by its stateid that change the file.  None begins once `leaving` is set, under
     * file->lock.  Both are seq_cst, so that the end is noticed, and only once. */
    _Atomic uint32_t running;
    _Atomic bool leaving; /* returned, or revoked */

    /* A request got NFS4ERR_DELAY a lease after the recall, or will not be retried. */
    _Atomic bool wanted;

    /* Under owner_table.lock. */
    struct hnode by_object;
    struct list client_link;

    /* Under the lock of the recalls. */
    struct list recalled_link;
    bool extended; /* for a second lease */
};

/* An object is new: conflicts over a former one of its number do not matter. */
void delegation_object_created(struct state *state, const struct vfs_object *obj);

/* DELEGRETURN: OLD_STATEID, BAD_STATEID; DELEG_REVOKED, ADMIN_REVOKED, EXPIRED. */
enum nfsstat4 delegation_return(struct delegation *delegation, uint32_t seqid) MUST_USE;

/* A WRITE or truncation by its stateid begins.  False: it has been returned or revoked.  While one
 * runs, a revoked delegation still conflicts, so that nothing is written after another client was
 * granted what it excludes.  delegation_io_end() may call the backend and wake waiters; without
 * locks. */
bool delegation_io_begin(struct delegation *delegation) MUST_USE;
void delegation_io_end(struct delegation *delegation);

/* Has it been returned or revoked? */
bool delegation_ended(struct delegation *delegation);

/* Was it granted to this caller?  Like open_by_caller(). */
bool delegation_by_caller(const struct delegation *delegation, const struct vfs_cred *cred);

static inline struct delegation *delegation_of_stateid(struct stateid *sid)
{
    return CONTAINER_OF(sid, struct delegation, sid);
}

enum {
    DELEGATION_SLOW_MS = 5000 /* a recall that takes longer is worth a line in the log */
};

/* ---- for the files of delegations ---- */

/* The one that the client has of the object, or NULL; no reference.  With file->lock. */
struct delegation *delegation_lookup_locked(struct client *client, const struct vfs_object *obj);

/* With file->lock.  NFS4ERR_BAD_STATEID when it has ended, or why it was revoked. */
enum nfsstat4 delegation_check_locked(const struct delegation *delegation, uint32_t seqid);

/* With file->lock: on all lists of its file and client.  The file takes over the reference. */
bool delegation_insert_locked(struct delegation *delegation) MUST_USE;

/* With file->lock, once: off all lists, and `gone` has the file's reference and the waiters to
 * wake. */
void delegation_end_locked(struct delegation *delegation, struct delegation_gone *gone);

/* The same for one that its holder did not return: it stays on its file's list until what runs by
 * its stateid is done. */
void delegation_retire_locked(struct delegation *delegation, struct delegation_gone *gone);

/* That, and found as revoked for `why`.  Between revocation_begin() and _end(). */
void delegation_revoke_locked(struct delegation *delegation, enum nfsstat4 why,
                              struct delegation_gone *gone);
