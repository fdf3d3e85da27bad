/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a delegation costs whoever is in its way: clients that hold delegations and return them at
 * once, and one that opens the files, as many at a time as asked for.  Three things take turns in
 * each round, and each latency is from the request's send to its reply, seen from outside:
 *
 *     recall   OPEN and CLOSE of files that somebody has delegated: CB_RECALL, DELEGRETURN within
 *     open     the same of files that nobody has delegated
 *     getattr  a plain round trip
 *
 * recall_hostile_run() is the opposite: a client that holds delegations, has asked for much, and
 * reads nothing, while others want its files.
 */
#pragma once

#include "bench/histogram.h"
#include "bench/options.h"

struct recall_result {
    uint64_t rounds;
    uint64_t delayed; /* OPENs that were answered NFS4ERR_DELAY, and sent again */
    struct histogram recall, open, getattr;
    struct histogram holder; /* of a recall: from CB_RECALL's arrival to DELEGRETURN's send */
};

/* False: said on stderr. */
bool recall_run(const struct bench_options *options, struct recall_result *result);

/* For options->time_s.  False: said on stderr. */
bool recall_hostile_run(const struct bench_options *options);
