/* SPDX-License-Identifier: Apache-2.0 */
/* Many connections that are idle, or hold cached replies: measures the cost of each for the
 * server. */
#pragma once

#include "bench/load/options.h"

struct idle_result {
    uint32_t conns;
    uint64_t slots;                           /* granted in total */
    uint64_t resident_before, resident_after; /* bytes */
    unsigned threads_before, threads_after;
    double open_s; /* to open them all */
};

/* Open them all, each with a client and a session of its own; wait, measure, and close.  False
 * after an error message. */
bool idle_run(const struct bench_options *options, struct idle_result *result);
