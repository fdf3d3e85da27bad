/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counters of operations by themselves: rows, errors, durations, the size of the sample.  S22B-03:
 * made a second time they begin at 0.
 */
#include "proto/op_counters.h"

#include <pthread.h>
#include <string.h>

#include "base/check.h"
#include "lib/test.h"

enum {
    COMPOUNDS = 64000,
    THREADS = 4,
    EACH = 10000
};

static struct op_counters *counters;

static int set_up(void **unused)
{
    (void)unused;
    counters = op_counters_create();
    return 0;
}

static int tear_down(void **unused)
{
    (void)unused;
    op_counters_destroy(counters);
    return 0;
}

static unsigned row_of(unsigned minor, enum nfs_opnum4 op)
{
    return op_row(op_row_first(minor), op);
}

static void rows(void **unused)
{
    (void)unused;
    assert_string_equal(op_row_name(row_of(1, OP_GETATTR)), "GETATTR");
    assert_int_equal(op_row_minor(row_of(1, OP_GETATTR)), 1);
    assert_string_equal(op_row_name(row_of(2, OP_REMOVEXATTR)), "REMOVEXATTR");
    assert_int_equal(op_row_minor(row_of(2, OP_REMOVEXATTR)), 2);
    assert_string_equal(op_row_name(row_of(0, OP_ILLEGAL)), "ILLEGAL");
    assert_int_equal(op_row_minor(row_of(0, OP_ILLEGAL)), 0);
    assert_null(op_row_name(1));
}

static void each_row(void **unused)
{
    (void)unused;
    op_counters_add(counters, row_of(1, OP_READ));
    op_counters_add(counters, row_of(1, OP_READ));
    op_counters_add(counters, row_of(2, OP_READ));
    for (unsigned row = 0; row < OP_ROWS; row++)
        assert_int_equal(op_counters_read(counters, row), row == row_of(1, OP_READ)   ? 2
                                                          : row == row_of(2, OP_READ) ? 1
                                                                                      : 0);
}

/* What a COMPOUND has at hand: once the thread has counters, and only of its minor version. */
static void own(void **unused)
{
    _Atomic uint64_t *of_minor;

    (void)unused;
    assert_null(op_counters_own(counters, op_row_first(2)));
    op_counters_add(counters, row_of(0, OP_READ));
    of_minor = op_counters_own(counters, op_row_first(2));
    assert_non_null(of_minor);
    counter_add_own(of_minor, OP_READ, 1);
    counter_add_own(of_minor, OP_READ, 1);
    assert_int_equal(op_counters_read(counters, row_of(0, OP_READ)), 1);
    assert_int_equal(op_counters_read(counters, row_of(1, OP_READ)), 0);
    assert_int_equal(op_counters_read(counters, row_of(2, OP_READ)), 2);
}

static void errors(void **unused)
{
    static const struct op_error want[] = {
        {0, NFS4ERR_NOENT, 2}, {0, NFS4ERR_BADHANDLE, 1}, {0, NFS4ERR_XATTR2BIG, 1}};
    struct op_error error;
    uint32_t at = 0;

    (void)unused;
    assert_false(op_counters_next_error(counters, &at, &error));
    for (size_t i = 0; i < ARRAY_SIZE(want); i++) {
        for (uint64_t n = 0; n < want[i].count; n++)
            op_counters_add_error(counters, row_of(1, OP_LOOKUP), want[i].status);
    }
    at = 0;
    for (size_t i = 0; i < ARRAY_SIZE(want); i++) {
        assert_true(op_counters_next_error(counters, &at, &error));
        assert_int_equal(error.row, row_of(1, OP_LOOKUP));
        assert_int_equal(error.status, want[i].status);
        assert_int_equal(error.count, want[i].count);
    }
    assert_false(op_counters_next_error(counters, &at, &error));
    assert_int_equal(op_counters_other_errors(counters), 0);
}

