/* SPDX-License-Identifier: Apache-2.0 */
/*
 * S20-32, L-16: of at most metrics.max_sessions sessions each has series of its own; `other` is the
 * sum over the rest, so that all of them add up to the same whatever the setting says.
 */
#include <stdio.h>
#include <string.h>

#include "scrape.h"
#include "script.h"
#include "set_range.h"

static struct client_mount carol;

/* How many series a family has, and how many of these are `other`. */
struct series {
    unsigned all, other;
    double sum;
};

static struct series series_of(const char *family)
{
    struct scrape now = scrape_take();
    struct series series = {.sum = scrape_sum(&now, family)};

    for (size_t i = 0; i < now.count; i++) {
        if (!scrape_matches(now.series[i].name, family))
            continue;
        series.all++;
        series.other += strstr(now.series[i].name, "session=\"other\"") != NULL;
    }
    scrape_free(&now);
    return series;
}

static void expect_series(uint32_t most, unsigned all, unsigned other)
{
    static const char *const families[] = {"session_slots", "session_slots_in_use"};
    double slots = series_of("session_slots").sum;

    set_setting("metrics.max_sessions", most);
    for (size_t i = 0; i < ARRAY_SIZE(families); i++) {
        struct series series = series_of(families[i]);

        assert_int_equal(series.all, all);
        assert_int_equal(series.other, other);
        assert_true(series.sum == (i == 0 ? slots : 0));
    }
}

/* Three sessions: alice's, bob's and carol's. */
static void bounded(void **state)
{
    (void)state;
    script_mount_v41(&carol);
    expect_series(1000, 3, 0);
    assert_true(series_of("session_slots").sum > 3);
    expect_series(3, 3, 0);
    expect_series(2, 3, 1);
    expect_series(1, 2, 1);
    expect_series(0, 1, 1);
    client_mount_close(&carol);
    expect_series(1, 2, 1);
    expect_series(10000, 2, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(bounded)};

    return test_group_run_fixtures(tests, script_setup_default, script_teardown);
}
