/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a COMPOUND has changed and has to be durable before its reply leaves, on exports with
 * `sync`.  Handlers add objects as soon as a backend has changed them, whatever becomes of their
 * operation; the processor waits once, behind the last operation and before the reply is kept for
 * retries or sent:
 *
 *     handler: changes_add() -> ... -> processor: changes_await() -> reply kept -> reply sent
 *
 * If that fails, the first operation whose change is not durable gets NFS4ERR_IO, and the results
 * behind it are dropped although those operations ran: NFS4_OK never stands for something that a
 * power failure could undo.  Operations on state wait for the changes before them, so that their
 * results are not dropped (changes_await_before()), and OPEN waits for its own changes before it
 * makes state.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"
#include "base/limits.h"
#include "wire/nfs4_const.h"

struct compound;
struct export;
struct reply;
struct vfs_create;
struct vfs_object;

struct changes {
    struct vfs_object *objects[LIMIT_COMPOUND_CHANGES]; /* each once, with a reference */
    uint32_t count;
    bool lost; /* a wait for some of them has failed */
    /* The first operation with a change that is not known to be durable. */
    enum nfs_opnum4 op;
    uint32_t op_index;
    size_t op_pos;
};

/* The operation that runs has changed `obj`, which it found through `export`: attributes, size, or
 * a directory's entries.  Costs nothing with `async` and where the backend needs no persist().
 * When the set is full it waits for what is in it: with no lock held. */
void changes_add(struct compound *c, const struct export *export, struct vfs_object *obj);

/* The same for what a create changed in c->current.export: `made` is the new object, NULL after an
 * error.  A retry of an exclusive create answers for the first one. */
void changes_add_created(struct compound *c, struct vfs_object *dir, struct vfs_object *made,
                         const struct vfs_create *create);

/* Is there anything to wait for? */
static inline bool changes_pending(const struct changes *changes)
{
    return changes->count > 0 || changes->lost;
}

/* Wait until all that was added so far is durable.  False: some of it may be lost.  Either way the
 * set is empty afterwards. */
bool changes_settle(struct compound *c) MUST_USE;

/* The same between two operations or behind the last.  False: the result of the operation that made
 * the first of these changes has become NFS4ERR_IO, c->op_index is that operation's, and the
 * results behind it are gone. */
bool changes_await(struct compound *c, struct reply *reply) MUST_USE;

/* Before `op` runs: the same if it gives, changes or takes a stateid in use, or the place of an
 * owner in its sequence.  (FREE_STATEID can be repeated.)  Such an operation must not run when its
 * result would be dropped for a change before it: the server would count it, and the client could
 * not know. */
bool changes_await_before(struct compound *c, struct reply *reply, enum nfs_opnum4 op) MUST_USE;

/* Forget what was added and not waited for: there is no reply. */
void changes_drop(struct changes *changes);
