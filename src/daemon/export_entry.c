/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/export_entry.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "admin/config/config_json.h"
#include "base/clock.h"
#include "base/errand.h"
#include "base/log.h"
#include "daemon/backends.h"
#include "daemon/descriptors.h"
#include "daemon/export_excluded.h"
#include "state/delegation/delegation_conflict.h"

enum {
    SPARE_PARTS = 4, /* a later export gets one of so many parts of what is left */
    PAUSE_MS = 50,
    SHARE_WAIT_MS = 3000, /* for descriptors: two ticks, and some time for what is in progress */
};

void export_say(const struct export_report *report, const char *format, ...)
{
    char text[EXPORT_TEXT_BYTES];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    report->line(report->context, text);
}

void export_look(const struct export_report *report, const struct export_spec *spec)
{
    if (report->look)
        report->look(report->look_context, spec);
}

bool export_expected(const struct exports *exports, const struct export_report *report)
{
    return report->expected == 0 || report->expected == exports->revision;
}

bool export_room(struct exports *exports, uint32_t changes, const struct export_report *report)
{
    if (export_table_room(exports->config.table) >= changes)
        return true;
    export_say(
        report,
        "%u earlier changes of exports are not over yet, since requests or clients still use "
        "what was there before: try again later, or restart the server",
        export_table_retired(exports->config.table));
    return false;
}

enum export_origin export_origin_of(const struct config *said)
{
    return said->by_option[CONFIG_EXPORTS] ? EXPORT_BY_OPTION : EXPORT_BY_FILE;
}

/* "2 clients (3 opens, 1 delegation)". */
const char *export_uses_text(const struct open_fs_uses *uses, char *text, size_t size)
{
    (void)snprintf(text, size, "%u %s (%u %s, %u %s)", uses->clients,
                   uses->clients == 1 ? "client" : "clients", uses->opens,
                   uses->opens == 1 ? "open" : "opens", uses->delegations,
                   uses->delegations == 1 ? "delegation" : "delegations");
    return text;
}

/* A fault of the only item of a list that the sender does not know. */
static void fault_say(const struct export_report *report, const char *text)
{
    static const char member[] = "exports[0].", item[] = "exports[0] ";

    if (strncmp(text, member, strlen(member)) == 0)
        export_say(report, "%s", text + strlen(member));
    else if (strncmp(text, item, strlen(item)) == 0)
        export_say(report, "the export %s", text + strlen(item));
    else
        export_say(report, "%s", text);
}

struct config *export_json_read(const char *json, const struct export_report *report)
{
    struct config_faults faults = {0};
    struct config *said = config_json_read(json, backend_look, &faults);
    bool good = faults.count == 0;

    for (uint32_t i = 0; i < faults.kept; i++)
        fault_say(report, faults.of[i].text);
    config_faults_fini(&faults);
    if (good)
        return said;
    config_destroy(said);
    return NULL;
}

static bool keeps_files(const struct export_spec *spec)
{
    return backend_keeping_files(spec, 1) > 0;
}

/* Has a removed export descriptors until nobody uses it?  exports_tick() sees that. */
static bool share_leaves(const struct exports *exports)
{
    bool leaves = false;

    for (uint32_t i = 0; i < exports->leaving_count; i++)
        leaves |= exports->leaving[i].descriptors > 0;
    return leaves;
}

void export_pause(struct exports *exports)
{
    static const struct timespec pause = {.tv_nsec = PAUSE_MS * 1000000L};

    errand_place(NULL); /* to wait for others is no sign of a directory that does not answer */
    CHECK(pthread_mutex_unlock(&exports->lock) == 0);
    (void)nanosleep(&pause, NULL);
    CHECK(pthread_mutex_lock(&exports->lock) == 0);
}

/* Its share of the descriptors.  False: they are too few. */
static bool share_take_locked(struct exports *exports, uint32_t mine, struct export_built *built)
{
    for (int waited = 0; waited < SHARE_WAIT_MS && exports->spare < DESCRIPTORS_LATER_MIN &&
                         (exports->building > mine || share_leaves(exports));
         waited += PAUSE_MS)
        export_pause(exports);
    if (exports->spare < DESCRIPTORS_LATER_MIN) {
        built->busy = exports->building > mine;
        built->leaves = share_leaves(exports);
        return false;
    }
    built->share = exports->spare / SPARE_PARTS;
    if (built->share < DESCRIPTORS_LATER_MIN)
        built->share = DESCRIPTORS_LATER_MIN;
    exports->spare -= built->share;
    exports->building++;
    return true;
}

