/* SPDX-License-Identifier: Apache-2.0 */
#include "export/export_counters.h"

#include "export/export_internal.h"

void export_counters_visit(struct export_table *table,
                           void (*visit)(const struct export_stats *stats, void *arg), void *arg)
{
    unsigned phase = export_enter(table);
    const struct export_view *view = export_view_of(table);

    for (uint32_t i = 0; i < view->count; i++) {
        const struct vfs *fs = view->exports[i]->fs;
        struct export_stats stats = {.path = view->exports[i]->path, .keeps = fs->kept_counters};

        for (unsigned j = 0; j < EXPORT_COUNTER_COUNT; j++)
            stats.of[j] = counter_read(view->exports[i]->counters, j);
        for (unsigned j = 0; stats.keeps && j < VFS_KEPT_COUNT; j++)
            stats.kept[j] = counter_read(fs->kept_counters, j);
        visit(&stats, arg);
    }
    export_leave(table, phase);
}
