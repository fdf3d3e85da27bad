/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every cmocka test includes: cmocka with the headers it wants first, and skips
 * that CTest can see. cmocka alone counts a skipped test as a passed group.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

/* The exit status that CTest takes as "skipped" (and CI as "failed"). */
#define TEST_EXIT_SKIPPED 77

/* One for the whole program, however many files it has. */
unsigned test_skip_count __attribute__((weak));

/* Leaves the running test as skipped, with the reason on stdout. */
#define test_skip(reason)                                                                          \
    do {                                                                                           \
        printf("skipped: %s\n", (reason));                                                         \
        test_skip_count++;                                                                         \
        _skip(__FILE__, __LINE__);                                                                 \
    } while (0)

/* skip() would go unseen. */
#undef skip

/* Runs an array of CMUnitTest. The value is main's: 0, failed (1 or more), or skipped. */
#define test_group_run(tests) test_group_run_fixtures((tests), NULL, NULL)

#define test_group_run_fixtures(tests, setup, teardown)                                            \
    test_exit_status(cmocka_run_group_tests((tests), (setup), (teardown)))

static inline int test_exit_status(int failed)
{
    if (failed != 0)
        return 1;
    return test_skip_count > 0 ? TEST_EXIT_SKIPPED : 0;
}