static bool share_take(struct exports *exports, const struct export_spec *spec, uint32_t mine,
                       struct export_built *built)
{
    bool taken;

    if (!keeps_files(spec))
        return true;
    CHECK(pthread_mutex_lock(&exports->lock) == 0);
    taken = share_take_locked(exports, mine, built);
    CHECK(pthread_mutex_unlock(&exports->lock) == 0);
    return taken;
}

static void share_put(struct exports *exports, uint32_t share)
{
    CHECK(pthread_mutex_lock(&exports->lock) == 0);
    exports->spare += share;
    exports->building -= share > 0;
    CHECK(pthread_mutex_unlock(&exports->lock) == 0);
}

static const char *share_advice(const struct export_built *built)
{
    if (built->busy)
        return "another change is being prepared, and has them: try again later";
    if (built->leaves)
        return "removed exports have them, as clients have not acknowledged what they lost: evict "
               "these clients, or restart the server";
    return "restart the server, or raise the limit (--descriptors)";
}

/* The backend of an export that comes later. */
bool export_backend_later(struct exports *exports, const struct export_spec *spec, uint32_t mine,
                          struct export_built *built, char *error, size_t size)
{
    *built = (struct export_built){.fs = NULL};
    if (!exports->config.machine && backend_serves_machine(spec, 1)) {
        (void)snprintf(error, size,
                       "export %s: the server was started as root without a local export, so it "
                       "gave up the rights that one needs: name one in the configuration file or "
                       "with --export, then restart the server",
                       spec->path);
        return false;
    }
    if (!share_take(exports, spec, mine, built)) {
        (void)snprintf(error, size,
                       "export %s: no file descriptors are left for one more local export: %s",
                       spec->path, share_advice(built));
        return false;
    }
    built->fs = backend_create(spec, exports->config.state_dir,
                               built->share > 0 ? built->share - DESCRIPTORS_OWN_PER_EXPORT : 0,
                               error, size);
    if (!built->fs)
        share_put(exports, built->share);
    return built->fs != NULL;
}

void export_revoke_all(struct vfs *fs, void *context)
{
    struct exports *exports = context;
    uint32_t left, revoked = open_fs_revoke(exports->config.state, fs, &left);

    if (revoked + left > 0)
        log_info("export.revoke", LOG_U64("revoked", revoked), LOG_U64("left", left));
}

void export_backend_gone(struct vfs *fs, void *context)
{
    struct exports *exports = context;

    CHECK(pthread_mutex_lock(&exports->lock) == 0);
    for (uint32_t i = 0; i < exports->leaving_count; i++) {
        if (exports->leaving[i].fs != fs)
            continue;
        exports->spare += exports->leaving[i].descriptors;
        exports->leaving[i] = exports->leaving[--exports->leaving_count];
        break;
    }
    CHECK(pthread_mutex_unlock(&exports->lock) == 0);
}

void export_revoke_later(struct exports *exports, struct vfs *fs, bool all)
{
    struct vfs_object *root;

    CHECK(fs->ops->root(fs, &root) == VFS_OK); /* the table holds it */
    exports->losing[exports->losing_count++] = (struct export_losing){root, all};
}

/* A delegation that is granted after this look finds the export: export_has_children(). */
void export_recall_later(struct vfs_object *dir, void *context)
{
    struct exports *exports = context;

    if (atomic_load_explicit(&dir->node->delegations, memory_order_seq_cst) == 0)
        return;
    for (uint32_t i = 0; i < exports->covered_count; i++) {
        if (exports->covered[i] == dir)
            return;
    }
    CHECK(exports->covered_count < LIMIT_EXPORTS);
    exports->covered[exports->covered_count++] = vfs_object_get(dir);
}

static void recall_covered(struct exports *exports, struct vfs_object *const *covered,
                           uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        delegation_recall_all(exports->config.state, covered[i], DELEGATION_USE_CHANGE, false,
                              clock_now_ns());
        vfs_object_put(covered[i]);
    }
}

/* Its clients may be admitted no longer, and users may be others for the export now. */
static void options_changed(struct exports *exports, const struct vfs *fs)
{
    open_fs_recall_told(exports->config.state, fs);
    export_excluded_revoke(exports, fs);
}

