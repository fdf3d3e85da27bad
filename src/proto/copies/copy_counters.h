/* SPDX-License-Identifier: Apache-2.0 */
/* What is counted of copies, without a lock (base/counter.h). */
#pragma once

#include <stdint.h>

/* X(name, help) */
#define COPY_COUNTERS(X)                                                                           \
    X(begun, "Asynchronous copies that began")                                                     \
    X(done, "Asynchronous copies that ended with all that was asked for")                          \
    X(short, "Asynchronous copies that ended early, so that the client asks for the rest")         \
    X(failed, "Asynchronous copies that ended with an error")                                      \
    X(cancelled, "Asynchronous copies that the client cancelled, or that ended with it")           \
    X(bytes, "Bytes that COPY copied, holes included")

enum copy_counter {
#define X(name, help) COPY_COUNTER_##name,
    COPY_COUNTERS(X)
#undef X
    COPY_COUNTER_COUNT
};

/* A snapshot. */
struct copy_stats {
    uint64_t of[COPY_COUNTER_COUNT];
    uint32_t live;  /* copies that wait for a turn or have one, now */
    uint32_t ended; /* those whose end the client does not know */
};
