/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counters of callbacks over any path, without a lock (base/counter.h), and a histogram of reply
 * times.
 *
 * An attempt is one sending of a callback over one connection.  A callback that is answered at its
 * third attempt counts 3 in total, 2 failures and 2 retries.
 */
#pragma once

#include <stdint.h>

#include "base/counter.h"
#include "callback/cb_op.h"

/* X(name, help): over all callbacks, and by operation (the first after CB_SEQUENCE). */
#define CALLBACK_COUNTERS(X)                                                                       \
    X(total, "Attempts to send a callback")                                                        \
    X(failures, "Attempts that failed: not sent, lost, not answered, refused")                     \
    X(retries, "Attempts for a callback that had been tried before")

/* X(name, microseconds): upper bounds of callback_duration_seconds. */
#define CALLBACK_BUCKETS(X)                                                                        \
    X(1ms, 1000)                                                                                   \
    X(2ms5, 2500)                                                                                  \
    X(5ms, 5000)                                                                                   \
    X(10ms, 10000)                                                                                 \
    X(25ms, 25000)                                                                                 \
    X(50ms, 50000)                                                                                 \
    X(100ms, 100000)                                                                               \
    X(250ms, 250000)                                                                               \
    X(500ms, 500000)                                                                               \
    X(1s, 1000000)                                                                                 \
    X(2s5, 2500000)                                                                                \
    X(5s, 5000000)                                                                                 \
    X(10s, 10000000)

enum callback_counter {
#define X(name, help) CALLBACK_COUNTER_##name,
    CALLBACK_COUNTERS(X)
#undef X
    CALLBACK_COUNTER_COUNT
};

enum callback_bucket {
#define X(name, us) CALLBACK_BUCKET_##name,
    CALLBACK_BUCKETS(X)
#undef X
    CALLBACK_BUCKET_MORE, /* above all bounds */
    CALLBACK_BUCKET_COUNT
};

/* Rows of the table of operations. */
enum callback_op {
#define X(NAME, member, arguments) CALLBACK_OP_##NAME,
    CB_OPS(X)
#undef X
    CALLBACK_OP_COUNT
};

struct callback_counters {
    struct counter_set *set;
};

/* A snapshot. */
struct callback_stats {
    uint64_t all[CALLBACK_COUNTER_COUNT];
    uint64_t of[CALLBACK_OP_COUNT][CALLBACK_COUNTER_COUNT];
    uint64_t buckets[CALLBACK_BUCKET_COUNT]; /* not cumulative */
    uint64_t answers;                        /* sum of `buckets` */
    uint64_t duration_us;                    /* sum over all answers */
    uint64_t in_flight;                      /* callbacks taken that have no outcome yet */
};

/* The name of an operation in the table. */
const char *callback_op_name(enum callback_op op);

struct callback_counters *callback_counters_create(void);
void callback_counters_destroy(struct callback_counters *counters); /* NULL is allowed */

/* A callback was taken; it has its outcome.  `counters` may be NULL: nothing is counted. */
void callback_counters_taken(struct callback_counters *counters);
void callback_counters_ended(struct callback_counters *counters);

/* `op` is an nfs_cb_opnum4.  `counters` may be NULL. */
void callback_counters_attempt(struct callback_counters *counters, uint32_t op, bool again);
void callback_counters_failure(struct callback_counters *counters, uint32_t op);

/* A reply came `duration_ns` after the callback was sent. */
void callback_counters_answer(struct callback_counters *counters, int64_t duration_ns);

void callback_counters_read(const struct callback_counters *counters, struct callback_stats *stats);
