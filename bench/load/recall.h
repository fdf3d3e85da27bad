/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a delegation costs whoever is in its way: clients that hold delegations and return them at
 * once, and one that opens the files, as many at a time as asked for.  Three things take turns in
 * each round, and each latency is from the request's send to its reply, seen from outside:
 *
 *     recall   OPEN and CLOSE of files that somebody has delegated: CB_RECALL, DELEGRETURN within
 *     open     the same of files that nobody has delegated: a plain round trip
 *     getattr  the cheapest one
 *
 * Each request is a send of its own, as from programs that know nothing of each other; replies and
 * calls are received as many as there are, so little of a latency is the bench's own time.
 */
#pragma once

#include "bench/load/histogram.h"
#include "bench/load/options.h"

struct recall_result {
    uint64_t rounds;
    uint64_t delayed; /* OPENs that were answered NFS4ERR_DELAY, and sent again */
    struct recall_kind {
        struct histogram latency;
        int64_t server_cpu_ns; /* of all rounds, with options->pid */
        uint64_t done;
    } recall, open, getattr;
    struct histogram holder; /* of a recall: from CB_RECALL's arrival to DELEGRETURN */
};

/* False: said on stderr. */
bool recall_run(const struct bench_options *options, struct recall_result *result);
