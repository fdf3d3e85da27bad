/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/exports.h"

#include <string.h>

#include "base/errand.h"
#include "daemon/export_shelf.h"
#include "daemon/export_store.h"

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
                                    .uses = uses[i],
                                    .revision = exports->revision},
             arg);
    }
    if (count == 0 || !path)
        count += export_shelf_visit(exports, path, show, arg);
    CHECK(pthread_mutex_unlock(&exports->lock) == 0);
    return count > 0 || !path;
}

static enum export_result unstored(enum export_store_result result)
{
    return result == EXPORT_STORE_BUSY ? EXPORT_BUSY : EXPORT_FAILED;
}

/* Export it and store it. */
static enum export_result put_up_locked(struct exports *exports, const struct export_spec *spec,
                                        struct export_built *built, const char *json,
                                        const struct export_report *report)
{
    enum export_store_result stored;
    char error[EXPORT_TEXT_BYTES];

    if (!export_room(exports, 2, report)) /* it is taken away again if it cannot be stored */
        return EXPORT_BUSY;
    if (!export_built_put_up(exports, spec, built, report))
        return EXPORT_REFUSED;
    stored = export_store_put(exports->config.state_fd, spec->path, json, error, sizeof(error));
    if (stored == EXPORT_STORE_DONE)
        return EXPORT_DONE;
    export_say(report, "%s cannot be stored: %s", spec->path, error);
    if (!export_entry_take_away(exports, export_entry_find(exports, spec->path), error,
                                sizeof(error)))
        export_say(report, "it stays until the server ends: %s", error);
    return unstored(stored);
}

/* Can there be one at this path? */
static enum export_result may_add_locked(struct exports *exports, const char *path,
                                         const struct export_report *report)
{
    if (!export_expected(exports, report))
        return EXPORT_CHANGED;
    if (export_entry_find(exports, path)) {
        export_say(report, "%s is exported already", path);
        return EXPORT_EXISTS;
    }
    if (export_shelf_find(exports, path)) {
        export_say(report,
                   "%s is stored, but could not be exported at the start: change it, or remove it",
                   path);
        return EXPORT_EXISTS;
    }
    return export_room(exports, 2, report) ? EXPORT_DONE : EXPORT_BUSY;
}

/* The backend is created without the lock.  If nobody waits for that any more, it is dropped. */
static enum export_result add(struct exports *exports, const struct export_spec *spec,
                              const char *json, const struct export_report *report)
{
    struct export_built built = {.fs = NULL};
    enum export_result result;

    CHECK(pthread_mutex_lock(&exports->lock) == 0);
    result = may_add_locked(exports, spec->path, report);
    CHECK(pthread_mutex_unlock(&exports->lock) == 0);
    if (result != EXPORT_DONE)
        return result;
    if (!export_built_create(exports, spec, &built, report))
        return built.busy ? EXPORT_BUSY : EXPORT_REFUSED;
    export_look(report, spec);
    if (errand_commit()) {
        CHECK(pthread_mutex_lock(&exports->lock) == 0);
        result = may_add_locked(exports, spec->path, report);
        if (result == EXPORT_DONE)
            result = put_up_locked(exports, spec, &built, json, report);
        export_unlock(exports);
    }
    export_built_drop(exports, &built);
    return result;
}

static bool is_expected(struct exports *exports, const struct export_report *report)
{
    bool expected;

    CHECK(pthread_mutex_lock(&exports->lock) == 0);
    expected = export_expected(exports, report);
    CHECK(pthread_mutex_unlock(&exports->lock) == 0);
    return expected;
}

enum export_result exports_add(struct exports *exports, const char *json,
                               const struct export_report *report)
{
    enum export_result result = EXPORT_REFUSED;
    struct config *said;

    if (!is_expected(exports, report))
        return EXPORT_CHANGED;
    said = export_json_read(json, report);
    if (said)
        result = add(exports, &said->exports[0], json, report);
    config_destroy(said);
    return result;
}

/* The administrator's own, or one that the configuration no longer has; NULL if it is on the
 * shelf. */
