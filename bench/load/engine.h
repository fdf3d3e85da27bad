/* SPDX-License-Identifier: Apache-2.0 */
/* Runs the lanes for the time asked for and gathers what came of it. */
#pragma once

#include "bench/load/lane.h"

struct bench_result {
    uint32_t slots; /* granted, of one connection */
    double time_s;  /* measured */
    uint64_t done, errors;
    enum nfsstat4 first_error;
    struct histogram latency;
    bool has_cpu;
    double server_cpu_us;        /* all of it, in the time measured */
    double server_user_fraction; /* of that, by ticks; 0 when too few */
    double client_cpu_us;
    uint64_t server_resident_bytes;
    unsigned server_threads;
};

/* False: it was said on stderr why. */
MUST_USE bool engine_run(const struct bench_options *options, struct bench_result *result);
