/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/metrics/metric_export.h"

#include "admin/metrics/metric_text.h"

struct view {
    struct metric_text *text;
    enum export_counter counter;
};

static void series_show(const struct export_stats *stats, void *arg)
{
    const struct view *view = arg;

    metric_text_count(view->text, stats->path, stats->of[view->counter]);
}

void metric_export_show(struct metric_text *text, struct export_table *exports)
{
#define X(name, help)                                                                              \
    metric_text_begin(text, METRIC_export_##name);                                                 \
    export_counters_visit(exports, series_show, &(struct view){text, EXPORT_COUNTER_##name});
    EXPORT_COUNTERS(X)
#undef X
}
