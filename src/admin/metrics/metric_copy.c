/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/metrics/metric_copy.h"

#include "admin/metrics/metric_text.h"
#include "proto/copies/copies.h"

void metric_copy_show(struct metric_text *text, struct copies *copies)
{
    struct copy_stats stats;

    copies_stats_read(copies, &stats);
    metric_text_begin(text, METRIC_COPIES);
    metric_text_count(text, "live", stats.live);
    metric_text_count(text, "ended", stats.ended);
#define X(name, help) metric_text_one(text, METRIC_copy_##name, stats.of[COPY_COUNTER_##name]);
    COPY_COUNTERS(X)
#undef X
}
