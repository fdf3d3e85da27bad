/* SPDX-License-Identifier: Apache-2.0 */
/* Rates and quantiles, from counters that were read twice. */
#pragma once

#include <stddef.h>

/* By how much a counter grew each second.  NAN: no time has passed, or the counter is lower, since
 * it was begun anew. */
double top_rate(double before, double after, double seconds);

/* The value below which a share `q` of the samples lies.  `counts` has bound_count + 1 buckets, not
 * cumulative; in a bucket the samples are taken to lie evenly.  NAN: there are none; INFINITY: it
 * is above all bounds. */
double top_quantile(const double *bounds, const double *counts, size_t bound_count, double q);
