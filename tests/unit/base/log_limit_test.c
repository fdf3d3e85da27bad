/* SPDX-License-Identifier: Apache-2.0 */
/* The limit on lines in a second. */
#include "base/log_limit.h"

#include "base/clock.h"
#include "lib/test.h"

static void each_second(void **state)
{
    static struct log_limit limit;

    (void)state;
    for (int64_t second = 0; second < 5; second++) {
        for (int i = 0; i < 30; i++)
            assert_int_equal(
                log_limit_take(&limit, second * NSEC_PER_SEC + NSEC_PER_MSEC * 30 * i, 10), i < 10);
        assert_int_equal(log_limit_left_out(&limit), 20);
        assert_int_equal(log_limit_left_out(&limit), 0);
    }
}

/* Requests are not handled in the order of their timestamps. */
static void clock_behind(void **state)
{
    static struct log_limit limit;

    (void)state;
    assert_true(log_limit_take(&limit, 7 * NSEC_PER_SEC, 2));
    assert_true(log_limit_take(&limit, 5 * NSEC_PER_SEC, 2));
    assert_false(log_limit_take(&limit, 6 * NSEC_PER_SEC, 2));
    assert_false(log_limit_take(&limit, 7 * NSEC_PER_SEC, 2));
    assert_true(log_limit_take(&limit, 8 * NSEC_PER_SEC, 2));
    assert_int_equal(log_limit_left_out(&limit), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_second),
        cmocka_unit_test(clock_behind),
    };

    return test_group_run(tests);
}
