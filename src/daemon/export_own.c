/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/export_own.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/config/config_json.h"
#include "base/log.h"
#include "daemon/backends.h"
#include "daemon/export_store.h"

/* NULL: `report` says why. */
static struct config *json_read(const char *json, const struct export_report *report)
{
    struct config_faults faults = {0};
    struct config *config = config_json_read(json, backend_look, &faults);
    bool good = faults.count == 0;

    for (uint32_t i = 0; i < faults.kept; i++)
        export_say(report, "%s", faults.of[i].text);
    config_faults_fini(&faults);
    if (good)
        return config;
    config_destroy(config);
    return NULL;
}

static void log_failure(void *context, const char *text)
{
    (void)context;
    log_error("export.failed", LOG_STR("error", text),
              LOG_STR("note", "it is stored, but not exported"));
}

void export_stored_open(void *context, const char *json)
{
    const struct export_report failures = {log_failure, NULL};
    struct exports *exports = context;
    struct config *said = json_read(json, &failures);
    const struct export_spec *spec = said ? &said->exports[0] : NULL;
    char error[EXPORT_TEXT_BYTES];
    uint32_t share;
    struct vfs *fs;

    if (!spec)
        return;
    if (export_entry_find(exports, spec->path)) {
        log_warn("export.overruled", LOG_STR("path", spec->path),
                 LOG_STR("note", "the configuration has it: what is stored does not count"));
    } else {
        fs = export_backend_later(exports, spec, &share, error, sizeof(error));
        if (!fs ||
            !export_entry_put_up(exports, spec, EXPORT_BY_ADMIN, fs, share, error, sizeof(error)))
            log_failure(NULL, error);
    }
    config_destroy(said);
}

/* Those at `path`, or all. */
static uint32_t pick(const struct exports *exports, const char *path,
                     const struct export_entry **picked, const struct vfs **fs)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < exports->count; i++) {
        if (path && strcmp(exports->entries[i]->spec.path, path) != 0)
            continue;
        fs[count] = exports->entries[i]->fs;
        picked[count++] = exports->entries[i];
    }
    return count;
}

bool exports_visit(struct exports *exports, const char *path,
                   void (*show)(const struct export_shown *shown, void *arg), void *arg)
{
    const struct export_entry *picked[LIMIT_EXPORTS];
    struct open_fs_uses uses[LIMIT_EXPORTS];
    const struct vfs *fs[LIMIT_EXPORTS];
    uint32_t count;

    CHECK(pthread_mutex_lock(&exports->lock) == 0);
    count = pick(exports, path, picked, fs);
    open_fs_count(exports->config.state, fs, count, uses);
    for (uint32_t i = 0; i < count; i++) {
        const struct export_entry *entry = picked[i];

        show(&(struct export_shown){.spec = &entry->spec,
                                    .origin = entry->origin,
                                    .secure = export_table_secure(&entry->spec, entry->fs),
                                    .uses = uses[i]},
             arg);
    }
    CHECK(pthread_mutex_unlock(&exports->lock) == 0);
    return count > 0 || !path;
}

static enum export_result add_locked(struct exports *exports, const struct export_spec *spec,
                                     const char *json, const struct export_report *report)
{
    char error[EXPORT_TEXT_BYTES];
    uint32_t share;
    struct vfs *fs;

    if (export_entry_find(exports, spec->path)) {
        export_say(report, "%s is exported already", spec->path);
        return EXPORT_EXISTS;
    }
    if (!export_room(exports, 2, report)) /* it is taken away again if it cannot be stored */
        return EXPORT_BUSY;
    fs = export_backend_later(exports, spec, &share, error, sizeof(error));
    if (!fs ||
        !export_entry_put_up(exports, spec, EXPORT_BY_ADMIN, fs, share, error, sizeof(error))) {
        export_say(report, "%s", error);
        return EXPORT_REFUSED;
    }
    if (export_store_put(exports->config.state_fd, spec->path, json, error, sizeof(error)))
        return EXPORT_DONE;
    export_say(report, "%s cannot be stored: %s", spec->path, error);
    if (!export_entry_take_away(exports, export_entry_find(exports, spec->path), error,
                                sizeof(error)))
        export_say(report, "it stays until the server ends: %s", error);
    return EXPORT_FAILED;
}

