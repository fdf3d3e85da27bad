/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reply of a COMPOUND on its way: head, one result behind the other, and the bounds that hold
 * for them.  Each minor version's processor drives it; handlers only append the body of their
 * result.
 *
 * The reply is built in place.  While an operation runs, `out` ends where its reply must: at the
 * limit, less what the next operation needs for an error.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/compound.h"

struct compound_trace;
struct op_info;

enum {
    REPLY_ERROR_BYTES = 12 /* the longest result of an error: SETATTR's, with its empty bitmap */
};

struct reply {
    size_t start;                 /* of the COMPOUND4res in out */
    size_t count_pos;             /* of the number of results */
    uint8_t *limit;               /* where the whole reply must end */
    enum nfsstat4 too_big;        /* what to say when it does not */
    struct compound_trace *trace; /* NULL unless the log level is debug */
};

/* Append the head to c->out; the reply must end where c->out does. */
void reply_begin(struct reply *reply, struct compound *c, const struct wire_opaque *tag,
                 enum nfsstat4 too_big);

/* Number and status of the operation at c->op_index; returns where that stands. */
size_t reply_op_begin(struct reply *reply, struct compound *c, enum nfs_opnum4 op);

/* Its result is appended, or dropped with an error.  Returns the status, which may have become
 * reply->too_big. */
enum nfsstat4 reply_op_end(struct reply *reply, struct compound *c, enum nfs_opnum4 op, size_t pos,
                           enum nfsstat4 status);

/* An operation runs only if the one behind it can fail still, and one that changes something only
 * if its own result is sure to fit: between reply_op_begin() and reply_op_end(). */
bool reply_op_fits(const struct reply *reply, const struct compound *c, const struct op_info *info);

/* The operation at c->op_index, whose result is at `pos`, has failed after all: its result becomes
 * this error, and the results behind it are dropped. */
void reply_op_retract(struct reply *reply, struct compound *c, enum nfs_opnum4 op, size_t pos,
                      enum nfsstat4 status);

/* Complete the head: `results` operations have one. */
void reply_end(struct reply *reply, struct compound *c, enum nfsstat4 status, uint32_t results);
