/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How operations deal with conflicting delegations (RFC 8881 §10.4.4).  Between begin and end no
 * other client has, or gets, a delegation that conflicts with what is done to these objects.
 *
 * An operation begins its exclusion before it changes anything: when it has to wait, it is run once
 * more from its beginning (compound.waiter).
 */
#pragma once

#include "proto/compound.h"
#include "state/delegation/delegation_conflict.h"

enum {
    EXCLUSION_OBJECTS = 2,
    EXCLUSION_TURNS = 8 /* of an operation whose names others change as it looks at them */
};

/* Zeroed at first, except for the use, the permission, and `after_reclaims`: whether to leave a
 * file alone as long as a client may reclaim a delegation of it, which also after a restart of the
 * server guarantees that its names and attributes stay as they are. */
struct exclusion {
    enum delegation_use use;
    bool after_reclaims;
    /* May the caller do it at all?  Asked when one of the objects is delegated, so that a request
     * that fails anyhow recalls nothing: what it says then is the operation's status. */
    enum nfsstat4 (*permit)(const struct compound *c, const void *subject);
    const void *subject;
    struct vfs_object *objects[EXCLUSION_OBJECTS]; /* references */
    uint32_t count;
    const struct vfs *unseen; /* delegation_begin_unseen() */
};

/* For permit(). */
static inline enum nfsstat4 exclusion_refusal(enum vfs_status status)
{
    return status == VFS_OK ? NFS4_OK : status_from_vfs(status);
}

/* One object more that is about to be used; NULL: none.  Takes over the reference. */
void exclusion_add(struct exclusion *exclusion, struct vfs_object *obj);

/* Add the object that the entry `name` of `dir` leads to, since an operation on the entry changes
 * it, too: the file, or for a named attribute the object that it belongs to.  As long as there are
 * no delegations at all, nothing is looked up.  The object found becomes the one that `name`
 * expects: if another one has the name by then, the operation fails with VFS_CHANGED. */
void exclusion_add_entry(struct exclusion *exclusion, const struct compound *c,
                         struct vfs_object *dir, struct vfs_name *name);

/* NFS4_OK: all of them are free for that use until exclusion_end().  NFS4ERR_DELAY: recalls are
 * under way, and nothing is held.  NFS4ERR_GRACE: the same, as long as it takes.  Others are those
 * of permit(): nothing is held or recalled. */
enum nfsstat4 exclusion_begin(struct exclusion *exclusion, const struct compound *c) MUST_USE;
void exclusion_end(struct exclusion *exclusion, const struct compound *c);
