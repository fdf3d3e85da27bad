/* SPDX-License-Identifier: Apache-2.0 */
/* Many connections that do nothing, or hold kept replies: what each costs the server. */
#pragma once

#include "bench/load/options.h"

struct idle_result {
    uint32_t conns;
    uint64_t slots;                           /* granted to all of them */
    uint64_t resident_before, resident_after; /* bytes */
    unsigned threads_before, threads_after;
    double open_s; /* to open them all */
};

/* Open them all, each with a session of a client of its own, wait, look, close.  False: said on
 * stderr. */
bool idle_run(const struct bench_options *options, struct idle_result *result);