/* More pairs than have counters: the others share one. */
static void many_errors(void **unused)
{
    uint64_t added = 0, counted = 0;
    struct op_error error;
    uint32_t at = 0, pairs = 0;

    (void)unused;
    for (unsigned row = 0; row < 20; row++) {
        for (unsigned status = NFS4ERR_BADHANDLE; status < NFS4ERR_BADHANDLE + 90; status++) {
            op_counters_add_error(counters, row, (enum nfsstat4)status);
            op_counters_add_error(counters, row, (enum nfsstat4)status);
            added += 2;
        }
    }
    while (op_counters_next_error(counters, &at, &error)) {
        assert_int_equal(error.count, 2);
        counted += error.count;
        pairs++;
    }
    assert_int_equal(pairs, LIMIT_OP_ERRORS);
    assert_int_equal(op_counters_other_errors(counters), added - counted);
}

static void durations(void **unused)
{
    struct op_times times;

    (void)unused;
    op_counters_add_time(counters, row_of(1, OP_WRITE), 10000, 1); /* the bound itself */
    op_counters_add_time(counters, row_of(1, OP_WRITE), 10001, OP_TIMED_EACH);
    op_counters_add_time(counters, row_of(1, OP_WRITE), 20000000000, 1);
    op_counters_add_time(counters, row_of(1, OP_WRITE), -5, 1);
    op_counters_read_times(counters, row_of(1, OP_WRITE), &times);
    assert_int_equal(times.buckets[OP_BUCKET_10us], 2);
    assert_int_equal(times.buckets[OP_BUCKET_25us], OP_TIMED_EACH);
    assert_int_equal(times.buckets[OP_BUCKET_MORE], 1);
    assert_int_equal(times.sum_ns, 10000 + 10001ull * OP_TIMED_EACH + 20000000000);
    op_counters_read_times(counters, OP_ROW_STABLE, &times);
    assert_int_equal(times.sum_ns, 0);
}

/* About one COMPOUND in OP_TIMED_EACH; never two intervals of one length for long. */
static void sample(void **unused)
{
    unsigned due = 0, by_turns[2] = {0};

    (void)unused;
    for (unsigned i = 0; i < COMPOUNDS; i++) {
        if (op_sample_due()) {
            due++;
            by_turns[i % 2]++;
        }
    }
    assert_in_range(due, COMPOUNDS / OP_TIMED_EACH * 9 / 10, COMPOUNDS / OP_TIMED_EACH * 11 / 10);
    for (unsigned i = 0; i < 2; i++)
        assert_in_range(by_turns[i], due / 3, due * 2 / 3);
}

static void *errors_thread(void *unused)
{
    (void)unused;
    for (unsigned i = 0; i < EACH; i++) {
        op_counters_add(counters, row_of(1, OP_OPEN));
        op_counters_add_error(counters, row_of(1, OP_OPEN),
                              (enum nfsstat4)(NFS4ERR_BADHANDLE + i % 50));
    }
    return NULL;
}

/* Each error has one number, whoever meets it first. */
static void threads(void **unused)
{
    pthread_t of[THREADS];
    struct op_error error;
    uint32_t at = 0, pairs = 0;

    (void)unused;
    for (unsigned i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&of[i], NULL, errors_thread, NULL), 0);
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(of[i], NULL);
    assert_int_equal(op_counters_read(counters, row_of(1, OP_OPEN)), THREADS * EACH);
    for (; op_counters_next_error(counters, &at, &error); pairs++)
        assert_int_equal(error.count, THREADS * EACH / 50);
    assert_int_equal(pairs, 50);
}

static void made_again(void **unused)
{
    struct op_error error;
    uint32_t at = 0;

    op_counters_add(counters, row_of(1, OP_READ));
    op_counters_add_error(counters, row_of(1, OP_READ), NFS4ERR_IO);
    tear_down(unused);
    set_up(unused);
    assert_int_equal(op_counters_read(counters, row_of(1, OP_READ)), 0);
    assert_false(op_counters_next_error(counters, &at, &error));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(rows),      TEST(each_row), TEST(own),     TEST(errors),     TEST(many_errors),
        TEST(durations), TEST(sample),   TEST(threads), TEST(made_again),
    };
#undef TEST

    return test_group_run(tests);
}
