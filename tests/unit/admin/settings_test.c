/* SPDX-License-Identifier: Apache-2.0 */
/* Settings: stored values are checked and take effect; precedence. */
#include "settings_fixture.h"

#include <string.h>

static void defaults(void **unused)
{
    (void)unused;
    expect_range(0, 2);
    expect_origin(SETTING_MIN_MINOR_VERSION, SETTING_DEFAULT);
    expect_origin(SETTING_MAX_MINOR_VERSION, SETTING_DEFAULT);
}

/* S20-51: a stored value is in effect without a restart and after it. */
static void set_is_stored_and_obeyed(void **unused)
{
    (void)unused;
    assert_int_equal(set_one(MIN_MINOR, "1"), SETTINGS_OK);
    assert_int_equal(obeyed_count, 2);
    expect_range(1, 2);
    expect_origin(SETTING_MIN_MINOR_VERSION, SETTING_STORED);
    expect_origin(SETTING_MAX_MINOR_VERSION, SETTING_DEFAULT);
    start_with(NOT_GIVEN, NOT_GIVEN);
    expect_range(1, 2);
    assert_int_equal(set_one(MIN_MINOR, "0"), SETTINGS_OK);
    expect_range(0, 2);
    start_with(NOT_GIVEN, NOT_GIVEN);
    expect_range(0, 2);
    expect_origin(SETTING_MIN_MINOR_VERSION, SETTING_STORED);
}

static void default_again(void **unused)
{
    (void)unused;
    assert_int_equal(set_one(MIN_MINOR, "1"), SETTINGS_OK);
    assert_int_equal(set_one(MIN_MINOR, NULL), SETTINGS_OK);
    expect_range(0, 2);
    expect_origin(SETTING_MIN_MINOR_VERSION, SETTING_DEFAULT);
    start_with(NOT_GIVEN, NOT_GIVEN);
    expect_range(0, 2);
    expect_origin(SETTING_MIN_MINOR_VERSION, SETTING_DEFAULT);
}

/* S20-50: from one end of the range to the other in one step. */
static void both_at_once(void **unused)
{
    (void)unused;
    assert_int_equal(set_both("1", "1"), SETTINGS_OK);
    assert_int_equal(set_one(MAX_MINOR, "0"), SETTINGS_REFUSED);
    expect_error("nfs.min_minor_version 1 (stored) is above nfs.max_minor_version 0 (stored)");
    assert_int_equal(obeyed_count, 2);
    assert_int_equal(set_both("0", "0"), SETTINGS_OK);
    assert_int_equal(obeyed_count, 3);
    expect_range(0, 0);
    assert_int_equal(set_one(MIN_MINOR, "1"), SETTINGS_REFUSED);
    expect_range(0, 0);
}

/* An invalid value changes nothing in a running server, and prevents a start. */
static void refuses(enum settings_status expected, const char *why)
{
    assert_int_equal(reload(), expected);
    expect_error(why);
    assert_int_equal(obeyed_count, 1);
    expect_range(0, 2);
    expect_origin(SETTING_MIN_MINOR_VERSION, SETTING_DEFAULT);
    expect_origin(SETTING_MAX_MINOR_VERSION, SETTING_DEFAULT);
    assert_int_equal(try_start(NOT_GIVEN, NOT_GIVEN), expected);
    expect_error(why);
    sql("DELETE FROM setting");
    start_with(NOT_GIVEN, NOT_GIVEN);
}

static void all_or_none(void **unused)
{
    (void)unused;
    store_both("1", "3");
    refuses(SETTINGS_UNREADABLE, "nfs.max_minor_version wants 0, 1 or 2, not '3'");
    store_both("3", "1");
    refuses(SETTINGS_UNREADABLE, "nfs.min_minor_version wants 0, 1 or 2, not '3'");
    store_both("1", "0");
    refuses(SETTINGS_REFUSED, "nfs.min_minor_version 1 (stored) is above");
    store_one(MIN_MINOR, "");
    refuses(SETTINGS_UNREADABLE, "nfs.min_minor_version wants 0, 1 or 2, not ''");
}

