/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/test.h"

#include <stdlib.h>

#include "base/check.h"
#include "bench/load/histogram.h"

static struct histogram h;

static int empty(void **state)
{
    (void)state;
    h = (struct histogram){0};
    return 0;
}

static void empty_has_no_percentile(void **state)
{
    (void)state;
    assert_int_equal(histogram_percentile_ns(&h, 0.5), 0);
}

/* For any value, the percentile is not below it and at most 1/32 above. */
static void one_value_is_told_within_3_percent(void **state)
{
    (void)state;
    for (uint64_t ns = 1; ns < 1ull << 40; ns = ns * 3 + 1) {
        uint64_t told;

        h = (struct histogram){0};
        histogram_add(&h, ns);
        histogram_add(&h, UINT64_MAX >> 1); /* so that the maximum does not cap it */
        told = histogram_percentile_ns(&h, 0.5);
        assert_true(told >= ns);
        assert_true(told - ns <= ns / 32);
    }
}

static void percentiles_are_in_order(void **state)
{
    (void)state;
    for (uint64_t i = 1; i <= 10000; i++)
        histogram_add(&h, i * 1000);
    assert_in_range(histogram_percentile_ns(&h, 0.5), 5000000, 5160000);
    assert_in_range(histogram_percentile_ns(&h, 0.99), 9900000, 10000000);
    assert_int_equal(histogram_percentile_ns(&h, 1.0), 10000000);
    assert_int_equal(h.max_ns, 10000000);
}

static void extremes_have_a_bucket(void **state)
{
    (void)state;
    histogram_add(&h, 0);
    assert_int_equal(histogram_percentile_ns(&h, 1.0), 0);
    histogram_add(&h, UINT64_MAX);
    assert_int_equal(histogram_percentile_ns(&h, 1.0), UINT64_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(empty_has_no_percentile, empty),
        cmocka_unit_test_setup(one_value_is_told_within_3_percent, empty),
        cmocka_unit_test_setup(percentiles_are_in_order, empty),
        cmocka_unit_test_setup(extremes_have_a_bucket, empty),
    };

    return test_group_run(tests);
}
