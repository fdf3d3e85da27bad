/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mainstay-bench, a load generator for any server of NFSv4.1 or 4.0.  Exit status 0; 1 if it or an
 * operation failed; 2 on a usage error.
 */
#include <stdio.h>

#include "bench/load/hold.h"
#include "bench/load/hostile.h"
#include "bench/load/report.h"
#include "client/client_conn.h"
#include "client/client_target.h"

int main(int argc, char **argv)
{
    struct bench_options options;
    static struct bench_result result;
    struct idle_result idle;
    int mistake = options_parse(&options, argc, argv);
    const char *unknown_host;

    if (mistake)
        return mistake == OPTIONS_HELP ? 0 : mistake;
    unknown_host = client_target_lookup(options.target);
    if (unknown_host) {
        (void)fprintf(stderr, "mainstay-bench: --target '%s': %s\n", options.target, unknown_host);
        return 1;
    }
    client_conn_reserve_ports();
    if (options.idle) {
        bool ok = idle_run(&options, &idle);

        report_idle(&options, &idle);
        return ok ? 0 : 1;
    }
    if (options.hostile)
        return hostile_run(&options) ? 0 : 1;
    if (options.hold)
        return hold_run(&options) ? 0 : 1;
    if (options.recalls) {
        static struct recall_result recall;
        bool ok = recall_run(&options, &recall);

        report_recall(&options, &recall);
        return ok ? 0 : 1;
    }
    if (!engine_run(&options, &result))
        return 1;
    report_bench(&options, &result);
    return result.errors || result.done == 0 ? 1 : 0;
}
