/* SPDX-License-Identifier: Apache-2.0 */
/* New delegations, until they are granted. */
#pragma once

#include "state/delegation/delegation_request.h"

/* A delegation of this kind, as the request asks for it, that is on no list yet: the caller calls
 * delegation_insert_locked(), or kills and puts its stateid.  It has references of its own on file,
 * object and client.  NULL: no memory, or too many stateids. */
struct delegation *delegation_create(struct file *file, const struct delegation_request *request,
                                     enum delegation_kind kind) MUST_USE;

/* With file->lock, after delegation_insert_locked(): does the grant hold?  False: a request that is
 * changing the file, or a local program, may not have seen the new delegation, which has ended.
 * `breaks` is delegation_lease_breaks() from before its lease was taken. */
bool delegation_confirm_locked(struct delegation *fresh, uint64_t breaks,
                               struct delegation_gone *gone) MUST_USE;

/* That question alone, when the hint has been raised: delegation.h. */
bool delegation_is_raced(const struct delegation *delegation, uint64_t breaks);

/* It was granted to this caller: delegation_by_caller(). */
void delegation_set_caller(struct delegation *delegation, const struct vfs_cred *cred);
