/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/exports.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "daemon/backends.h"
#include "daemon/descriptors.h"

enum {
    TEXT_BYTES = 512,
    SPARE_PARTS = 4 /* a later export gets one of so many parts of what is left */
};

/* One that is exported. */
struct entry {
    struct export_spec spec;
    enum export_origin origin;
    struct vfs *fs;
    uint32_t descriptors; /* of the spare ones; 0: a first export */
    bool named;           /* the configuration still says it */
};

/* A backend that was removed and is not gone yet. */
struct leaving {
    struct vfs *fs;
    uint32_t descriptors;
};

struct exports {
    struct exports_config config;
    pthread_mutex_t lock; /* guards the rest, and serialises changes */
    uint32_t spare;       /* descriptors */
    uint32_t count;
    struct entry *entries[LIMIT_EXPORTS];
    uint32_t leaving_count;
    struct leaving leaving[LIMIT_EXPORTS_RETIRED];
};

/* ---- backends ---- */

static bool keeps_files(const struct export_spec *spec)
{
    return backend_keeping_files(spec, 1) > 0;
}

/* Its share of the descriptors.  False: they are too few. */
static bool share_take(struct exports *exports, const struct export_spec *spec, uint32_t *share)
{
    *share = 0;
    if (!keeps_files(spec))
        return true;
    *share = exports->spare / SPARE_PARTS;
    if (*share < DESCRIPTORS_LATER_MIN)
        *share = DESCRIPTORS_LATER_MIN;
    if (*share > exports->spare)
        return false;
    exports->spare -= *share;
    return true;
}

/* The backend of an export that comes later. */
static struct vfs *backend_later(struct exports *exports, const struct export_spec *spec,
                                 uint32_t *share, char *error, size_t size)
{
    struct vfs *fs = NULL;

    *share = 0;
    if (!exports->config.machine && backend_serves_machine(spec, 1)) {
        (void)snprintf(error, size,
                       "export %s: the server was started without a local export, and gave up the "
                       "rights that one needs: restart it",
                       spec->path);
        return NULL;
    }
    if (!share_take(exports, spec, share)) {
        (void)snprintf(error, size,
                       "export %s: no file descriptors are left for one more local export: restart "
                       "the server, or raise the limit (--descriptors)",
                       spec->path);
        return NULL;
    }
    fs = backend_create(spec, exports->config.state_dir,
                        *share > 0 ? *share - DESCRIPTORS_OWN_PER_EXPORT : 0, error, size);
    if (!fs)
        exports->spare += *share;
    return fs;
}

static void revoke_all(struct vfs *fs, void *context)
{
    struct exports *exports = context;
    uint32_t left, revoked = open_fs_revoke(exports->config.state, fs, &left);

    if (revoked + left > 0)
        log_info("export.revoke", LOG_U64("revoked", revoked), LOG_U64("left", left));
}

static void backend_gone(struct vfs *fs, void *context)
{
    struct exports *exports = context;

    for (uint32_t i = 0; i < exports->leaving_count; i++) {
        if (exports->leaving[i].fs != fs)
            continue;
        exports->spare += exports->leaving[i].descriptors;
        exports->leaving[i] = exports->leaving[--exports->leaving_count];
        return;
    }
}

/* ---- the entries ---- */

static struct entry *entry_find(const struct exports *exports, const char *path)
{
    for (uint32_t i = 0; i < exports->count; i++) {
        if (strcmp(exports->entries[i]->spec.path, path) == 0)
            return exports->entries[i];
    }
    return NULL;
}

static void entry_add(struct exports *exports, const struct export_spec *spec,
                      enum export_origin origin, struct vfs *fs, uint32_t share)
{
    struct entry *entry = must_calloc(1, sizeof(*entry));

    *entry = (struct entry){.origin = origin, .fs = fs, .descriptors = share, .named = true};
    export_spec_copy(&entry->spec, spec);
    exports->entries[exports->count++] = entry;
}

static void entry_drop(struct exports *exports, struct entry *entry)
{
    for (uint32_t i = 0; i < exports->count; i++) {
        if (exports->entries[i] == entry)
            exports->entries[i] = exports->entries[--exports->count];
    }
    export_spec_fini(&entry->spec);
    free(entry);
}

static enum export_origin origin_of(const struct config *said)
{
    return said->by_option[CONFIG_EXPORTS] ? EXPORT_BY_OPTION : EXPORT_BY_FILE;
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
    entry_add(exports, spec, origin_of(said), fs, 0);
    return true;
}

