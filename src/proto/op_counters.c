/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Few of all pairs of an operation and an error ever occur.  Each of these gets the number of a
 * counter when it first does, and keeps it.  So adding to it writes nothing that threads share.
 */
#include "proto/op_counters.h"

#include <stdlib.h>

#include "base/check.h"
#include "wire/op_table.h"

enum {
    /* Statuses as small numbers: up to LOW_LAST as they are, those from HIGH_FIRST on after them;
     * 0 is any other one. */
    LOW_LAST = NFS4ERR_STALE,
    HIGH_FIRST = NFS4ERR_BADHANDLE,
    STATUSES = LOW_LAST + 1 + (NFS4ERR_XATTR2BIG - HIGH_FIRST + 1),
    TIMES = OP_BUCKET_COUNT + 1, /* counters of a row: buckets, and the sum */
    NUMBER_OTHER = 0             /* of the counter of all errors that have none */
};

_Static_assert(LIMIT_OP_ERRORS < UINT16_MAX, "numbers have 16 bits");

struct op_error_table {
    _Atomic uint32_t given;
    _Atomic uint16_t numbers[OP_ROWS][STATUSES]; /* 0: none yet */
};

_Thread_local struct op_sample op_sample;

static const uint64_t bucket_us[] = {
#define X(name, us) [OP_BUCKET_##name] = (us),
    OP_BUCKETS(X)
#undef X
};

const char *op_row_name(unsigned row)
{
    unsigned op = row % OP_ROWS_EACH;
    const struct op_info *info = op_info(op);

    if (op == 0)
        return "ILLEGAL";
    return info ? info->name : NULL;
}

struct op_counters *op_counters_create(void)
{
    struct op_counters *counters = must_calloc(1, sizeof(*counters));

    counters->executed = counter_set_create(OP_ROWS);
    counters->errors = counter_set_create(LIMIT_OP_ERRORS + 1);
    counters->times = counter_set_create((OP_ROW_STABLE + 1) * TIMES);
    counters->table = must_calloc(1, sizeof(*counters->table));
    return counters;
}

void op_counters_destroy(struct op_counters *counters)
{
    if (!counters)
        return;
    counter_set_destroy(counters->executed);
    counter_set_destroy(counters->errors);
    counter_set_destroy(counters->times);
    free(counters->table);
    free(counters);
}

/* ---- errors ---- */

static unsigned status_index(enum nfsstat4 status)
{
    unsigned number = status;

    if (number <= LOW_LAST)
        return number;
    if (number >= HIGH_FIRST && number <= NFS4ERR_XATTR2BIG)
        return LOW_LAST + 1 + (number - HIGH_FIRST);
    return 0;
}

static enum nfsstat4 status_at(unsigned index)
{
    return (enum nfsstat4)(index <= LOW_LAST ? index : index - LOW_LAST - 1 + HIGH_FIRST);
}

/* Two threads may do so for the same pair: then one number is lost. */
static unsigned number_give(struct op_error_table *table, _Atomic uint16_t *place)
{
    uint32_t given = atomic_load_explicit(&table->given, memory_order_relaxed);
    uint16_t number = 0;

    do {
        if (given == LIMIT_OP_ERRORS)
            return NUMBER_OTHER;
    } while (!atomic_compare_exchange_weak_explicit(&table->given, &given, given + 1,
                                                    memory_order_relaxed, memory_order_relaxed));
    if (atomic_compare_exchange_strong_explicit(place, &number, (uint16_t)(given + 1),
                                                memory_order_relaxed, memory_order_relaxed))
        return given + 1;
    return number;
}

void op_counters_add_error(struct op_counters *counters, unsigned row, enum nfsstat4 status)
{
    _Atomic uint16_t *place = &counters->table->numbers[row][status_index(status)];
    unsigned number = atomic_load_explicit(place, memory_order_relaxed);

    if (!number)
        number = number_give(counters->table, place);
    counter_add(counters->errors, number, 1);
}

bool op_counters_next_error(const struct op_counters *counters, uint32_t *at,
                            struct op_error *error)
{
    for (; *at < OP_ROWS * STATUSES; ++*at) {
        unsigned row = *at / STATUSES, index = *at % STATUSES;
        unsigned number =
            atomic_load_explicit(&counters->table->numbers[row][index], memory_order_relaxed);

        if (!number)
            continue;
        *error = (struct op_error){row, status_at(index), counter_read(counters->errors, number)};
        ++*at;
        return true;
    }
    return false;
}

uint64_t op_counters_other_errors(const struct op_counters *counters)
{
    return counter_read(counters->errors, NUMBER_OTHER);
}

/* ---- durations ---- */

bool op_sample_begin(void)
{
    op_sample.random = op_sample.random * 1664525u + 1013904223u;
    /* 0 to 2 * OP_TIMED_EACH - 2 others, which is OP_TIMED_EACH - 1 on average. */
    op_sample.left = (op_sample.random >> 16) % (2 * OP_TIMED_EACH - 1);
    return true;
}

void op_counters_add_time(struct op_counters *counters, unsigned row, int64_t duration_ns,
                          unsigned weight)
{
    uint64_t ns = duration_ns > 0 ? (uint64_t)duration_ns : 0;
    unsigned bucket = 0;

    while (bucket < OP_BUCKET_MORE && ns > bucket_us[bucket] * 1000)
        bucket++;
    counter_add(counters->times, row * TIMES + bucket, weight);
    counter_add(counters->times, row * TIMES + OP_BUCKET_COUNT, ns * weight);
}

/* ---- reading ---- */

uint64_t op_counters_read(const struct op_counters *counters, unsigned row)
{
    return counter_read(counters->executed, row);
}

void op_counters_read_times(const struct op_counters *counters, unsigned row,
                            struct op_times *times)
{
    for (unsigned i = 0; i < OP_BUCKET_COUNT; i++)
        times->buckets[i] = counter_read(counters->times, row * TIMES + i);
    times->sum_ns = counter_read(counters->times, row * TIMES + OP_BUCKET_COUNT);
}
