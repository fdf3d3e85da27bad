/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/metrics/metric_export.h"

#include "admin/metrics/metric_text.h"

struct view {
    struct metric_text *text;
    enum export_counter counter;
};

struct kept_view {
    struct metric_text *text;
    enum vfs_kept_counter counter;
};

static void series_show(const struct export_stats *stats, void *arg)
{
    const struct view *view = arg;

    metric_text_count(view->text, stats->path, stats->of[view->counter]);
}

static void kept_show(const struct export_stats *stats, void *arg)
{
    const struct kept_view *view = arg;

    if (stats->keeps)
        metric_text_count(view->text, stats->path, stats->kept[view->counter]);
}

static const enum metric_id kept_metrics[VFS_KEPT_COUNT] = {
    [VFS_KEPT_HITS] = METRIC_ATTRIBUTE_HITS,
    [VFS_KEPT_MISSES] = METRIC_ATTRIBUTE_MISSES,
    [VFS_KEPT_CHANGES] = METRIC_ATTRIBUTE_CHANGES,
    [VFS_KEPT_OVERFLOWS] = METRIC_ATTRIBUTE_OVERFLOWS,
    [VFS_KEPT_UNTOLD] = METRIC_ATTRIBUTE_UNTOLD,
};

void metric_export_show(struct metric_text *text, struct export_table *exports)
{
#define X(name, help)                                                                              \
    metric_text_begin(text, METRIC_export_##name);                                                 \
    export_counters_visit(exports, series_show, &(struct view){text, EXPORT_COUNTER_##name});
    EXPORT_COUNTERS(X)
#undef X
    for (unsigned i = 0; i < VFS_KEPT_COUNT; i++) {
        metric_text_begin(text, kept_metrics[i]);
        export_counters_visit(exports, kept_show, &(struct kept_view){text, i});
    }
}
