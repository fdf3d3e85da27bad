/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What operations do about delegations of others in their way (RFC 8881 §10.4.4).  Between begin
 * and end nobody has, or gets, a delegation that excludes what is done to these objects.
 *
 * An operation begins before it changes anything: when it has to wait, it is run once more from its
 * beginning (compound.waiter).
 */
#pragma once

#include "proto/compound.h"
#include "state/delegation/delegation.h"

enum {
    EXCLUSION_OBJECTS = 2,
    EXCLUSION_TURNS = 8 /* of an operation whose names others change as it looks at them */
};

/* Of zero bytes at first, but for the use, the permission, and whether a file is left alone as long
 * as somebody may reclaim a delegation of it: the promise that its names and attributes stay as
 * they are goes on when the server restarts. */
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

/* What the entry `name` of `dir` stands for, that an operation on the entry changes, too: the file,
 * or of a named attribute what it belongs to.  Nothing is looked up, and nothing is found, as long
 * as nobody has a delegation of anything.  What was looked up becomes what `name` expects, so that
 * the operation does not meet another object, which somebody may have delegated: VFS_CHANGED. */
void exclusion_add_entry(struct exclusion *exclusion, const struct compound *c,
                         struct vfs_object *dir, struct vfs_name *name);

/* NFS4_OK: all of them are free for that use until exclusion_end().  NFS4ERR_DELAY: recalls are
 * under way, and nothing is held.  NFS4ERR_GRACE: the same, as long as it takes.  Others are those
 * of permit(): nothing is held or recalled. */
enum nfsstat4 exclusion_begin(struct exclusion *exclusion, const struct compound *c) MUST_USE;
void exclusion_end(struct exclusion *exclusion, const struct compound *c);
