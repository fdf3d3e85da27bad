/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Conflicts with delegations.  A request calls delegation_begin() before it uses or changes an
 * object, and delegation_end() afterwards.  OPEN, which checks its shares under file.lock, does the
 * same step by step:
 *
 *     with file.lock: delegation_conflict_find_locked() marks conflicting delegations as recalled
 *     and queues the waiter; or it notes holders whose lease is over, and theirs are revoked as
 *     described in courtesy.h, with delegation_conflict_revoke_locked()
 *     without: delegation_conflict_recall() calls the holders, and revokes delegations that were
 *     recalled a lease ago; delegation_gone_settle() drops those and wakes their waiters
 */
#pragma once

#include "state/delegation/delegation.h"
#include "state/delegation/delegation_claim.h"
#include "state/delegation/delegation_gone.h"
#include "state/delegation/delegation_waiter.h"
#include "state/file/courtesy.h"

/* NFS4_OK: nothing conflicts with the claim, and nothing will until delegation_end().
 * NFS4ERR_DELAY: delegations are being recalled, and `waiter`, unless NULL, is queued.  Without
 * locks; may wait for the disk, to record that an expired client loses state. */
enum nfsstat4 delegation_begin(struct state *state, const struct delegation_claim *claim,
                               int64_t now_ns, struct delegation_waiter *waiter) MUST_USE;
void delegation_end(struct state *state, struct vfs_object *obj);

/* Is any delegation of the object held?  A hint: one may be granted or returned at any moment. */
static inline bool delegation_is_held(const struct vfs_object *obj)
{
    return atomic_load_explicit(&obj->node->delegations, memory_order_relaxed) != 0;
}

/* delegation_begin() for a request whose client has the object open for writing, or holds a
 * delegation of it, so that no other client holds one.  It is counted, and has to be before the
 * open or delegation is looked up: that may end while the request is still at the disk (a CLOSE
 * overtakes a WRITE), and then no other client is granted a delegation before delegation_end(). */
void delegation_begin_entitled(struct state *state, struct vfs_object *obj);

/* A local program is about to use the object: recall the conflicting delegations.  `held_up`: it
 * waits until they have ended, and does not retry. */
void delegation_recall_all(struct state *state, struct vfs_object *obj, enum delegation_use use,
                           bool held_up, int64_t now_ns);

/* ---- step by step ---- */

/* On the stack of a request. */
struct delegation_conflict {
    struct state *state;
    struct delegation_claim claim;
    struct delegation_waiter *waiter;
    bool asks_once;      /* the caller waits for the end of the recall, and does not retry */
    bool overdue;        /* a delegation was recalled a lease ago */
    int64_t now_ns;      /* when it was found */
    struct list recalls; /* of struct delegation.hook_link, a reference each */
};

void delegation_conflict_init(struct delegation_conflict *conflict, struct state *state,
                              const struct delegation_claim *claim,
                              struct delegation_waiter *waiter);

/* Does a delegation conflict with the claim?  If so such are about to be recalled, the waiter is
 * queued, and the client's delay is noted.  But if the lease of any holder is over, these holders
 * are noted in `courtesy`, and the caller must check again after they have lost their
 * delegations. */
bool delegation_conflict_find_locked(struct delegation_conflict *conflict, struct file *file,
                                     struct courtesy *courtesy) MUST_USE;

/* To be called after each of these, without the lock.  May wait for the disk. */
void delegation_conflict_recall(struct delegation_conflict *conflict);

/* Between courtesy_begin() and _end(). */
void delegation_conflict_revoke_locked(struct delegation_conflict *conflict, struct file *file,
                                       struct courtesy *courtesy, struct delegation_gone *gone);

/* Until nothing is in the way, with recalls and revocations as needed: NFS4_OK, DELAY. */
enum nfsstat4 delegation_conflict_resolve(struct delegation_conflict *conflict, struct file *file,
                                          int64_t now_ns) MUST_USE;
