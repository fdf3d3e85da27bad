/* SPDX-License-Identifier: Apache-2.0 */
/* What a caller may do with an object: faccessat(), and ACCESS. */
#pragma once

#include "backend/local/local_internal.h"

/* May the thread's current identity access the object so?  The caller holds the object's path.
 * Returns 0 or an errno. */
int local_may(const struct local_object *obj, int amode);

/* Does the caller own the file as this request has met it, and do its permissions let the owner
 * read it?  Then the kernel says so, too: it judges an owner by these bits alone, whatever the ACL.
 * False: ask. */
bool local_owner_may_read(const struct local_object *obj, const struct vfs_cred *cred);

/* Does `err` mean that access is denied, rather than that the check failed? */
bool local_may_not(int err);

/* Without the path: is the answer of local_access() known from this request and earlier ones? */
bool local_access_known(struct vfs_object *base, const struct vfs_cred *cred, uint32_t want,
                        uint32_t *granted);

enum vfs_status local_access(struct vfs_object *base, const struct vfs_cred *cred, uint32_t want,
                             uint32_t *granted);
