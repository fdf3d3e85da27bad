/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Permission by an object's ACL if it has one, else by its mode (vfs_mode.h).  For backends without
 * a kernel below them that enforces it.  Pure functions.
 *
 * In addition to the entries (RFC 8881 §6.3.1.1): uid 0 may do everything, except execute a file
 * that is not executable for anyone.  The owner may always read and set the ACL, and may read and
 * set the attributes unless an entry denies it.  All others may read the attributes unless an entry
 * denies it.  Writing a file needs both WRITE_DATA and APPEND_DATA: there is no append-only access.
 */
#pragma once

#include "vfs/vfs_acl.h"
#include "vfs/vfs_object.h"

struct vfs_guard {
    const struct vfs_attr *attr;
    const struct vfs_acl *acl; /* NULL: none */
};

/* The rwx bits (4, 2, 1) that cred has on an object. */
uint32_t vfs_guard_rwx(struct vfs_guard obj, const struct vfs_cred *cred);

/* Does cred have all these rights (enum vfs_ace_right)?  Only for rights that a mode can
 * express. */
bool vfs_guard_may(struct vfs_guard obj, const struct vfs_cred *cred, uint32_t wanted);

/* May cred read the ACL? */
bool vfs_guard_may_read_acl(struct vfs_guard obj, const struct vfs_cred *cred);

/* The subset of `want` (enum vfs_access) that is granted. */
uint32_t vfs_guard_access(struct vfs_guard obj, const struct vfs_cred *cred, uint32_t want);

/* May cred read and list (VFS_MAY_XAREAD, VFS_MAY_XALIST) or change (VFS_MAY_XAWRITE) the extended
 * attributes?  Reading them is like reading the data, changing them like writing it.  Where `w`
 * does not permit storing data with the object (symlinks, devices, sticky directories), only the
 * owner changes them.  VFS_ACCESS, VFS_PERM; VFS_WRONG_TYPE: named attributes have none. */
enum vfs_status vfs_guard_may_xattr(struct vfs_guard obj, const struct vfs_cred *cred,
                                    enum vfs_access wanted);

/* May cred remove `victim` from `dir`?  RFC 8881 §6.2.1.3.2, and the sticky bit if neither ACL
 * decides it. */
enum vfs_status vfs_guard_may_delete(struct vfs_guard dir, struct vfs_guard victim,
                                     const struct vfs_cred *cred);

/* Like vfs_mode_may_setattr(), but an ACL may permit callers other than the owner to set times,
 * mode and ACL, or to take ownership for themselves and their groups.  Only the owner sets suid or
 * sgid. */
enum vfs_status vfs_guard_may_setattr(struct vfs_guard cur, const struct vfs_cred *cred,
                                      const struct vfs_attr *set, bool opened,
                                      uint32_t *mode_after);
