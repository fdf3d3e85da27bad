/* SPDX-License-Identifier: Apache-2.0 */
/*
 * POSIX permission rules on (mode, owner, group) for backends that have no kernel below them to
 * enforce them, and the few checks every backend shares.  Pure functions.
 */
#pragma once

#include "vfs/vfs_attr.h"
#include "vfs/vfs_identity.h"
#include "vfs/vfs_request.h"
#include "vfs/vfs_status.h"

bool vfs_cred_in_group(const struct vfs_cred *cred, uint32_t gid);

/* rwx bits (4, 2, 1) that cred has on an object; uid 0 has rw always and x on directories and on
 * files with any x bit. */
uint32_t vfs_mode_rwx(const struct vfs_attr *attr, const struct vfs_cred *cred);

/* The subset of `want` (enum vfs_access) granted.  DELETE on a directory means deleting entries. */
uint32_t vfs_mode_access(const struct vfs_attr *attr, const struct vfs_cred *cred, uint32_t want);

/* May cred remove or rename away an entry `victim` of `dir` (write and search on dir, sticky
 * bit)? */
enum vfs_status vfs_mode_may_delete(const struct vfs_attr *dir, const struct vfs_attr *victim,
                                    const struct vfs_cred *cred);

/* The mode of an object after set->mask was applied, less the suid and sgid bits that POSIX says to
 * clear when uid, gid, size or mode change. */
uint32_t vfs_mode_after(const struct vfs_attr *cur, const struct vfs_cred *cred,
                        const struct vfs_attr *set);

/* May cred apply set->mask to an object with `cur` (owner rules for mode, ACL, times, uid, gid;
 * write permission for size and *_NOW)?  Then *mode_after is vfs_mode_after(). */
enum vfs_status vfs_mode_may_setattr(const struct vfs_attr *cur, const struct vfs_cred *cred,
                                     const struct vfs_attr *set, bool opened, uint32_t *mode_after);
