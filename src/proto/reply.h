/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reply of a COMPOUND under construction: head, results, and their size limits.  The processor
 * of each minor version drives it; handlers only append the body of their result.
 *
 * The reply is built in place.  While an operation runs, `out` ends where its result must: at the
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
    REPLY_ERROR_BYTES = 12 /* the longest error result: SETATTR's, with an empty bitmap */
};

struct reply {
    size_t start;                 /* of the COMPOUND4res in out */
    size_t count_pos;             /* of the number of results */
    uint8_t *limit;               /* the whole reply must end here */
    enum nfsstat4 too_big;        /* the status if it does not */
    struct compound_trace *trace; /* NULL unless the log level is debug */
};

/* Append the head to c->out.  The reply must end where c->out does. */
void reply_begin(struct reply *reply, struct compound *c, const struct wire_opaque *tag,
                 enum nfsstat4 too_big);

/* Append number and status of the operation at c->op_index.  Returns the position. */
size_t reply_op_begin(struct reply *reply, struct compound *c, enum nfs_opnum4 op);

/* The operation's result is complete, or dropped because of an error.  Returns the status, which
 * may have become reply->too_big. */
enum nfsstat4 reply_op_end(struct reply *reply, struct compound *c, enum nfs_opnum4 op, size_t pos,
                           enum nfsstat4 status);

/* Between reply_op_begin() and reply_op_end(): may the operation run?  Only if the next one has
 * room for an error and, if it changes something, if its own result is certain to fit. */
bool reply_op_fits(const struct reply *reply, const struct compound *c, const struct op_info *info);

/* The operation at c->op_index, whose result is at `pos`, has failed after all: replace its result
 * by this error, and drop the later results. */
void reply_op_retract(struct reply *reply, struct compound *c, enum nfs_opnum4 op, size_t pos,
                      enum nfsstat4 status);

/* Complete the head for `results` operations. */
void reply_end(struct reply *reply, struct compound *c, enum nfsstat4 status, uint32_t results);
