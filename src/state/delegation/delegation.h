/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Delegations of files (RFC 8881 §10.4): the guarantee to one client, the holder, that no other
 * client changes (READ) or even uses (WRITE) a file before the holder was called and has answered.
 *
 *               delegation_offer()              a request conflicts
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
 * open_reserve()).  That recalls the conflicting ones and says NFS4ERR_DELAY; the caller's waiter
 * is woken when the last of them is gone.  Between delegation_begin() and delegation_end() no
 * conflicting delegation is granted.  A client's own delegations do not conflict, except one of the
 * same file in another export, which is another file to it.
 *
 * A client of 4.0 can only be told that its lease is over, and then gives up all its state.  So it
 * loses a delegation a lease after the recall if a request still waits for the file then, and else
 * after another lease.
 *
 * Locks: file.lock guards file.delegations, file.delegation_waiters and what struct delegation
 * says.  No hook runs with a lock held.
 *
 * A request that changes an undelegated object takes no lock: delegation_begin() increments one of
 * a few thousand counters, chosen by the object, and then reads the object's hint, which says
 * whether there are delegations.  delegation_offer() puts its delegation into the file, raises the
 * hint, and then reads the counter.  All of it is seq_cst, so one of the two sees the other: either
 * the change finds the delegation (under file.lock, so that it waits for an offer in progress), or
 * the offer finds the change and takes its delegation back.  A neighbour in the counter costs a
 * delegation now and then, never more.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/limits.h"
#include "base/list.h"
#include "state/client/client.h"
#include "state/file/file.h"
#include "state/file/stateid.h"
#include "state/session/session_call.h"
#include "state/state.h"

enum delegation_kind {
    DELEGATION_READ,
    DELEGATION_WRITE,
};

/* What a request is about to do with an object. */
enum delegation_use {
    DELEGATION_USE_READ,   /* data is read: WRITE delegations of others are in the way */
    DELEGATION_USE_CHANGE, /* data, attributes or names change: all of others are */
};

/* Change attribute and size of a file. */
struct delegation_version {
    uint64_t change, size;
};

/* CB_GETATTR to the holder of a WRITE delegation, while it is outstanding. */
struct delegation_question {
    bool outstanding;
    bool too_late; /* a request that waited for the answer was sent away, and will be retried */
    int64_t asked_ns;
    struct delegation_version backend; /* before it was sent */
};

/* What the holder said to the last question that it answered.  `backend` is what the backend had
 * when it was asked; when that has moved since, `said.size` is adjusted to it, so that the answer
 * never hides a write that was acknowledged after it. */
struct delegation_answer {
    bool given, too_late;
    int64_t asked_ns, answered_ns;
    struct delegation_version said, backend;
};

/* The callback that recalls a delegation.  From the recall on only hooks.recall() uses it.  As a
 * delegation is recalled once, this needs no memory of its own and cannot fail for lack of it. */
struct delegation_recall {
    void *context;    /* the hook's */
    struct list link; /* to be tried again */
    uint32_t tries;   /* since the client could be called */
    uint32_t unknown; /* times that it did not know the delegation */
    bool unreachable; /* that is why it is to be tried again */
    int64_t due_ns;
};

/* Holders of a reference (stateid_get): its file as long as it is held; its client's list of what
 * was revoked; the callback that recalls it; a request that has looked it up. */
struct delegation {
    struct stateid sid;     /* STATEID_DELEGATION */
    struct client *client;  /* a reference */
    struct file *file;      /* a reference */
    struct vfs_object *obj; /* as the client knows the file: a reference */

    /* Changed under file->lock: READ may become WRITE. */
    _Atomic enum delegation_kind kind;

    /* What a callback says of it.  Set when made; and the second half under file->lock, when READ
     * becomes WRITE: then there is no callback yet. */
    uint32_t fh_len;
    uint8_t fh[LIMIT_FH_BYTES];
    bool in_session; /* the request that it was given to has a name */
    struct session_call given_to;

    /* Guarded by file->lock. */
    struct list file_link;
    bool ended;            /* off file_link's list: it conflicts no more */
    uint32_t held;         /* a bit 1 << want for each vfs open() that is its own */
    uint32_t leases;       /* a bit 1 << kind for each vfs lease() (delegation_lease.h) */
    int64_t recalled_ns;   /* when the recall began; 0: it was not */
    uint64_t change;       /* the change attribute when it became what it is */
    uint64_t change_first; /* when it was given: another one if READ has become WRITE */
    struct delegation_question question;
    struct delegation_answer answer;
    struct delegation_version told; /* to the last client that wanted to know; 0: to none */
    struct list hook_link;          /* of the thread that is about to recall it, without the lock */
    struct delegation_recall recall;

    /* Hash of the caller that it was granted to: delegation_by_caller(). */
    _Atomic uint64_t caller;

