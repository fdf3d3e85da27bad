/* SPDX-License-Identifier: Apache-2.0 */
/* ACLs of objects. */
#pragma once

#include "backend/mem/mem_internal.h"

/* Store a copy in place of the present ACL.  The object is write-locked, or not visible to other
 * threads.  The caller sets the mode.  False when the account is full (never with `force`), and
 * without memory. */
bool mem_acl_keep_locked(struct mem_object *obj, const struct vfs_acl *acl, bool force);
/* The mode was set: adapt the ACL, if there is one. */
bool mem_acl_chmod_locked(struct mem_object *obj, uint32_t mode) MUST_USE;

/* There is no memory for the ACL that is due: deny all access until the next one is set. */
void mem_acl_close_locked(struct mem_object *obj);
void mem_acl_drop(struct mem_object *obj);
enum vfs_status mem_getacl(struct vfs_object *vfs, const struct vfs_cred *cred,
                           struct vfs_acl *out);
