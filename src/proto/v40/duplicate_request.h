/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A COMPOUND of 4.0 and the duplicate request cache.  Each COMPOUND is looked up when it begins,
 * which costs one load unless its xid is known.  It is entered before the first operation that
 * changes something and has no owner's seqid: CREATE, LINK, REMOVE, RENAME, SETATTR, WRITE,
 * OPENATTR that may create, SETCLIENTID and SETCLIENTID_CONFIRM (RFC 7530 §16.33.5 relies on it),
 * RELEASE_LOCKOWNER, DELEGRETURN, DELEGPURGE.  Earlier operations are idempotent, or in the
 * sequence of an owner, which recognizes a retry.  WRITE is included because a late retry would
 * undo later writes.
 *
 * The second operation with an owner's seqid is entered, too: an owner keeps only one result, and
 * so cannot recognize a retry of two of its operations in one COMPOUND.
 *
 * The whole reply is cached, including errors.  From the entry on it is limited to
 * LIMIT_DUPLICATE_REPLY_BYTES, and what exceeds that gets NFS4ERR_RESOURCE: a request is refused
 * rather than executed without a way to recognize its retry.
 */
#pragma once

#include "proto/v40/compound40.h"

enum duplicate_way {
    DUPLICATE_GO_ON,
    DUPLICATE_ANSWERED, /* `out` has the cached reply */
    DUPLICATE_DROPPED,  /* no reply; the connection is closed */
    DUPLICATE_TOO_BIG,  /* this operation gets NFS4ERR_RESOURCE: there is no room left */
};

/* Before the first operation.  Never DUPLICATE_TOO_BIG. */
enum duplicate_way duplicate_request_begin(struct v40_compound *x);

/* Before each operation's result is begun; the cursor is after its number. */
enum duplicate_way duplicate_request_op(struct v40_compound *x, enum nfs_opnum4 op);

/* Drop a request that can't wait: no reply, and the connection is closed.  Nothing has been
 * entered. */
enum duplicate_way duplicate_request_drop(struct v40_compound *x);

/* The reply is complete. */
void duplicate_request_end(struct v40_compound *x);
