/* SPDX-License-Identifier: Apache-2.0 */
/* L-16: the metrics of delegations, callbacks and clients of 4.0 move with their causes, and only
 * then. */
#include "metric_causes/cause.h"
#include "script.h"

static void delegations(void **state)
{
    (void)state;
    cause_list_check(&cause_delegations);
}

static void v40(void **state)
{
    (void)state;
    cause_list_check(&cause_v40);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(delegations),
        cmocka_unit_test(v40),
    };

    return test_group_run_fixtures(tests, cause_set_up, script_teardown);
}
