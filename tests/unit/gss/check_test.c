/* SPDX-License-Identifier: Apache-2.0 */
/* What is found of clocks; the rest is in protocol.krb5_check. */
#include "gss/gss_check.h"

#include "initiator.h"

static struct test_realm realm;
static struct gss_check check;

static int start(void **state)
{
    (void)state;
    return test_realm_start(&realm, NULL) ? 0 : -1;
}

static int stop(void **state)
{
    (void)state;
    test_realm_fini(&realm);
    return 0;
}

static const struct gss_finding *find_clock(int64_t ahead_s)
{
    initiator_clock_s = ahead_s;
    gss_check_run(&check, test_realm_path(&realm, "server.keytab"), "localhost", NULL);
    initiator_clock_s = 0;
    for (uint32_t i = 0; i < check.count; i++) {
        if (strcmp(check.findings[i].check, "clock") == 0)
            return &check.findings[i];
    }
    fail_msg("nothing is said of clocks");
    return NULL;
}

/* The test itself may take a second or two. */
static long seconds_in(const char *text)
{
    long seconds = -1;

    assert_int_equal(sscanf(text, "the KDC's clock differs by %ld s", &seconds), 1);
    return seconds;
}

static void test_clock(void **state)
{
    const struct gss_finding *clock = find_clock(0);

    (void)state;
    assert_int_equal(clock->result, GSS_FINDING_OK);
    clock = find_clock(100);
    assert_int_equal(clock->result, GSS_FINDING_WARNING);
    assert_in_range(seconds_in(clock->text), 95, 105);
    clock = find_clock(-400);
    assert_int_equal(clock->result, GSS_FINDING_FAILED);
    assert_in_range(seconds_in(clock->text), 395, 405);
    assert_int_equal(gss_check_result(&check), GSS_FINDING_FAILED);
}

/* The worst finding counts, wherever it stands. */
static void test_result(void **state)
{
    struct gss_check some = {.count = 3};

    (void)state;
    assert_int_equal(gss_check_result(&some), GSS_FINDING_OK);
    some.findings[1].result = GSS_FINDING_WARNING;
    assert_int_equal(gss_check_result(&some), GSS_FINDING_WARNING);
    some.findings[0].result = GSS_FINDING_FAILED;
    assert_int_equal(gss_check_result(&some), GSS_FINDING_FAILED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_clock),
        cmocka_unit_test(test_result),
    };

    return test_group_run_fixtures(tests, start, stop);
}