enum export_result exports_add(struct exports *exports, const char *json,
                               const struct export_report *report)
{
    struct config *said;
    enum export_result result;

    CHECK(pthread_mutex_lock(&exports->lock) == 0);
    said = json_read(json, report);
    result = said ? add_locked(exports, &said->exports[0], json, report) : EXPORT_REFUSED;
    CHECK(pthread_mutex_unlock(&exports->lock) == 0);
    config_destroy(said);
    return result;
}

/* The administrator's own, or one that the configuration no longer has. */
static enum export_result find_own(const struct exports *exports, const char *path,
                                   struct export_entry **entry, const struct export_report *report)
{
    *entry = export_entry_find(exports, path);
    if (!*entry) {
        export_say(report, "%s is not exported", path);
        return EXPORT_UNKNOWN;
    }
    if ((*entry)->origin == EXPORT_BY_ADMIN || !(*entry)->named)
        return EXPORT_DONE;
    export_say(report,
               (*entry)->origin == EXPORT_BY_FILE
                   ? "%s belongs to the configuration file: change it there, then reload"
                   : "%s belongs to the command line: change it there, then restart the server",
               path);
    return EXPORT_FOREIGN;
}

static enum export_result change_locked(struct exports *exports, const char *path,
                                        const struct export_spec *spec, const char *json,
                                        const struct export_report *report)
{
    struct export_entry *entry;
    enum export_result result = find_own(exports, path, &entry, report);
    char error[EXPORT_TEXT_BYTES];

    if (result != EXPORT_DONE)
        return result;
    if (!export_spec_same_files(&entry->spec, spec)) {
        export_say(report,
                   "%s cannot get another path, backend, argument or fsid: remove it, then add "
                   "the other one",
                   path);
        return EXPORT_REFUSED;
    }
    if (!export_room(exports, 1, report))
        return EXPORT_BUSY;
    if (!export_store_put(exports->config.state_fd, path, json, error, sizeof(error))) {
        export_say(report, "%s cannot be stored: %s", path, error);
        return EXPORT_FAILED;
    }
    if (!export_table_change(exports->config.table, spec, error, sizeof(error))) {
        export_say(report, "%s; the change is stored, and holds from the next start on", error);
        return EXPORT_REFUSED;
    }
    export_spec_fini(&entry->spec);
    export_spec_copy(&entry->spec, spec);
    entry->origin = EXPORT_BY_ADMIN; /* also one that the configuration no longer has */
    entry->named = true;
    return EXPORT_DONE;
}

enum export_result exports_change(struct exports *exports, const char *path, const char *json,
                                  const struct export_report *report)
{
    struct config *said;
    enum export_result result;
    struct export_entry *entry;

    CHECK(pthread_mutex_lock(&exports->lock) == 0);
    result = find_own(exports, path, &entry, report);
    said = result == EXPORT_DONE ? json_read(json, report) : NULL;
    if (said)
        result = change_locked(exports, path, &said->exports[0], json, report);
    else if (result == EXPORT_DONE)
        result = EXPORT_REFUSED;
    CHECK(pthread_mutex_unlock(&exports->lock) == 0);
    config_destroy(said);
    return result;
}

static enum export_result remove_locked(struct exports *exports, const char *path, bool force,
                                        const struct export_report *report)
{
    struct export_entry *entry;
    enum export_result result = find_own(exports, path, &entry, report);
    char text[128], error[EXPORT_TEXT_BYTES];
    struct open_fs_uses uses;

    if (result != EXPORT_DONE)
        return result;
    if (export_entry_used(exports, entry, &uses) && !force) {
        export_say(report, "%s use it", export_uses_text(&uses, text, sizeof(text)));
        return EXPORT_IN_USE;
    }
    if (!export_room(exports, 1, report))
        return EXPORT_BUSY;
    if (!export_store_remove(exports->config.state_fd, path, error, sizeof(error))) {
        export_say(report, "%s cannot be removed from what is stored: %s", path, error);
        return EXPORT_FAILED;
    }
    if (export_entry_take_away(exports, entry, error, sizeof(error)))
        return EXPORT_DONE;
    export_say(report, "%s; it is gone at the next start", error);
    return EXPORT_REFUSED;
}

enum export_result exports_remove(struct exports *exports, const char *path, bool force,
                                  const struct export_report *report)
{
    enum export_result result;

    CHECK(pthread_mutex_lock(&exports->lock) == 0);
    result = remove_locked(exports, path, force, report);
    CHECK(pthread_mutex_unlock(&exports->lock) == 0);
    return result;
}
