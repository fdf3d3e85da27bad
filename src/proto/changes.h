/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a COMPOUND has changed and must be durable before its reply is sent, on exports with `sync`.
 * Handlers add objects as soon as a backend has changed them, whatever the result of their
 * operation.  The processor waits once, after the last operation and before the reply is cached or
 * sent:
 *
 *     handler: changes_add() -> ... -> processor: changes_await() -> reply cached -> reply sent
 *
 * If that fails, the first operation whose change is not durable returns NFS4ERR_IO, and the
 * results after it are dropped although those operations ran: NFS4_OK never stands for a change
 * that a power failure could undo.  Operations on state wait for earlier changes first, so that
 * their results are not dropped (changes_await_before()), and OPEN waits for its own changes before
 * it creates state.
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
    bool lost; /* waiting for some of them has failed */
    /* The first operation whose change is not known to be durable. */
    enum nfs_opnum4 op;
    uint32_t op_index;
    size_t op_pos;
};

/* The current operation has changed `obj`, found through `export`: its attributes, size or, for a
 * directory, entries.  Free with `async`, and if the backend needs no persist().  When the set is
 * full, waits for its content; no lock may be held. */
void changes_add(struct compound *c, const struct export *export, struct vfs_object *obj);

/* The same for what a create changed in c->current.export.  `made` is the new object; NULL after an
 * error.  A retry of an exclusive create waits for the change of the first attempt. */
void changes_add_created(struct compound *c, struct vfs_object *dir, struct vfs_object *made,
                         const struct vfs_create *create);

/* Is there anything to wait for? */
static inline bool changes_pending(const struct changes *changes)
{
    return changes->count > 0 || changes->lost;
}

/* Wait until everything added so far is durable.  False: some of it may be lost.  The set is empty
 * afterwards in both cases. */
bool changes_settle(struct compound *c) MUST_USE;

/* The same between two operations or after the last one.  False: the result of the operation that
 * made the first of these changes is now NFS4ERR_IO, c->op_index is its index, and later results
 * are dropped. */
bool changes_await(struct compound *c, struct reply *reply) MUST_USE;

/* The same before `op` runs, if it creates, changes or uses up a stateid, or an owner's place in
 * its sequence.  (FREE_STATEID can be repeated.)  Such an operation must not run if its result
 * would be dropped because of an earlier change: the server would count it, and the client would
 * not know. */
bool changes_await_before(struct compound *c, struct reply *reply, enum nfs_opnum4 op) MUST_USE;

/* Forget the changes not waited for: there will be no reply. */
void changes_drop(struct changes *changes);