void export_unlock(struct exports *exports)
{
    struct export_losing losing[LIMIT_EXPORTS];
    struct vfs_object *covered[LIMIT_EXPORTS];
    uint32_t count = exports->losing_count, covered_count = exports->covered_count;

    memcpy(losing, exports->losing, count * sizeof(*losing));
    memcpy(covered, exports->covered, covered_count * sizeof(struct vfs_object *));
    exports->losing_count = exports->covered_count = 0;
    CHECK(pthread_mutex_unlock(&exports->lock) == 0);
    recall_covered(exports, covered, covered_count);
    for (uint32_t i = 0; i < count; i++) {
        if (losing[i].all)
            export_revoke_all(losing[i].root->fs, exports);
        else
            options_changed(exports, losing[i].root->fs);
        vfs_object_put(losing[i].root);
    }
}

struct export_entry *export_entry_find(const struct exports *exports, const char *path)
{
    for (uint32_t i = 0; i < exports->count; i++) {
        if (strcmp(exports->entries[i]->spec.path, path) == 0)
            return exports->entries[i];
    }
    return NULL;
}

void export_entry_add(struct exports *exports, const struct export_spec *spec,
                      enum export_origin origin, struct vfs *fs, uint32_t share)
{
    struct export_entry *entry = must_calloc(1, sizeof(*entry));

    *entry = (struct export_entry){.origin = origin, .fs = fs, .descriptors = share, .named = true};
    export_spec_copy(&entry->spec, spec);
    exports->entries[exports->count++] = entry;
    exports->revision++;
}

void export_entry_drop(struct exports *exports, struct export_entry *entry)
{
    for (uint32_t i = 0; i < exports->count; i++) {
        if (exports->entries[i] == entry)
            exports->entries[i] = exports->entries[--exports->count];
    }
    exports->revision++;
    export_spec_fini(&entry->spec);
    free(entry);
}

bool export_entry_used(const struct exports *exports, const struct export_entry *entry,
                       struct open_fs_uses *uses)
{
    const struct vfs *fs = entry->fs;

    open_fs_count(exports->config.state, &fs, 1, uses);
    return uses->opens + uses->delegations > 0;
}

bool export_entry_put_up(struct exports *exports, const struct export_spec *spec,
                         enum export_origin origin, struct vfs *fs, uint32_t share, char *error,
                         size_t size)
{
    if (!export_table_add(exports->config.table, spec, fs, error, size))
        return false;
    export_entry_add(exports, spec, origin, fs, share);
    exports->building -= share > 0;
    return true;
}

bool export_built_create(struct exports *exports, const struct export_spec *spec,
                         struct export_built *built, const struct export_report *report)
{
    char error[EXPORT_TEXT_BYTES];

    if (export_backend_later(exports, spec, 0, built, error, sizeof(error)))
        return true;
    export_say(report, "%s", error);
    return false;
}

void export_built_drop(struct exports *exports, struct export_built *built)
{
    if (built->fs) {
        built->fs->ops->destroy(built->fs);
        share_put(exports, built->share);
    }
    built->fs = NULL;
}

bool export_built_put_up(struct exports *exports, const struct export_spec *spec,
                         struct export_built *built, const struct export_report *report)
{
    char error[EXPORT_TEXT_BYTES];

    if (export_entry_put_up(exports, spec, EXPORT_BY_ADMIN, built->fs, built->share, error,
                            sizeof(error))) {
        built->fs = NULL;
        return true;
    }
    export_say(report, "%s", error);
    return false;
}

/* What requests in progress add to it is revoked when these are done. */
bool export_entry_take_away(struct exports *exports, struct export_entry *entry, char *error,
                            size_t size)
{
    struct vfs *fs = entry->fs;

    export_revoke_later(exports, fs, true); /* its reference comes before the table's goes */
    if (!export_table_remove(exports->config.table, entry->spec.path, error, size)) {
        vfs_object_put(exports->losing[--exports->losing_count].root);
        return false;
    }
    CHECK(exports->leaving_count < LIMIT_EXPORTS_RETIRED); /* the table has the same limit */
    exports->leaving[exports->leaving_count++] = (struct export_leaving){fs, entry->descriptors};
    export_entry_drop(exports, entry);
    return true;
}