/* S20-51: an option is for one run; a change at run time precedes it, and stays. */
static void options(void **unused)
{
    (void)unused;
    assert_int_equal(set_both("0", "1"), SETTINGS_OK);
    start_with(NOT_GIVEN, 0);
    expect_range(0, 0);
    expect_origin(SETTING_MAX_MINOR_VERSION, SETTING_OPTION);
    expect_origin(SETTING_MIN_MINOR_VERSION, SETTING_STORED);
    assert_int_equal(reload(), SETTINGS_OK);
    expect_range(0, 0);
    start_with(NOT_GIVEN, NOT_GIVEN);
    expect_range(0, 1);

    start_with(NOT_GIVEN, 0);
    assert_int_equal(set_one(MAX_MINOR, "1"), SETTINGS_OK); /* equal to the stored value */
    expect_range(0, 1);
    expect_origin(SETTING_MAX_MINOR_VERSION, SETTING_STORED);
    start_with(1, 1);
    assert_int_equal(set_both(NULL, "0"), SETTINGS_OK);
    expect_range(0, 0);
    expect_origin(SETTING_MIN_MINOR_VERSION, SETTING_DEFAULT);
    start_with(NOT_GIVEN, NOT_GIVEN);
    expect_range(0, 0);
}

/* A setting that was not changed keeps its option. */
static void other_option_stays(void **unused)
{
    (void)unused;
    start_with(0, 0);
    assert_int_equal(set_one(MAX_MINOR, "1"), SETTINGS_OK);
    expect_range(0, 1);
    expect_origin(SETTING_MIN_MINOR_VERSION, SETTING_OPTION);
}

static void options_that_do_not_fit(void **unused)
{
    (void)unused;
    assert_int_equal(set_both("1", "1"), SETTINGS_OK);
    assert_int_equal(try_start(NOT_GIVEN, 0), SETTINGS_REFUSED);
    expect_error("nfs.min_minor_version 1 (stored) is above nfs.max_minor_version 0 (option)");
    assert_int_equal(try_start(1, 0), SETTINGS_REFUSED);
    start_with(0, 0);
    expect_range(0, 0);
    /* Valid now, but not at the next start. */
    assert_int_equal(set_one(MAX_MINOR, "0"), SETTINGS_REFUSED);
    expect_error("(stored) is above");
    expect_range(0, 0);
    assert_int_equal(set_one(MAX_MINOR, "1"), SETTINGS_OK);
    /* And valid at the next start, but not now. */
    start_with(NOT_GIVEN, NOT_GIVEN);
    assert_int_equal(set_both("0", "1"), SETTINGS_OK);
    start_with(NOT_GIVEN, 0);
    assert_int_equal(set_one(MIN_MINOR, "1"), SETTINGS_REFUSED);
    expect_error("nfs.min_minor_version 1 (stored) is above nfs.max_minor_version 0 (option)");
    expect_range(0, 0);
}

/* S20-28, its data model: each setting with its value, the source of that, and the stored value. */
static void list(void **unused)
{
    struct setting_state states[SETTING_COUNT];

    (void)unused;
    assert_int_equal(set_one(MAX_MINOR, "1"), SETTINGS_OK);
    start_with(NOT_GIVEN, 2);
    assert_int_equal(settings_list(settings, states), 1);
    assert_ptr_equal(states[0].setting, &setting_table[0]);
    assert_string_equal(states[0].value, "0");
    assert_string_equal(states[0].stored, "");
    assert_int_equal(states[0].origin, SETTING_DEFAULT);
    assert_int_equal(states[0].revision, 0);
    assert_ptr_equal(states[1].setting, &setting_table[1]);
    assert_string_equal(states[1].value, "2");
    assert_string_equal(states[1].stored, "1");
    assert_string_equal(states[1].option, "2");
    assert_string_equal(states[1].restart, "2");
    assert_int_equal(states[1].origin, SETTING_OPTION);
    assert_int_equal(states[1].revision, 1);
    assert_int_equal(set_both("1", "1"), SETTINGS_OK);
    assert_int_equal(settings_list(settings, states), 3);
    assert_int_equal(states[0].revision, 2);
    assert_int_equal(states[1].revision, 3);
    assert_string_equal(states[0].stored, "1");
    assert_int_equal(states[1].origin, SETTING_STORED);
}

/* No value in effect changes: the hook is not called. */
static void same_again(void **unused)
{
    (void)unused;
    assert_int_equal(set_both("0", "2"), SETTINGS_OK);
    assert_int_equal(reload(), SETTINGS_OK);
    assert_int_equal(obeyed_count, 1);
    expect_range(0, 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, settings_set_up, settings_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(defaults),
        TEST(set_is_stored_and_obeyed),
        TEST(default_again),
        TEST(both_at_once),
        TEST(all_or_none),
        TEST(options),
        TEST(other_option_stays),
        TEST(options_that_do_not_fit),
        TEST(list),
        TEST(same_again),
    };

    return test_group_run(tests);
}
