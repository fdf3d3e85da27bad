/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the kernel has said lately that a caller may do with an object, for ACCESS, whose answer is
 * advice: whatever changes something asks the kernel itself, and so does OPEN, unless the owner
 * opens a file for reading (local_owner_may_read()).
 *
 * An answer is good for the same user, group and further groups, as long as the object's ctime is
 * the same, and until the sweeper's next pass, a second or two.  The ctime tells of each change of
 * mode, owner, ACL and flags, if it was older than a tick when the kernel was asked: before Linux
 * 6.13 it is the same for all changes within a tick, and the kernel sets it a moment before a new
 * ACL is in force.  What it does not tell of (a mount that becomes read-only, the policy of a
 * security module) is seen after that second.
 *
 * Thread safe.
 */
#pragma once

#include "backend/local/local_internal.h"

/* Of what is `wanted` (R_OK, W_OK, X_OK), what the object whose statx() this is grants to the
 * caller; or false. */
bool local_grant_find(struct local_object *obj, const struct vfs_cred *cred, const struct statx *st,
                      int wanted, int *granted);

/* A look at the clock between that statx() and the question to the kernel. */
struct local_grant_look {
    uint32_t epoch;
    bool settled; /* any later change is told by another ctime */
};

struct local_grant_look local_grant_look(const struct local_fs *fs, const struct statx *st);

/* Remember the kernel's answer. */
void local_grant_keep(struct local_object *obj, const struct vfs_cred *cred, const struct statx *st,
                      const struct local_grant_look *look, int wanted, int granted);

/* For local_object_destroy(). */
void local_grant_free(struct local_object *obj);

/* Can answers be remembered for a file system of this magic number? */
bool local_grant_possible(int64_t magic);
