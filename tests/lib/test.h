/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Included by every cmocka test: cmocka with the headers that it needs first, skips that CTest can
 * see, and the name of the running test. cmocka alone counts a skipped test as passed.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* The exit status that CTest takes as "skipped" (and CI as "failed"). */
#define TEST_EXIT_SKIPPED 77

/* One counter for the whole program, in any number of files. */
unsigned test_skip_count __attribute__((weak));

/* Notes that a part of the tests cannot run here, with the reason on stdout; the caller goes on. */
static inline void test_skip_part(const char *reason)
{
    printf("skipped: %s\n", reason);
    test_skip_count++;
}

/* Leaves the running test as skipped, with the reason on stdout. */
#define test_skip(reason)                                                                          \
    do {                                                                                           \
        test_skip_part(reason);                                                                    \
        _skip(__FILE__, __LINE__);                                                                 \
    } while (0)

/* The reasons of what needs root. */
#define TEST_NEEDS_CALLERS "needs root: only then the server acts as its callers"
#define TEST_NEEDS_USERS "needs root to become another user"
#define TEST_NEEDS_DEVICES "needs root to make devices"

/* skip() would go unseen. */
#undef skip

/* Run an array of CMUnitTest. The value is for main() to return: 0, failed (1 or more), or
 * skipped. */
#define test_group_run(tests) test_group_run_fixtures((tests), NULL, NULL)

#define test_group_run_fixtures(tests, setup, teardown)                                            \
    test_exit_status(                                                                              \
        test_group_run_named((tests), sizeof(tests) / sizeof((tests)[0]), (setup), (teardown)))

/* The name of the running test, for the whole program; NULL outside of all tests. */
const char *test_running __attribute__((weak));

/* The tests of the running group in their order, the group's teardown, and how many tests have
 * begun. */
const struct CMUnitTest *test_group __attribute__((weak));
CMFixtureFunction test_group_teardown __attribute__((weak));
size_t test_group_begun __attribute__((weak));

/* cmocka does not tell a test its name, but sets up the tests in the order of the array. */
static inline int test_setup_named(void **state)
{
    const struct CMUnitTest *test = &test_group[test_group_begun++];

    test_running = test->name;
    return test->setup_func ? test->setup_func(state) : 0;
}

static inline int test_teardown_unnamed(void **state)
{
    test_running = NULL;
    return test_group_teardown ? test_group_teardown(state) : 0;
}

/* Is it one of the words in MAINSTAY_TESTS_LEFT_OUT? */
static inline bool test_left_out(const char *name)
{
    const char *at = getenv("MAINSTAY_TESTS_LEFT_OUT");
    size_t len = strlen(name);

    for (; at && *at; at += strspn(at, " ")) {
        size_t word = strcspn(at, " ");

        if (word == len && strncmp(at, name, len) == 0)
            return true;
        at += word;
    }
    return false;
}

static inline int test_group_run_named(const struct CMUnitTest *tests, size_t all,
                                       CMFixtureFunction setup, CMFixtureFunction teardown)
{
    struct CMUnitTest *named = calloc(all, sizeof(*named));
    struct CMUnitTest *kept = calloc(all, sizeof(*kept));
    size_t count = 0;
    int failed;

    if (!named || !kept)
        abort();
    for (size_t i = 0; i < all; i++) {
        if (test_left_out(tests[i].name))
            continue;
        kept[count] = named[count] = tests[i];
        named[count++].setup_func = test_setup_named;
    }
    test_group = kept;
    test_group_teardown = teardown;
    test_group_begun = 0;
    failed = _cmocka_run_group_tests("tests", named, count, setup, test_teardown_unnamed);
    test_group = NULL;
    free(kept);
    free(named);
    return failed;
}

static inline int test_exit_status(int failed)
{
    if (failed != 0)
        return 1;
    return test_skip_count > 0 ? TEST_EXIT_SKIPPED : 0;
}
