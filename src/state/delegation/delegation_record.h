/* SPDX-License-Identifier: Apache-2.0 */
/* New delegations, before they are granted. */
#pragma once

#include "state/delegation/delegation_request.h"

/* A delegation of this kind, as the request asks for it, that is on no list yet: the caller calls
 * delegation_insert_locked(), or kills and puts its stateid.  It has references of its own on file,
 * object and client.  NULL: no memory, or too many stateids. */
struct delegation *delegation_create(struct file *file, const struct delegation_request *request,
                                     enum delegation_kind kind) MUST_USE;

/* It was granted to this caller: delegation_by_caller(). */
void delegation_set_caller(struct delegation *delegation, const struct vfs_cred *cred);
