/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How operations deal with conflicting delegations (RFC 8881 §10.4.4).  Between begin and end no
 * other client has, or is granted, a delegation that conflicts with the use of these objects.
 *
 * An operation begins its exclusion before it changes anything: if it must wait, it is run again
 * from its beginning (compound.waiter).
 */
#pragma once

#include "proto/compound.h"
#include "state/delegation/delegation_conflict.h"

enum {
    EXCLUSION_OBJECTS = 4,
    EXCLUSION_TURNS = 8 /* attempts of an operation whose names others keep changing */
};

/* To be zeroed, except for the permission and `after_reclaims`: whether to leave a file alone while
 * a client may reclaim a delegation of it, since such a delegation guarantees, even after a restart
 * of the server, that names and attributes do not change. */
struct exclusion {
    bool after_reclaims;
    /* May the caller perform the operation?  Asked if one of the objects is delegated, so that a
     * request which would fail recalls nothing; its error is then the operation's. */
    enum nfsstat4 (*permit)(const struct compound *c, const void *subject);
    const void *subject;
    struct {
        struct vfs_object *obj; /* a reference */
        enum delegation_use use;
    } objects[EXCLUSION_OBJECTS];
    uint32_t count;
    const struct vfs *whole_fs; /* delegation_begin_fs() */
    bool harmless; /* the operation will change nothing, or return VFS_CHANGED: the objects are only
                    * kept */
};

/* For permit(). */
static inline enum nfsstat4 exclusion_refusal(enum vfs_status status)
{
    return status == VFS_OK ? NFS4_OK : status_from_vfs(status);
}

/* Add an object that is about to be used.  NULL is allowed.  Takes over the reference. */
void exclusion_add(struct exclusion *exclusion, struct vfs_object *obj, enum delegation_use use);

/* Add a directory whose entries are about to change, after its entries: while no delegations exist,
 * they stand for it. */
void exclusion_add_dir(struct exclusion *exclusion, struct vfs_object *dir,
                       enum delegation_use use);

/* Add the object behind the entry `name` of `dir`, because an operation on the entry changes it,
 * too: the file, or for a named attribute the object that it belongs to.  While no delegations
 * exist, nothing is looked up.  The object found becomes the one that `name` expects: if another
 * object has the name later, the operation fails with VFS_CHANGED. */
void exclusion_add_entry(struct exclusion *exclusion, const struct compound *c,
                         struct vfs_object *dir, struct vfs_name *name);

/* NFS4_OK: the objects are free for these uses until exclusion_end().  NFS4ERR_DELAY: they are
 * being recalled, and nothing is held.  NFS4ERR_GRACE: the same during the grace period.  Other
 * errors are those of permit(): nothing is held or recalled. */
enum nfsstat4 exclusion_begin(struct exclusion *exclusion, const struct compound *c) MUST_USE;

/* Before exclusion_end(): the object that was behind the entry `name` is gone, and with it, if it
 * was a directory, the caller's own delegation of it (delegation_dir.h). */
void exclusion_gone(const struct exclusion *exclusion, const struct compound *c,
                    const struct vfs_name *name);
void exclusion_end(struct exclusion *exclusion, const struct compound *c);
