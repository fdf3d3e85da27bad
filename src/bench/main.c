/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mainstay-bench: the load generator.  It measures any NFSv4.1 server.  Exit status 0, 1 (it
 * failed, or operations did), 2 (usage).
 */
#include <string.h>

#include "bench/hostile.h"
#include "bench/report.h"
#include "client/client_conn.h"

int main(int argc, char **argv)
{
    struct bench_options options;
    static struct bench_result result;
    struct idle_result idle;
    int mistake = options_parse(&options, argc, argv);

    if (mistake)
        return mistake < 0 ? 0 : mistake;
    client_conn_reserve_ports();
    if (options.idle) {
        bool ok = idle_run(&options, &idle);

        report_idle(&options, &idle);
        return ok ? 0 : 1;
    }
    if (options.hostile)
        return hostile_run(&options) ? 0 : 1;
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
