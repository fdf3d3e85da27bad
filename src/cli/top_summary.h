/* SPDX-License-Identifier: Apache-2.0 */
/* What `mainstay top` says of the server as a whole: its header. */
#pragma once

#include "cli/top_sample.h"

struct top_summary {
    /* Over the last interval; NAN: not known. */
    double requests, operations, errors; /* each second */
    double read, written;                /* bytes each second */
    double p50_s, p99_s;                 /* of operations */
    double cpu;                          /* processors in use */
    double interval_s;
};

/* `before` is of the same run of the server, or NULL. */
struct top_summary top_summary_make(const struct top_sample *before, const struct top_sample *last);

/* The histogram of an operation over the interval: counts by bucket. */
enum {
    TOP_BUCKETS_MAX = 64
};

struct top_histogram {
    double bounds[TOP_BUCKETS_MAX], counts[TOP_BUCKETS_MAX + 1];
    size_t bound_count;
};

/* Add what an operation has taken since; `before` may be NULL: since its first. */
void top_histogram_add(struct top_histogram *histogram, const json_t *before, const json_t *last);
double top_histogram_quantile(const struct top_histogram *histogram, double q);

/* The operation of the same name and minor version in another sample; NULL: it had none. */
const json_t *top_operation(const struct top_sample *sample, const json_t *like);
