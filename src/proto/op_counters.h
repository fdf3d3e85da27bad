/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counters of operations, by minor version: how many were executed, their errors, and how long they
 * took.  Without a lock, each thread in cache lines of its own; only those threads for which there
 * is no lane left share some, and add by an atomic instruction (base/counter.h).
 *
 * Operations of cached data take less time than reading the clock for each of them would be worth.
 * So these are timed in a sample: all operations of about one COMPOUND in OP_TIMED_EACH, each of
 * which counts OP_TIMED_EACH times.  One that waited, parked or so long that its event loop went to
 * another thread, is always timed, from the beginning of its wait, and counts once.  So the
 * histogram has the right proportions, and no slow operation is missing.
 *
 * A row is an operation of a minor version.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/counter.h"
#include "proto/minor_range.h"
#include "wire/nfs4_const.h"

/* X(name, microseconds): upper bounds of the histogram of durations. */
#define OP_BUCKETS(X)                                                                              \
    X(10us, 10)                                                                                    \
    X(25us, 25)                                                                                    \
    X(100us, 100)                                                                                  \
    X(250us, 250)                                                                                  \
    X(1ms, 1000)                                                                                   \
    X(2ms5, 2500)                                                                                  \
    X(10ms, 10000)                                                                                 \
    X(25ms, 25000)                                                                                 \
    X(100ms, 100000)                                                                               \
    X(250ms, 250000)                                                                               \
    X(1s, 1000000)                                                                                 \
    X(2s5, 2500000)                                                                                \
    X(10s, 10000000)

enum op_bucket {
#define X(name, us) OP_BUCKET_##name,
    OP_BUCKETS(X)
#undef X
    OP_BUCKET_MORE, /* above all bounds */
    OP_BUCKET_COUNT
};

enum {
    OP_TIMED_EACH = 64,
    OP_ROWS_EACH = OP_REMOVEXATTR + 1, /* of a minor version */
    OP_ROWS = (MINOR_BUILT_LAST + 1) * OP_ROWS_EACH,
    OP_ROW_STABLE = OP_ROWS, /* only timed: replies that wait until changes are on disk */
};

struct op_counters {
    struct counter_set *executed; /* by row */
    struct counter_set *errors;   /* by number */
    struct counter_set *times;    /* by row: buckets, and the sum */
    struct op_error_table *table; /* the numbers of errors */
};

/* Durations of the operations of a row. */
struct op_times {
    uint64_t buckets[OP_BUCKET_COUNT]; /* not cumulative */
    uint64_t sum_ns;
};

/* An error of the operations of a row. */
struct op_error {
    unsigned row;
    enum nfsstat4 status;
    uint64_t count;
};

/* No operation has the number 0; numbers that no minor version has come as OP_ILLEGAL. */
static inline unsigned op_row(unsigned first, enum nfs_opnum4 op)
{
    return first + ((unsigned)op < OP_ROWS_EACH ? (unsigned)op : 0);
}

/* The first row of a minor version. */
static inline unsigned op_row_first(unsigned minor)
{
    return minor * OP_ROWS_EACH;
}

static inline unsigned op_row_minor(unsigned row)
{
    return row / OP_ROWS_EACH;
}

/* "GETATTR"; "ILLEGAL"; NULL: the row is of no operation. */
const char *op_row_name(unsigned row);

struct op_counters *op_counters_create(void);
void op_counters_destroy(struct op_counters *counters); /* NULL is allowed */

/* An operation was executed. */
static inline void op_counters_add(struct op_counters *counters, unsigned row)
{
    counter_add(counters->executed, row, 1);
}

/* This thread's counters of the operations of a minor version, by nfs_opnum4: to be added to with
 * counter_add_own().  NULL: it has none of its own. */
static inline _Atomic uint64_t *op_counters_own(struct op_counters *counters, unsigned first)
{
    _Atomic uint64_t *own = counter_own(counters->executed);

    return own ? own + first : NULL;
}

/* It returned an error. */
void op_counters_add_error(struct op_counters *counters, unsigned row, enum nfsstat4 status);

/* It took this long, and counts `weight` times. */
void op_counters_add_time(struct op_counters *counters, unsigned row, int64_t duration_ns,
                          unsigned weight);

/* The state of a thread's sample. */
struct op_sample {
    uint32_t left; /* COMPOUNDs until the next one that is timed */
    uint32_t random;
};
extern _Thread_local struct op_sample op_sample;

bool op_sample_begin(void);

/* A COMPOUND begins: are its operations timed?  At random, because clients repeat themselves. */
static inline bool op_sample_due(void)
{
    return __builtin_expect(op_sample.left-- == 0, 0) && op_sample_begin();
}

/* To be shown; any thread. */
uint64_t op_counters_read(const struct op_counters *counters, unsigned row);
void op_counters_read_times(const struct op_counters *counters, unsigned row,
                            struct op_times *times);

/* The next error that ever occurred, in order of rows and statuses; *at begins with 0. */
bool op_counters_next_error(const struct op_counters *counters, uint32_t *at,
                            struct op_error *error);

/* Errors that found no room for a count of their own. */
uint64_t op_counters_other_errors(const struct op_counters *counters);