static enum export_result find_own(const struct exports *exports, const char *path,
                                   struct export_entry **entry, const struct export_report *report)
{
    *entry = export_entry_find(exports, path);
    if (!*entry && export_shelf_find(exports, path))
        return EXPORT_DONE;
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

/* One on the shelf is stored anew, so it may get another backend. */
static enum export_result retry_locked(struct exports *exports, const char *path,
                                       const struct export_spec *spec, struct export_built *built,
                                       const char *json, const struct export_report *report)
{
    enum export_result result;

    if (strcmp(spec->path, path) != 0) {
        export_say(report, "%s cannot get another path: remove it, then add the other one", path);
        return EXPORT_REFUSED;
    }
    if (!built->fs) {
        export_say(report, "%s was changed meanwhile: try again", path);
        return EXPORT_BUSY;
    }
    result = put_up_locked(exports, spec, built, json, report);
    if (result == EXPORT_DONE)
        export_shelf_drop(exports, path);
    return result;
}

/* Only its options. */
static enum export_result replace_locked(struct exports *exports, struct export_entry *entry,
                                         const struct export_spec *spec, const char *json,
                                         const struct export_report *report)
{
    const char *path = spec->path;
    enum export_store_result stored;
    char error[EXPORT_TEXT_BYTES];

    if (!export_room(exports, 1, report))
        return EXPORT_BUSY;
    stored = export_store_put(exports->config.state_fd, path, json, error, sizeof(error));
    if (stored != EXPORT_STORE_DONE) {
        export_say(report, "%s cannot be stored: %s", path, error);
        return unstored(stored);
    }
    export_shelf_drop(exports, path); /* what was stored before, and overruled */
    if (!export_table_change(exports->config.table, spec, error, sizeof(error))) {
        export_say(report, "%s; the change is stored, and holds from the next start on", error);
        return EXPORT_REFUSED;
    }
    export_spec_fini(&entry->spec);
    export_spec_copy(&entry->spec, spec);
    entry->origin = EXPORT_BY_ADMIN; /* also one that the configuration no longer has */
    entry->named = true;
    exports->revision++;
    export_revoke_later(exports, entry->fs, false);
    return EXPORT_DONE;
}

static enum export_result change_locked(struct exports *exports, const char *path,
                                        const struct export_spec *spec, struct export_built *built,
                                        const char *json, const struct export_report *report)
{
    struct export_entry *entry;
    enum export_result result =
        export_expected(exports, report) ? find_own(exports, path, &entry, report) : EXPORT_CHANGED;

    if (result != EXPORT_DONE)
        return result;
    if (!entry)
        return retry_locked(exports, path, spec, built, json, report);
    if (export_spec_same_files(&entry->spec, spec))
        return replace_locked(exports, entry, spec, json, report);
    export_say(report,
               "%s cannot get another path, backend, argument or fsid: remove it, then add the "
               "other one",
               path);
    return EXPORT_REFUSED;
}

/* *served: it needs no backend. */
static enum export_result may_change(struct exports *exports, const char *path, bool *served,
                                     const struct export_report *report)
{
    struct export_entry *entry = NULL;
    enum export_result result = EXPORT_CHANGED;

    CHECK(pthread_mutex_lock(&exports->lock) == 0);
    if (export_expected(exports, report))
        result = find_own(exports, path, &entry, report);
    *served = entry != NULL;
    CHECK(pthread_mutex_unlock(&exports->lock) == 0);
    return result;
}

static enum export_result change(struct exports *exports, const char *path, bool served,
                                 const struct export_spec *spec, const char *json,
                                 const struct export_report *report)
{
    enum export_result result = EXPORT_REFUSED;
    struct export_built built = {.fs = NULL};

    if (!served && strcmp(spec->path, path) == 0 &&
        !export_built_create(exports, spec, &built, report))
        return built.busy ? EXPORT_BUSY : EXPORT_REFUSED;
    export_look(report, spec);
    if (errand_commit()) {
        CHECK(pthread_mutex_lock(&exports->lock) == 0);
        result = change_locked(exports, path, spec, &built, json, report);
        export_unlock(exports);
    }
    export_built_drop(exports, &built);
    return result;
}

/* The lock is not held while the directory is looked at. */
enum export_result exports_change(struct exports *exports, const char *path, const char *json,
                                  const struct export_report *report)
{
    struct config *said;
    enum export_result result;
    bool served;

    result = may_change(exports, path, &served, report);
    if (result != EXPORT_DONE)
        return result;
    said = export_json_read(json, report);
    result = said ? change(exports, path, served, &said->exports[0], json, report) : EXPORT_REFUSED;
    config_destroy(said);
    return result;
}

/* From what is stored. */
static enum export_result forget_locked(struct exports *exports, const char *path,
                                        const struct export_report *report)
{
    enum export_store_result stored;
    char error[EXPORT_TEXT_BYTES];

    stored = export_store_remove(exports->config.state_fd, path, error, sizeof(error));
    if (stored != EXPORT_STORE_DONE) {
        export_say(report, "%s cannot be removed from what is stored: %s", path, error);
        return unstored(stored);
    }
    export_shelf_drop(exports, path);
    return EXPORT_DONE;
}

static enum export_result remove_served_locked(struct exports *exports, struct export_entry *entry,
                                               bool force, const struct export_report *report)
{
    char text[128], error[EXPORT_TEXT_BYTES];
    struct open_fs_uses uses;
    enum export_result result;

    if (export_entry_used(exports, entry, &uses) && !force) {
        export_say(report, "%s %s it", export_uses_text(&uses, text, sizeof(text)),
                   uses.clients == 1 ? "uses" : "use");
        return EXPORT_IN_USE;
    }
    if (!export_room(exports, 1, report))
        return EXPORT_BUSY;
    result = forget_locked(exports, entry->spec.path, report);
    if (result != EXPORT_DONE || export_entry_take_away(exports, entry, error, sizeof(error)))
        return result;
    export_say(report, "%s; it is gone at the next start", error);
    return EXPORT_REFUSED;
}

/* Of one that is overruled, what is stored goes. */
static enum export_result remove_locked(struct exports *exports, const char *path, bool force,
                                        const struct export_report *report)
{
    struct export_entry *entry = export_entry_find(exports, path);
    enum export_result result;

    if (entry && entry->named && entry->origin != EXPORT_BY_ADMIN &&
        export_shelf_find(exports, path))
        return forget_locked(exports, path, report);
    result = find_own(exports, path, &entry, report);
    if (result != EXPORT_DONE)
        return result;
    return entry ? remove_served_locked(exports, entry, force, report)
                 : forget_locked(exports, path, report);
}

/* Files are closed, and for that a file system may never answer: it is gone nevertheless. */
enum export_result exports_remove(struct exports *exports, const char *path, bool force,
                                  const struct export_report *report)
{
    enum export_result result;

    if (!errand_commit())
        return EXPORT_REFUSED;
    errand_place(path);
    CHECK(pthread_mutex_lock(&exports->lock) == 0);
    result = export_expected(exports, report) ? remove_locked(exports, path, force, report)
                                              : EXPORT_CHANGED;
    export_unlock(exports);
    return result;
}
