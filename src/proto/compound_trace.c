/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The debug line of a COMPOUND.  Costs one test of the log level when debug is off.
 */
#include "proto/compound_trace.h"

#include <stdio.h>

#include "base/log.h"
#include "wire/op_table.h"

enum {
    NAMES_BYTES = LIMIT_COMPOUND_OPS * 24, /* the longest name is BIND_CONN_TO_SESSION */
    SIZES_BYTES = LIMIT_COMPOUND_OPS * 12
};

struct compound_trace *compound_trace_begin(struct arena *arena)
{
    struct compound_trace *trace;

    if (!log_enabled(LOG_PART_compound, LOG_LEVEL_DEBUG))
        return NULL;
    trace = arena_alloc(arena, sizeof(*trace));
    if (trace)
        trace->count = 0;
    return trace;
}

void compound_trace_add(struct compound_trace *trace, uint32_t op, size_t bytes)
{
    if (!trace || trace->count == LIMIT_COMPOUND_OPS)
        return;
    trace->results[trace->count].op = op;
    trace->results[trace->count].bytes = (uint32_t)bytes;
    trace->count++;
}

void compound_trace_cut(struct compound_trace *trace, uint32_t index, size_t bytes)
{
    if (!trace || index >= trace->count)
        return;
    trace->results[index].bytes = (uint32_t)bytes;
    trace->count = index + 1;
}

static const char *op_name(uint32_t op)
{
    const struct op_info *info = op_info(op);

    return info ? info->name : "ILLEGAL";
}

static void trace_log(const struct compound_trace *trace, enum nfsstat4 status, size_t head_bytes,
                      size_t body_bytes)
{
    char names[NAMES_BYTES] = "[", sizes[SIZES_BYTES] = "[";
    size_t name_at = 1, size_at = 1;

    for (uint32_t i = 0; i < trace->count; i++) {
        const char *comma = i ? "," : "";

        name_at += (size_t)snprintf(names + name_at, sizeof(names) - name_at, "%s%s", comma,
                                    op_name(trace->results[i].op));
        size_at += (size_t)snprintf(sizes + size_at, sizeof(sizes) - size_at, "%s%u", comma,
                                    trace->results[i].bytes);
    }
    (void)snprintf(names + name_at, sizeof(names) - name_at, "]");
    (void)snprintf(sizes + size_at, sizeof(sizes) - size_at, "]");
    log_debug("compound.done", LOG_STR("ops", names), LOG_STR("bytes", sizes),
              LOG_U64("status", status), LOG_U64("head", head_bytes), LOG_U64("body", body_bytes));
}

void compound_trace_end(const struct compound_trace *trace, enum nfsstat4 status, size_t head_bytes,
                        size_t body_bytes)
{
    if (trace)
        trace_log(trace, status, head_bytes, body_bytes);
}