struct exports *exports_open(const struct exports_config *config, const struct config *said,
                             char *error, size_t size)
{
    struct exports *exports = must_calloc(1, sizeof(*exports));

    exports->config = *config;
    exports->spare = config->descriptors_spare;
    CHECK(pthread_mutex_init(&exports->lock, NULL) == 0);
    export_table_hook(config->table, &(struct export_table_hooks){.released = revoke_all,
                                                                  .gone = backend_gone,
                                                                  .context = exports});
    for (uint32_t i = 0; i < said->export_count; i++) {
        if (!open_one(exports, said, &said->exports[i], error, size)) {
            exports_close(exports);
            return NULL;
        }
    }
    return exports;
}

void exports_close(struct exports *exports)
{
    if (!exports)
        return;
    export_table_hook(exports->config.table, &(struct export_table_hooks){0});
    while (exports->count > 0)
        entry_drop(exports, exports->entries[0]);
    CHECK(pthread_mutex_destroy(&exports->lock) == 0);
    free(exports);
}

/* The main thread does not wait for somebody who changes exports: there is a next second. */
void exports_tick(struct exports *exports)
{
    if (pthread_mutex_trylock(&exports->lock) != 0)
        return;
    export_table_tick(exports->config.table);
    pthread_mutex_unlock(&exports->lock);
}

/* ---- single changes, with the lock held ---- */

