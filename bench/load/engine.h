/* SPDX-License-Identifier: Apache-2.0 */
/* Runs the lanes for the requested time and collects the results. */
#pragma once

#include "bench/load/lane.h"

struct bench_result {
    uint32_t slots; /* granted per connection */
    double time_s;  /* measured */
    uint64_t done, errors;
    enum nfsstat4 first_error;
    struct histogram latency;
    bool has_cpu;
    double server_cpu_us;        /* in total, during the measured time */
    double server_user_fraction; /* fraction of that, measured in ticks; 0 when there are too few */
    double client_cpu_us;
    uint64_t server_resident_bytes;
    unsigned server_threads;
};

/* False after an error message. */
MUST_USE bool engine_run(const struct bench_options *options, struct bench_result *result);
