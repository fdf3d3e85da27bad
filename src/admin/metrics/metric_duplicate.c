/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/metrics/metric_duplicate.h"

#include "admin/metrics/metric_text.h"
#ifdef MAINSTAY_V40
#include "proto/v40/v40.h"
#endif

static void stats_read(const struct v40 *v40, struct duplicate_stats *stats)
{
    *stats = (struct duplicate_stats){0};
#ifdef MAINSTAY_V40
    duplicate_stats_read(v40->duplicates, stats);
#else
    (void)v40;
#endif
}

void metric_duplicate_show(struct metric_text *text, const struct v40 *v40)
{
    struct duplicate_stats stats;

    stats_read(v40, &stats);
    metric_text_one(text, METRIC_DUPLICATES, stats.entries);
    metric_text_one(text, METRIC_DUPLICATE_CLIENTS, stats.clients);
    metric_text_one(text, METRIC_DUPLICATE_BYTES, stats.bytes);
    metric_text_one(text, METRIC_DUPLICATE_WAITING, stats.waiting);
#define X(name, help) metric_text_one(text, METRIC_duplicate_##name, stats.name);
    DUPLICATE_COUNTERS(X)
#undef X
}
