/* SPDX-License-Identifier: Apache-2.0 */
/* L-16: the metrics of leases and of the grace period move with their causes, and only then. */
#include "metric_causes/cause.h"
#include "script.h"

static int set_up(void **state)
{
    static const char *const options[] = {
        "--export", "/mem=mem:,no_root_squash", "--lease", "2", "--grace", "60", NULL};

    (void)state;
    return script_setup(options) == 0 && script_open_to_all(script_mem) ? 0 : -1;
}

static void leases(void **state)
{
    (void)state;
    cause_list_check(&cause_leases);
}

/* Nobody reclaims what the clients had. */
static void restart(void **state)
{
    (void)state;
    test_server_kill(&script_server);
    assert_true(test_server_start(&script_server, NULL));
    cause_list_check(&cause_restart);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(leases), cmocka_unit_test(restart)};

    return test_group_run_fixtures(tests, set_up, script_teardown);
}
