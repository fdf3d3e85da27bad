/* SPDX-License-Identifier: Apache-2.0 */
/* Attributes that the holder of a WRITE delegation knows better (CB_GETATTR, RFC 8881 §10.4.3). */
#pragma once

#include "state/delegation/delegation.h"

struct delegation_waiter;

enum {
    DELEGATION_ANSWER_MS = 2000
};

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