static void say(const struct export_report *report, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void say(const struct export_report *report, const char *format, ...)
{
    char text[TEXT_BYTES];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    report->line(report->context, text);
}

/* "2 clients (3 opens, 1 delegation)". */
static const char *uses_text(const struct open_fs_uses *uses, char *text, size_t size)
{
    (void)snprintf(text, size, "%u %s (%u %s, %u %s)", uses->clients,
                   uses->clients == 1 ? "client" : "clients", uses->opens,
                   uses->opens == 1 ? "open" : "opens", uses->delegations,
                   uses->delegations == 1 ? "delegation" : "delegations");
    return text;
}

static bool in_use(const struct exports *exports, const struct entry *entry,
                   struct open_fs_uses *uses)
{
    open_fs_count(exports->config.state, entry->fs, uses);
    return uses->opens + uses->delegations > 0;
}

/* What clients have open is revoked now; what requests in progress add to it, when these are
 * done. */
static bool take_away(struct exports *exports, struct entry *entry, char *error, size_t size)
{
    if (!export_table_remove(exports->config.table, entry->spec.path, error, size))
        return false;
    CHECK(exports->leaving_count < LIMIT_EXPORTS_RETIRED); /* the table has the same limit */
    exports->leaving[exports->leaving_count++] = (struct leaving){entry->fs, entry->descriptors};
    revoke_all(entry->fs, exports);
    entry_drop(exports, entry);
    return true;
}

static bool put_up(struct exports *exports, const struct export_spec *spec,
                   enum export_origin origin, struct vfs *fs, uint32_t share, char *error,
                   size_t size)
{
    if (export_table_add(exports->config.table, spec, fs, error, size)) {
        entry_add(exports, spec, origin, fs, share);
        return true;
    }
    fs->ops->destroy(fs);
    exports->spare += share;
    return false;
}

/* ---- the configuration again ---- */

enum step_kind {
    STEP_NONE,
    STEP_CHANGE, /* other options */
    STEP_ADD,
    STEP_REPLACE, /* other files at the same path */
};

struct step {
    enum step_kind kind;
    struct vfs *fs; /* of STEP_ADD and STEP_REPLACE */
    uint32_t share;
};

struct exports_plan {
    struct exports *exports;
    const struct config *said;
    struct step steps[LIMIT_EXPORTS]; /* of each of said->exports */
};

static enum step_kind step_of(const struct exports *exports, const struct export_spec *spec)
{
    const struct entry *entry = entry_find(exports, spec->path);
    char text[TEXT_BYTES];

    if (!entry)
        return STEP_ADD;
    if (!export_spec_same_files(&entry->spec, spec))
        return STEP_REPLACE;
    return *export_spec_differences(&entry->spec, spec, text, sizeof(text)) ? STEP_CHANGE
                                                                            : STEP_NONE;
}

static bool prepare_one(struct exports_plan *plan, uint32_t i, const char *file,
                        const struct export_report *report)
{
    const struct export_spec *spec = &plan->said->exports[i];
    struct step *step = &plan->steps[i];
    char error[TEXT_BYTES];

    step->kind = step_of(plan->exports, spec);
    if (step->kind != STEP_ADD && step->kind != STEP_REPLACE)
        return true;
    step->fs = backend_later(plan->exports, spec, &step->share, error, sizeof(error));
    if (!step->fs)
        say(report, "%s:%u: %s", file, plan->said->export_lines[i], error);
    return step->fs != NULL;
}

struct exports_plan *exports_prepare(struct exports *exports, const struct config *said,
                                     const char *file, const struct export_report *report)
{
    struct exports_plan *plan = must_calloc(1, sizeof(*plan));
    bool good = true;

    plan->exports = exports;
    plan->said = said;
    CHECK(pthread_mutex_lock(&exports->lock) == 0);
    for (uint32_t i = 0; i < said->export_count; i++)
        good &= prepare_one(plan, i, file, report);
    if (good)
        return plan;
    exports_cancel(plan);
    return NULL;
}

void exports_cancel(struct exports_plan *plan)
{
    struct exports *exports = plan->exports;

    for (uint32_t i = 0; i < plan->said->export_count; i++) {
        if (!plan->steps[i].fs)
            continue;
        plan->steps[i].fs->ops->destroy(plan->steps[i].fs);
        exports->spare += plan->steps[i].share;
    }
    free(plan);
    CHECK(pthread_mutex_unlock(&exports->lock) == 0);
}

/* True: it is gone. */
static bool remove_entry(struct exports *exports, struct entry *entry, bool force, const char *done,
                         const struct export_report *report)
{
    char path[TEXT_BYTES / 2], text[128], error[TEXT_BYTES] = "";
    struct open_fs_uses uses;
    bool used = in_use(exports, entry, &uses);

    (void)snprintf(path, sizeof(path), "%s", entry->spec.path);
    uses_text(&uses, text, sizeof(text));
    if (used && !force) {
        say(report, "export %s stays as it was: %s use it; remove it with force to revoke that",
            path, text);
        return false;
    }
    if (!take_away(exports, entry, error, sizeof(error))) {
        say(report, "export %s stays as it was: %s", path, error);
        return false;
    }
    if (used)
        say(report, "export %s %s: %s lost what they had open", path, done, text);
    else
        say(report, "export %s %s", path, done);
    return true;
}

static bool is_named(const struct config *said, const char *path)
{
    for (uint32_t i = 0; i < said->export_count; i++) {
        if (strcmp(said->exports[i].path, path) == 0)
            return true;
    }
    return false;
}

static void remove_unnamed(struct exports_plan *plan, bool force,
                           const struct export_report *report)
{
    struct exports *exports = plan->exports;

    for (uint32_t i = exports->count; i > 0; i--) {
        struct entry *entry = exports->entries[i - 1];

        if (entry->origin == EXPORT_BY_ADMIN || is_named(plan->said, entry->spec.path))
            continue;
        entry->named = false;
        (void)remove_entry(exports, entry, force, "removed", report);
    }
}

static void change_options(struct exports *exports, const struct export_spec *spec,
                           const struct export_report *report)
{
    struct entry *entry = entry_find(exports, spec->path);
    char text[TEXT_BYTES], error[TEXT_BYTES];

    export_spec_differences(&entry->spec, spec, text, sizeof(text));
    if (!export_table_change(exports->config.table, spec, error, sizeof(error))) {
        say(report, "export %s stays as it was: %s", spec->path, error);
        return;
    }
    export_spec_fini(&entry->spec);
    export_spec_copy(&entry->spec, spec);
    say(report, "export %s changed: %s", spec->path, text);
}

static void add_prepared(struct exports_plan *plan, uint32_t i, const struct export_report *report)
{
    const struct export_spec *spec = &plan->said->exports[i];
    char error[TEXT_BYTES];

    if (put_up(plan->exports, spec, origin_of(plan->said), plan->steps[i].fs, plan->steps[i].share,
               error, sizeof(error)))
        say(report, "export %s added", spec->path);
    else
        say(report, "export %s not added: %s", spec->path, error);
    plan->steps[i].fs = NULL;
}

static void replace_files(struct exports_plan *plan, uint32_t i, bool force,
                          const struct export_report *report)
{
    struct entry *entry = entry_find(plan->exports, plan->said->exports[i].path);

    if (remove_entry(plan->exports, entry, force, "removed, to get other files", report))
        add_prepared(plan, i, report);
}

void exports_apply(struct exports_plan *plan, bool force, const struct export_report *report)
{
    struct exports *exports = plan->exports;

    remove_unnamed(plan, force, report);
    for (uint32_t i = 0; i < plan->said->export_count; i++) {
        if (plan->steps[i].kind == STEP_REPLACE)
            replace_files(plan, i, force, report);
        if (plan->steps[i].kind == STEP_CHANGE)
            change_options(exports, &plan->said->exports[i], report);
    }
    for (uint32_t i = 0; i < plan->said->export_count; i++) {
        struct entry *entry;

        if (plan->steps[i].kind == STEP_ADD)
            add_prepared(plan, i, report);
        entry = entry_find(exports, plan->said->exports[i].path);
        if (entry) {
            entry->origin = origin_of(plan->said);
            entry->named = true;
        }
    }
    exports_cancel(plan); /* what was not used */
}
