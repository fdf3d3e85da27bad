/* SPDX-License-Identifier: Apache-2.0 */
/* What a request is about to do with an object: decides which delegations are in its way. */
#pragma once

#include "wire/nfs4_types.h"

struct client;
struct vfs_object;

/* How it uses the object, as a set.  Changes of a directory that a holder may have subscribed to
 * (RFC 8881 §10.9) are named by the type of the notice. */
enum delegation_use {
    DELEGATION_USE_READ = 0,         /* data is read: conflicts with WRITE delegations */
    DELEGATION_USE_CHANGE = 1 << 30, /* data, attributes or names change: conflicts with all */
    DELEGATION_USE_DIR_ATTRS = 1 << NOTIFY4_CHANGE_DIR_ATTRS,
    DELEGATION_USE_REMOVE = 1 << NOTIFY4_REMOVE_ENTRY,
    DELEGATION_USE_ADD = 1 << NOTIFY4_ADD_ENTRY,
    DELEGATION_USE_RENAME = 1 << NOTIFY4_RENAME_ENTRY,
};

struct delegation_claim {
    struct client *client; /* the sender of the request; NULL: not known.  Its own delegations of
                            * this object do not conflict */
    struct vfs_object *obj;
    enum delegation_use use;
};
