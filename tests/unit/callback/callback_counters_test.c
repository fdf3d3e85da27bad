/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counters of callbacks: one for each attempt, each failure and each retry, in total and by
 * operation, and how long answers took. S22-28, S22-29, S22-30, S22B-01.
 */
#include "callback/callback_counters.h"

#include <string.h>

#include "callback/callback.h"
#include "lib/test.h"
#include "state/state.h"

#define US 1000

static struct callback_counters *counters;
static struct callback_stats stats;

static int set_up(void **unused)
{
    (void)unused;
    counters = callback_counters_create();
    return 0;
}

static int tear_down(void **unused)
{
    (void)unused;
    callback_counters_destroy(counters);
    return 0;
}

static void expect_counts(const uint64_t *counts, uint64_t total, uint64_t failures,
                          uint64_t retries)
{
    assert_int_equal(counts[CALLBACK_COUNTER_total], total);
    assert_int_equal(counts[CALLBACK_COUNTER_failures], failures);
    assert_int_equal(counts[CALLBACK_COUNTER_retries], retries);
}

/* S22B-09: one callback, two failed attempts. */
static void each_attempt(void **unused)
{
    (void)unused;
    for (int i = 0; i < 3; i++) {
        callback_counters_attempt(counters, OP_CB_RECALL, i > 0);
        if (i < 2)
            callback_counters_failure(counters, OP_CB_RECALL);
    }
    callback_counters_attempt(counters, OP_CB_NOTIFY_LOCK, false);
    callback_counters_read(counters, &stats);
    expect_counts(stats.all, 4, 2, 2);
    expect_counts(stats.of[CALLBACK_OP_CB_RECALL], 3, 2, 2);
    expect_counts(stats.of[CALLBACK_OP_CB_NOTIFY_LOCK], 1, 0, 0);
    expect_counts(stats.of[CALLBACK_OP_CB_GETATTR], 0, 0, 0);
    assert_int_equal(stats.answers, 0);
}

/* An operation outside the table counts in the total. */
static void no_row(void **unused)
{
    (void)unused;
    callback_counters_attempt(counters, OP_CB_ILLEGAL, false);
    callback_counters_failure(counters, OP_CB_ILLEGAL);
    callback_counters_read(counters, &stats);
    expect_counts(stats.all, 1, 1, 0);
    for (unsigned op = 0; op < CALLBACK_OP_COUNT; op++)
        expect_counts(stats.of[op], 0, 0, 0);
}

/* Whatever becomes of its attempts. */
static void in_flight(void **unused)
{
    (void)unused;
    for (int i = 0; i < 3; i++)
        callback_counters_taken(counters);
    callback_counters_attempt(counters, OP_CB_RECALL, false);
    callback_counters_failure(counters, OP_CB_RECALL);
    callback_counters_read(counters, &stats);
    assert_int_equal(stats.in_flight, 3);
    callback_counters_ended(counters);
    callback_counters_read(counters, &stats);
    assert_int_equal(stats.in_flight, 2);
}

static void names(void **unused)
{
    (void)unused;
    assert_string_equal(callback_op_name(CALLBACK_OP_CB_RECALL), "CB_RECALL");
    for (unsigned op = 0; op < CALLBACK_OP_COUNT; op++)
        assert_int_equal(strncmp(callback_op_name((enum callback_op)op), "CB_", 3), 0);
}

/* From 1 ms to 10 s; each answer counts in one bucket, and a bound belongs to the bucket below
 * it. */
static void durations(void **unused)
{
    static const uint64_t bounds_us[] = {
#define X(name, us) us,
        CALLBACK_BUCKETS(X)
#undef X
    };
    const unsigned count = ARRAY_SIZE(bounds_us);
    uint64_t sum_us = 0;

    (void)unused;
    assert_int_equal(bounds_us[0], 1000);
    assert_int_equal(bounds_us[count - 1], 10000000);
    callback_counters_answer(counters, -1); /* a clock that was set back */
    for (unsigned i = 0; i < count; i++) {
        callback_counters_answer(counters, (int64_t)bounds_us[i] * US);
        callback_counters_answer(counters, (int64_t)bounds_us[i] * US + US);
        sum_us += 2 * bounds_us[i] + 1;
        if (i > 0)
            assert_true(bounds_us[i - 1] < bounds_us[i]);
    }
    callback_counters_read(counters, &stats);
    for (unsigned i = 0; i < count; i++)
        assert_int_equal(stats.buckets[i], 2);
    assert_int_equal(stats.buckets[CALLBACK_BUCKET_MORE], 1);
    assert_int_equal(stats.answers, 2 * count + 1);
    assert_int_equal(stats.duration_us, sum_us);
}

/* S22B-02: without counters everything works. */
static void without_counters(void **unused)
{
    (void)unused;
    callback_counters_attempt(NULL, OP_CB_RECALL, true);
    callback_counters_failure(NULL, OP_CB_RECALL);
    callback_counters_answer(NULL, 1);
    callback_counters_destroy(NULL);
}

/* S22B-03: counters that are created again start at zero, beside the first ones or after them. */
static void made_again(void **unused)
{
    const struct state_config config = {.lease_s = 90, .server_owner = "test"};
    struct state *state = state_create(&config);

    (void)unused;
    for (int i = 0; i < 2; i++) {
        struct callback *callback = callback_create(state, NULL);

        callback_counters_read(callback->counters, &stats);
        expect_counts(stats.all, 0, 0, 0);
        callback_counters_attempt(callback->counters, OP_CB_RECALL, false);
        callback_counters_read(callback->counters, &stats);
        expect_counts(stats.all, 1, 0, 0);
        callback_stop(callback);
        callback_destroy(callback);
    }
    callback_counters_read(counters, &stats);
    expect_counts(stats.all, 0, 0, 0);
    state_destroy(state);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(each_attempt), TEST(no_row),           TEST(in_flight),  TEST(names),
        TEST(durations),    TEST(without_counters), TEST(made_again),
    };

    return test_group_run(tests);
}
