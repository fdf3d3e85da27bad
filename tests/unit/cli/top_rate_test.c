/* SPDX-License-Identifier: Apache-2.0 */
/* Rates, and quantiles of histograms. */
#include "cli/top_rate.h"

#include <math.h>

#include "base/check.h"
#include "lib/test.h"

static void rates(void **state)
{
    (void)state;
    assert_true(top_rate(10, 30, 2) == 10);
    assert_true(top_rate(10, 10, 2) == 0);
    assert_true(isnan(top_rate(10, 30, 0)));
    assert_true(isnan(top_rate(10, 30, -1)));
    assert_true(isnan(top_rate(30, 10, 2))); /* a counter that began anew */
}

static void expect_near(double found, double wanted)
{
    if (!(fabs(found - wanted) < 1e-9))
        fail_msg("%g instead of %g", found, wanted);
}

/* In a bucket the samples lie evenly. */
static void quantiles(void **state)
{
    static const double bounds[] = {1, 2, 4};
    static const struct {
        double counts[4];
        double p50, p99;
    } rows[] = {
        {{100, 0, 0, 0}, 0.5, 0.99},         {{0, 100, 0, 0}, 1.5, 1.99},
        {{50, 50, 0, 0}, 1, 1.98},           {{98, 0, 2, 0}, 50.0 / 98, 3},
        {{1, 1, 1, 97}, INFINITY, INFINITY},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        double p50 = top_quantile(bounds, rows[i].counts, 3, 0.5);
        double p99 = top_quantile(bounds, rows[i].counts, 3, 0.99);

        if (isinf(rows[i].p50)) {
            assert_true(isinf(p50) && isinf(p99));
            continue;
        }
        expect_near(p50, rows[i].p50);
        expect_near(p99, rows[i].p99);
    }
}

static void no_samples(void **state)
{
    static const double bounds[] = {1, 2}, none[] = {0, 0, 0}, all[] = {0, 0, 3};

    (void)state;
    assert_true(isnan(top_quantile(bounds, none, 2, 0.5)));
    assert_true(isnan(top_quantile(bounds, none, 0, 0.5)));
    assert_true(isinf(top_quantile(bounds, all, 2, 0.01)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rates),
        cmocka_unit_test(quantiles),
        cmocka_unit_test(no_samples),
    };

    return test_group_run(tests);
}