    /* What runs by its stateid and changes the file.  No more begins once it is `leaving`, which is
     * set under file->lock; both seq_cst, so that it ends when both are seen, and once. */
    _Atomic uint32_t running;
    _Atomic bool leaving; /* returned, or revoked */

    /* A request got NFS4ERR_DELAY a lease after the recall, or will not be retried. */
    _Atomic bool wanted;

    /* Under owner_table.lock. */
    struct hnode by_object;
    struct list client_link;

    /* Under the lock of the recalls. */
    struct list recalled_link;
    bool spared; /* for a second lease */
};

/* A request that waits until delegations of a file are gone, or for the answer of a holder.  In the
 * request's own memory. */
struct delegation_waiter {
    /* Runs once for each time it was queued, unless cancelled; on any thread, without a lock; may
     * run before the call that queued it is back. */
    void (*wake)(struct delegation_waiter *waiter);
    struct file *file; /* a reference, once it was queued, until delegation_waiter_cancel() */

    /* Under file->lock. */
    struct list link; /* on file.delegation_waiters until woken */
    bool waiting;     /* it is */
    bool answer;      /* it waits for an answer, not for the end of a delegation */
    bool all;         /* READ delegations are in its way, too */
    /* The client whose own delegations of this object do not conflict; only compared. */
    const struct client *client;
    const struct vfs_object *obj;
};

/* Each waiter that was queued is cancelled before it is handed in again or its memory goes, also
 * when it was woken.  False: wake() has run, is running, or will run any moment.  True: it will
 * not.  Either way the waiter may be handed in again after that (if false: after wake() has run).
 * Nothing happens, and it is true, if it was not queued. */
bool delegation_waiter_cancel(struct delegation_waiter *waiter);

static inline bool delegation_waiter_queued(const struct delegation_waiter *waiter)
{
    return waiter->file != NULL;
}

/* How state/ reaches clients: registered by callback/.  None of them waits. */
struct delegation_hooks {
    /* Could a callback come through now? */
    bool (*reachable)(struct client *client, void *context);
    /* CB_RECALL; the caller has a reference for the duration of the call.  The hook goes on trying
     * until the delegation is returned or revoked (delegation_ended()). */
    void (*recall)(struct delegation *delegation, void *context);
    /* CB_GETATTR; delegation_attr_answer() follows, once. */
    void (*getattr)(struct delegation *delegation, void *context);
    void *context;
};

/* ---- conflicts ---- */

/* NFS4_OK: nothing conflicts with `client` (NULL: not known), and nothing will until
 * delegation_end().  NFS4ERR_DELAY: recalls are under way, and `waiter`, unless NULL, is
 * queued.  With no lock held; may wait for the disk, to record that an expired client loses
 * state. */
enum nfsstat4 delegation_begin(struct state *state, struct vfs_object *obj,
                               const struct client *client, enum delegation_use use, int64_t now_ns,
                               struct delegation_waiter *waiter) MUST_USE;
void delegation_end(struct state *state, struct vfs_object *obj);

/* Has anybody a delegation of it?  A hint: it may be given or returned at any moment. */
static inline bool delegation_is_held(const struct vfs_object *obj)
{
    return atomic_load_explicit(&obj->node->delegations, memory_order_relaxed) != 0;
}

/* The same for a request whose client has the object open for writing, or holds a delegation of it,
 * so that no other client holds one.  It is counted, and has to be before the open or delegation is
 * looked up: that may end while the request is still at the disk (a CLOSE overtakes a WRITE), and
 * then no other client is granted a delegation before delegation_end(). */
void delegation_begin_entitled(struct state *state, struct vfs_object *obj);

/* An entry of some directory of `fs` is about to change, and what it leads to was not looked up.
 * True: there are no delegations at all, and none is granted in this file system until
 * delegation_end_unseen().  False: look, and delegation_begin(). */
bool delegation_begin_unseen(struct state *state, const struct vfs *fs) MUST_USE;
void delegation_end_unseen(struct state *state, const struct vfs *fs);

/* A local program is about to use the object: recall what conflicts with that.  `held_up`: it waits
 * until the recall is over, and does not retry. */
void delegation_recall_all(struct state *state, struct vfs_object *obj, enum delegation_use use,
                           bool held_up, int64_t now_ns);

/* ---- giving and returning ---- */

struct delegation_request {
    struct client *client;
    struct vfs_object *obj;
    const struct vfs_cred *cred;
    enum delegation_kind kind; /* the most that is wanted: READ may come in place of WRITE, if the
                                * file is not open for writing */
    bool read_ok;              /* whether it may */
    bool created;              /* the caller has just made the file, and may open it anyhow */
    bool reclaim;              /* CLAIM_PREVIOUS: it had this kind before the restart */
    bool *recall;              /* out, with reclaim: it is given and recalled; may be NULL */
    struct wire_opaque fh;     /* as the client knows the file */
    const struct session_call *call; /* that asks; NULL: it has no name */
    int64_t now_ns;
};

