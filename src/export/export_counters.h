/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What clients read and wrote, by export.  Counted for the backend at a path: a change of the
 * export's options goes on with the same counters.  Without a lock (base/counter.h).
 */
#pragma once

#include "base/counter.h"
#include "export/export.h"

/* X(name, help) */
#define EXPORT_COUNTERS(X)                                                                         \
    X(read_bytes, "Bytes read by clients, by export")                                              \
    X(written_bytes, "Bytes written by clients, by export")                                        \
    X(hole_bytes, "Bytes read by clients that were sent as holes, by export")

enum export_counter {
#define X(name, help) EXPORT_COUNTER_##name,
    EXPORT_COUNTERS(X)
#undef X
    EXPORT_COUNTER_COUNT
};

/* The export must not be the pseudo file system. */
static inline void export_counters_add(const struct export *export, enum export_counter counter,
                                       uint64_t n)
{
    counter_add(export->counters, counter, n);
}

/* The counters of an export so far. */
struct export_stats {
    const char *path; /* valid during the visit */
    uint64_t of[EXPORT_COUNTER_COUNT];
    bool keeps; /* it may keep attributes */
    uint64_t kept[VFS_KEPT_COUNT];
};

/* Visit each export, in the order in which they were added.  Any thread. */
void export_counters_visit(struct export_table *table,
                           void (*visit)(const struct export_stats *stats, void *arg), void *arg);
