/* SPDX-License-Identifier: Apache-2.0 */
/* L-16: the metrics of connections and records move with their causes, and only then. */
#include "metric_causes/cause.h"
#include "script.h"

static void connections(void **state)
{
    (void)state;
    cause_list_check(&cause_connections);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(connections),
    };

    return test_group_run_fixtures(tests, cause_set_up, script_teardown);
}
