/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Measures how long a delegation delays another client.  Some clients hold delegations and return
 * them as soon as they are recalled; another client opens the files, a given number at a time.
 * Each round measures three operations in turn, from sending the request to its reply:
 *
 *     recall   OPEN and CLOSE of delegated files: includes CB_RECALL and DELEGRETURN
 *     open     the same for files without delegations: a plain round trip
 *     getattr  the cheapest operation
 *
 * Each request is sent separately, as by independent programs.  Replies and callbacks are received
 * in batches, so that the bench itself adds little to the latencies.
 */
#pragma once

#include "bench/load/histogram.h"
#include "bench/load/options.h"

struct recall_result {
    uint64_t rounds;
    uint64_t delayed; /* OPENs that were answered NFS4ERR_DELAY and retried */
    struct recall_kind {
        struct histogram latency;
        int64_t server_cpu_ns; /* over all rounds, if options->pid is set */
        uint64_t done;
    } recall, open, getattr;
    struct histogram holder; /* time of the holder per recall: from CB_RECALL's arrival to
                              * DELEGRETURN */
};

/* False after an error message. */
bool recall_run(const struct bench_options *options, struct recall_result *result);
