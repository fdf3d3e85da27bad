/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records the operations of a COMPOUND and the encoded sizes of their results, for the debug log.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/limits.h"
#include "wire/nfs4_const.h"

struct compound_trace {
    uint32_t count;
    struct {
        uint32_t op;
        uint32_t bytes;
    } results[LIMIT_COMPOUND_OPS];
};

/* NULL unless the log level is debug, or without memory. */
struct compound_trace *compound_trace_begin(struct arena *arena);

/* Add a result.  NULL is allowed. */
void compound_trace_add(struct compound_trace *trace, uint32_t op, size_t bytes);

/* Result `index` is now the last one, and has this size. */
void compound_trace_cut(struct compound_trace *trace, uint32_t index, size_t bytes);

/* Log ops=[SEQUENCE,PUTROOTFH] bytes=[44,8] body=52.  The body is all results; together with the
 * head (status, tag, number of results) it is the COMPOUND4res. */
void compound_trace_end(const struct compound_trace *trace, enum nfsstat4 status, size_t head_bytes,
                        size_t body_bytes);
