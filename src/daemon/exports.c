/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/exports.h"

#include <stdlib.h>

#include "base/clock.h"
#include "daemon/backends.h"
#include "daemon/export_excluded.h"
#include "daemon/export_shelf.h"
#include "daemon/export_store.h"

static uint64_t time_us(void)
{
    struct timespec now = clock_realtime();

    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static void tell_changed(struct vfs *fs, void *context)
{
    export_excluded_revoke(context, fs);
}

static bool open_one(struct exports *exports, const struct config *said,
                     const struct export_spec *spec, char *error, size_t size)
{
    uint32_t keepers = backend_keeping_files(said->exports, said->export_count);
    uint32_t share = keepers ? exports->config.descriptors / keepers : 0;
    struct vfs *fs = backend_create(spec, exports->config.state_dir, share, error, size);

    if (!fs)
        return false;
    if (!export_table_add(exports->config.table, spec, fs, error, size)) {
        fs->ops->destroy(fs);
        return false;
    }
    export_entry_add(exports, spec, export_origin_of(said), fs, 0);
    return true;
}

struct exports *exports_open(const struct exports_config *config, const struct config *said,
                             char *error, size_t size)
{
    struct exports *exports = must_calloc(1, sizeof(*exports));

    exports->config = *config;
    exports->spare = config->descriptors_spare;
    exports->revision = time_us(); /* more than in the last run */
    CHECK(pthread_mutex_init(&exports->lock, NULL) == 0);
    export_table_hook(config->table, &(struct export_table_hooks){.covered = export_recall_later,
                                                                  .released = export_revoke_all,
                                                                  .changed = tell_changed,
                                                                  .gone = export_backend_gone,
                                                                  .context = exports});
    for (uint32_t i = 0; i < said->export_count; i++) {
        if (!open_one(exports, said, &said->exports[i], error, size)) {
            exports_close(exports);
            return NULL;
        }
    }
    if (export_store_read(config->state_fd, export_shelf_open, exports, error, size))
        return exports;
    exports_close(exports);
    return NULL;
}

void exports_close(struct exports *exports)
{
    if (!exports)
        return;
    export_table_hook(exports->config.table, &(struct export_table_hooks){0});
    while (exports->count > 0)
        export_entry_drop(exports, exports->entries[0]);
    while (exports->shelved_count > 0)
        export_shelf_drop(exports, exports->shelf[0]->path);
    CHECK(pthread_mutex_destroy(&exports->lock) == 0);
    free(exports);
}

void exports_tick(struct exports *exports)
{
    open_fs_settle(exports->config.state);
    export_table_tick(exports->config.table);
}

bool exports_await(struct exports *exports)
{
    return export_table_ripe(exports->config.table) || open_fs_unsettled(exports->config.state);
}
