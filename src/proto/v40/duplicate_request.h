/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A COMPOUND of 4.0 and the duplicate request cache.  Each is looked for when it begins, which
 * costs one load unless its xid is known.  It is entered when it comes to the first operation that
 * changes something and has no owner's seqid: CREATE, LINK, REMOVE, RENAME, SETATTR, WRITE,
 * OPENATTR that may create, SETCLIENTID and SETCLIENTID_CONFIRM (RFC 7530 §16.33.5 counts on it),
 * RELEASE_LOCKOWNER, DELEGRETURN, DELEGPURGE.  What ran before that is idempotent, or in the
 * sequence of an owner, which recognises a retry.  WRITE is among them since a late retry would
 * undo what was written since.
 *
 * The second operation with an owner's seqid is entered as well: an owner keeps one result only,
 * and so cannot recognise a retry of two of its operations in one COMPOUND.
 *
 * The whole reply is kept, errors too.  From the entry on it may have LIMIT_DUPLICATE_REPLY_BYTES,
 * and what does not fit is NFS4ERR_RESOURCE: a request is refused rather than run without a way to
 * recognise its retry.
 */
#pragma once

#include "proto/v40/compound40.h"

enum duplicate_way {
    DUPLICATE_GO_ON,
    DUPLICATE_ANSWERED, /* `out` has the kept reply */
    DUPLICATE_DROPPED,  /* no answer, and the connection is closed */
    DUPLICATE_TOO_BIG,  /* this operation is NFS4ERR_RESOURCE: there is no room left */
};

/* Before the first operation.  Never DUPLICATE_TOO_BIG. */
enum duplicate_way duplicate_request_begin(struct v40_compound *x);

/* Before each operation's result is begun; the cursor is behind its number. */
enum duplicate_way duplicate_request_op(struct v40_compound *x, enum nfs_opnum4 op);

/* No answer for a request that can't wait: the connection is closed.  Nothing has been entered. */
enum duplicate_way duplicate_request_drop(struct v40_compound *x);

/* The reply is complete. */
void duplicate_request_end(struct v40_compound *x);
