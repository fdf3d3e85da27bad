/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counts latencies in buckets that grow with the value: the error is at most 3%, from nanoseconds
 * to minutes.
 */
#pragma once

#include <stdint.h>

#define HISTOGRAM_SUB_BITS 5u
#define HISTOGRAM_BUCKETS ((64u - HISTOGRAM_SUB_BITS + 1) << HISTOGRAM_SUB_BITS)

struct histogram {
    uint64_t count;
    uint64_t max_ns;
    uint64_t buckets[HISTOGRAM_BUCKETS];
};

void histogram_add(struct histogram *h, uint64_t ns);

/* Add all of `part`. */
void histogram_join(struct histogram *h, const struct histogram *part);

/* The value that `fraction` (0 to 1) of all values do not exceed, in nanoseconds; 0 if empty. */
uint64_t histogram_percentile_ns(const struct histogram *h, double fraction);
