/* SPDX-License-Identifier: Apache-2.0 */
/* The budget for the total size of all reply caches (W03, S20-08). */
#include "state/reply_budget.h"

#include <string.h>

#include "base/check.h"
#include "lib/test.h"

enum {
    COST = 100,
    MAX = 8000 /* 80 slots */
};

static struct reply_budget budget;

static int set_up(void **unused)
{
    (void)unused;
    reply_budget_init(&budget, MAX);
    return 0;
}

/* Open a table that uses all its slots at once. */
static uint32_t open_used(uint32_t want)
{
    uint32_t granted = reply_budget_open(&budget, COST, want);

    if (granted > 1)
        assert_true(reply_budget_charge(&budget, COST, 1, granted - 1));
    return granted;
}

static void as_asked(void **unused)
{
    (void)unused;
    assert_int_equal(reply_budget_open(&budget, COST, 64), 64);
    assert_int_equal(budget.charged, COST);
    assert_true(reply_budget_charge(&budget, COST, 1, 63));
    assert_int_equal(budget.charged, 6400);
    assert_false(reply_budget_tight(&budget));
    reply_budget_release(&budget, COST, 4);
    assert_int_equal(budget.charged, 6000);
    reply_budget_close(&budget, COST, 60);
    assert_int_equal(budget.charged, 0);
    assert_int_equal(budget.tables, 0);
}

/* Slots that nobody uses take nothing from others. */
static void idle_sessions_leave_all_to_others(void **unused)
{
    (void)unused;
    for (int i = 0; i < 12; i++)
        assert_int_equal(reply_budget_open(&budget, COST, 64), 64);
    assert_int_equal(reply_budget_grow(&budget, COST, 20), 20);
    assert_false(reply_budget_scarce(&budget));
}

/* A full table until a quarter is charged, then in proportion to what is free. */
static void new_sessions_get_less_and_less(void **unused)
{
    static const uint32_t granted[] = {20, 20, 13, 9, 6, 3, 3, 1, 1, 1, 1, 1};
    uint32_t sum = 0;

    (void)unused;
    for (size_t i = 0; i < ARRAY_SIZE(granted); i++) {
        assert_int_equal(open_used(20), granted[i]);
        sum += granted[i];
    }
    assert_int_equal(budget.charged, sum * COST);
    assert_true(budget.charged <= MAX);
}

/* Shares divide seven eighths, so that tables within their shares end the pressure. */
static void shares(void **unused)
{
    (void)unused;
    assert_int_equal(open_used(64), 64);
    assert_false(reply_budget_tight(&budget));
    assert_int_equal(open_used(64), 75 - 64);
    assert_true(reply_budget_tight(&budget));
    assert_int_equal(reply_budget_share(&budget, COST), 35);
    reply_budget_release(&budget, COST, 64 - 35);
    assert_false(reply_budget_tight(&budget));
}

/* Never under one slot: this alone may exceed the budget. */
static void one_slot_for_each_session(void **unused)
{
    (void)unused;
    assert_int_equal(open_used(80), 75);
    for (int i = 0; i < 200; i++)
        (void)reply_budget_open(&budget, COST, 64);
    assert_int_equal(reply_budget_open(&budget, COST, 64), 1);
    assert_int_equal(budget.charged, (75 + 201) * COST);
    assert_int_equal(reply_budget_share(&budget, COST), 1);
}

/* No other slot is used for the first time when there is no room. */
static void nothing_beyond_the_budget(void **unused)
{
    (void)unused;
    assert_int_equal(reply_budget_open(&budget, COST, 64), 64);
    assert_int_equal(reply_budget_open(&budget, COST, 64), 64);
    assert_true(reply_budget_charge(&budget, COST, 1, 63));
    assert_false(reply_budget_charge(&budget, COST, 64, 11));
    assert_int_equal(budget.charged, 65 * COST);
    assert_true(reply_budget_charge(&budget, COST, 64, 10));
    assert_false(reply_budget_charge(&budget, COST, 74, 1));
    reply_budget_set(&budget, MAX / 2);
    assert_false(reply_budget_charge(&budget, COST, 1, 1));
}

/* Those who use many slots leave a sixteenth, of which each has its part. */
static void few_slots_for_each_session(void **unused)
{
    (void)unused;
    assert_int_equal(reply_budget_open(&budget, COST, 64), 64);
    assert_int_equal(open_used(80), 74);
    assert_int_equal(budget.charged, 75 * COST);
    assert_false(reply_budget_charge(&budget, COST, 74, 1));
    assert_true(reply_budget_charge(&budget, COST, 1, 1));
    assert_false(reply_budget_charge(&budget, COST, 2, 1));
    assert_int_equal(budget.charged, 76 * COST);
}

static void growth_leaves_a_quarter(void **unused)
{
    (void)unused;
    assert_int_equal(open_used(40), 40);
    assert_int_equal(reply_budget_grow(&budget, COST, 15), 15);
    assert_true(reply_budget_charge(&budget, COST, 40, 15));
    assert_int_equal(reply_budget_grow(&budget, COST, 15), 5);
    assert_true(reply_budget_charge(&budget, COST, 55, 5));
    assert_int_equal(reply_budget_grow(&budget, COST, 15), 0);
    assert_int_equal(budget.charged, MAX * 3 / 4);
    assert_int_equal(open_used(10), 3);
    assert_int_equal(reply_budget_grow(&budget, COST, 15), 0);
}

#define TEST(name) cmocka_unit_test_setup(name, set_up)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(as_asked),
        TEST(idle_sessions_leave_all_to_others),
        TEST(new_sessions_get_less_and_less),
        TEST(shares),
        TEST(one_slot_for_each_session),
        TEST(nothing_beyond_the_budget),
        TEST(few_slots_for_each_session),
        TEST(growth_leaves_a_quarter),
    };

    return test_group_run(tests);
}