/* True: it is given; *kind and *stateid say what.  False: *why.  With no lock held; calls the
 * backend.  A client that has a READ delegation of the file and asks for WRITE gets that in its
 * place, by the same stateid with the next seqid (RFC 8881 §18.16.3).  One that reclaims what it
 * has reclaimed already is told its stateid again. */
bool delegation_offer(struct state *state, const struct delegation_request *request,
                      enum delegation_kind *kind, struct stateid4 *stateid,
                      enum why_no_delegation4 *why) MUST_USE;

/* DELEGRETURN: OLD_STATEID, BAD_STATEID; DELEG_REVOKED, ADMIN_REVOKED, EXPIRED. */
enum nfsstat4 delegation_return(struct delegation *delegation, uint32_t seqid) MUST_USE;

/* A WRITE or truncation by its stateid begins.  False: it has been returned or revoked.  As long as
 * one runs, a delegation that is revoked stays in the way of others, so that nothing is written
 * after they were given what it excludes.  delegation_io_end() may call the backend and wake
 * waiters: with no lock held. */
bool delegation_io_begin(struct delegation *delegation) MUST_USE;
void delegation_io_end(struct delegation *delegation);

/* Has it been returned or revoked? */
bool delegation_ended(struct delegation *delegation);

/* Was it granted to this very caller?  As open_by_caller(). */
bool delegation_by_caller(const struct delegation *delegation, const struct vfs_cred *cred);

static inline struct delegation *delegation_of_stateid(struct stateid *sid)
{
    return CONTAINER_OF(sid, struct delegation, sid);
}

/* ---- attributes that a holder knows better (CB_GETATTR, RFC 8881 §10.4.3) ---- */

struct delegation_attr {
    bool valid; /* false: what the backend says is right; else these two stand in its place */
    uint64_t change, size;
};

/* What GETATTR by `client` is to say of size and change.  NFS4ERR_DELAY: the holder is asked, and
 * `waiter`, unless NULL, is queued.  One load if there is no WRITE delegation.
 *
 * The holder has changed the file if it says another change attribute than the file had when the
 * delegation was given, or another size than the backend's.  Then the file is touched in the
 * backend, so that its change attribute grows for good and its times move; the size is the
 * holder's.  So the other attributes are to be read after this call, not before.
 *
 * The holder may write to the server at any time, while its answer is under way, too.  So what it
 * said is adjusted to what the backend has by then: a GETATTR that was sent after an acknowledged
 * write shows it, and sizes do not go back unless the holder truncates.  All that is told of one
 * delegation is told in one order, change attributes grow in it, and none stands for two sizes; if
 * the delegation ends before the holder's data have come, the file is touched once more.
 *
 * An answer counts for requests that came before the holder was asked; later ones ask again, one
 * question at a time.  But if an answer took so long that a request that waited for it was sent
 * away with NFS4ERR_DELAY, it counts for whatever comes within DELEGATION_ANSWER_MS of it. */
enum nfsstat4 delegation_getattr(struct state *state, struct vfs_object *obj,
                                 const struct client *client, int64_t now_ns,
                                 struct delegation_waiter *waiter,
                                 struct delegation_attr *out) MUST_USE;

/* The holder has answered, or (`ok` false) has not. */
void delegation_attr_answer(struct delegation *delegation, bool ok, uint64_t change, uint64_t size);

/* ---- the rest ---- */

/* Before the first request; without, none is ever given. */
void delegation_hook(struct state *state, const struct delegation_hooks *hooks);

/* Revoke what is overdue.  From the state's timer. */
void delegation_tick(struct state *state, int64_t now_ns);

/* Which kinds are given at all: a setting, any time.  0: none; 1: READ; 2: WRITE too, which is so
 * at first.  What is held stays. */
void delegation_allow(struct state *state, uint32_t kinds);

enum {
    DELEGATION_ANSWER_MS = 2000,
    DELEGATION_SLOW_MS = 5000, /* a recall that takes longer is worth a line in the log */

    /* After a conflict the file is not delegated for a while: twice as long each time, up to the
     * maximum, until there was no conflict for as long again. */
    DELEGATION_REST_MS = 4000,
    DELEGATION_REST_DOUBLINGS = 6,
};

/* From open_client_release(), open_client_revoke(): when no new ones come; all that it has now. */
void delegation_client_release(struct client *client);
void delegation_client_revoke(struct client *client, enum nfsstat4 why);

/* For state_create(), state_destroy(). */
struct delegation_tables *delegation_tables_create(void);
void delegation_tables_destroy(struct delegation_tables *tables);
