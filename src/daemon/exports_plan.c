/* SPDX-License-Identifier: Apache-2.0 */
/* The exports of a configuration that was read again. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/errand.h"
#include "daemon/export_shelf.h"
#include "daemon/export_store.h"

enum {
    TURN_WAITS = 60 /* for a pause each */
};

enum step_kind {
    STEP_NONE,
    STEP_CHANGE, /* other options */
    STEP_ADD,
    STEP_REPLACE, /* other files at the same path */
};

struct step {
    enum step_kind kind;
    bool looked;               /* whoever asks has looked at it */
    struct export_built built; /* of STEP_ADD and STEP_REPLACE */
};

struct exports_plan {
    struct exports *exports;
    const struct config *said;
    struct step steps[LIMIT_EXPORTS]; /* of each of said->exports */
};

static enum step_kind step_of(const struct exports *exports, const struct export_spec *spec)
{
    const struct export_entry *entry = export_entry_find(exports, spec->path);
    char text[EXPORT_TEXT_BYTES];

    if (!entry)
        return STEP_ADD;
    if (!export_spec_same_files(&entry->spec, spec))
        return STEP_REPLACE;
    return *export_spec_differences(&entry->spec, spec, text, sizeof(text)) ? STEP_CHANGE
                                                                            : STEP_NONE;
}

static bool needs_backend(const struct step *step)
{
    return !step->built.fs && (step->kind == STEP_ADD || step->kind == STEP_REPLACE);
}

static bool is_prepared(const struct step *step)
{
    return step->kind == STEP_NONE || (step->looked && !needs_backend(step));
}

/* What there is to do, as things are now.  True: all backends for it are there. */
static bool find_steps_locked(struct exports_plan *plan)
{
    bool ready = true;

    for (uint32_t i = 0; i < plan->said->export_count; i++) {
        plan->steps[i].kind = step_of(plan->exports, &plan->said->exports[i]);
        ready &= is_prepared(&plan->steps[i]);
    }
    return ready;
}

/* How many of its backends have a share of the descriptors. */
static uint32_t shares_of(const struct exports_plan *plan)
{
    uint32_t shares = 0;

    for (uint32_t i = 0; i < plan->said->export_count; i++)
        shares += plan->steps[i].built.fs && plan->steps[i].built.share > 0;
    return shares;
}

static bool create_backend(struct exports_plan *plan, uint32_t i, const char *file,
                           const struct export_report *report)
{
    const struct export_spec *spec = &plan->said->exports[i];
    char error[EXPORT_TEXT_BYTES];

    if (export_backend_later(plan->exports, spec, shares_of(plan), &plan->steps[i].built, error,
                             sizeof(error)))
        return true;
    export_say(report, "%s:%u: %s", file, plan->said->export_lines[i], error);
    return false;
}

static bool prepare_one(struct exports_plan *plan, uint32_t i, const char *file,
                        const struct export_report *report)
{
    struct step *step = &plan->steps[i];

    if (errand_is_abandoned())
        return false; /* whoever waited has told why */
    if (is_prepared(step))
        return true;
    if (needs_backend(step) && !create_backend(plan, i, file, report))
        return false;
    if (!step->looked)
        export_look(report, &plan->said->exports[i]);
    step->looked = true;
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

/* How many changes of the table may become of it. */
static uint32_t changes_of(const struct exports_plan *plan)
{
    static const uint8_t of_step[] = {
        [STEP_NONE] = 0, [STEP_CHANGE] = 1, [STEP_ADD] = 1, [STEP_REPLACE] = 2};
    const struct exports *exports = plan->exports;
    uint32_t changes = 0;

    for (uint32_t i = 0; i < plan->said->export_count; i++)
        changes += of_step[plan->steps[i].kind];
    for (uint32_t i = 0; i < exports->count; i++)
        changes += exports->entries[i]->origin != EXPORT_BY_ADMIN &&
                   !is_named(plan->said, exports->entries[i]->spec.path);
    return changes + exports->shelved_count;
}

/* Two plans at once would create the same backends, and share the descriptors so that neither has
 * enough.  One that hangs is not waited for when its errand was abandoned, nor for long. */
static void await_turn_locked(struct exports *exports)
{
    for (uint32_t waits = 0; waits < TURN_WAITS && exports->preparing > errands_abandoned();
         waits++)
        export_pause(exports);
    exports->preparing++;
}

/* The lock is not held while backends are created.  If another thread has changed exports
 * meanwhile, there may be more to create. */
struct exports_plan *exports_prepare(struct exports *exports, const struct config *said,
                                     const char *file, const struct export_report *report)
{
    struct exports_plan *plan = must_calloc(1, sizeof(*plan));
    bool good = true;

    plan->exports = exports;
    plan->said = said;
    CHECK(pthread_mutex_lock(&exports->lock) == 0);
    await_turn_locked(exports);
    while (good && !find_steps_locked(plan)) {
        CHECK(pthread_mutex_unlock(&exports->lock) == 0);
        for (uint32_t i = 0; i < said->export_count; i++)
            good &= prepare_one(plan, i, file, report);
        CHECK(pthread_mutex_lock(&exports->lock) == 0);
    }
    exports->preparing--;
    if (good && export_room(exports, changes_of(plan), report))
        return plan;
    exports_cancel(plan);
    return NULL;
}

void exports_cancel(struct exports_plan *plan)
{
    struct exports *exports = plan->exports;

    export_unlock(exports);
    for (uint32_t i = 0; i < plan->said->export_count; i++)
        export_built_drop(exports, &plan->steps[i].built);
    free(plan);
}

/* True: it is gone. */
static bool remove_entry(struct exports *exports, struct export_entry *entry, bool force,
                         const char *done, const struct export_report *report)
{
    char path[EXPORT_TEXT_BYTES / 2], text[128], error[EXPORT_TEXT_BYTES] = "";
    struct open_fs_uses uses;
    bool used = export_entry_used(exports, entry, &uses);

    (void)snprintf(path, sizeof(path), "%s", entry->spec.path);
    export_uses_text(&uses, text, sizeof(text));
    if (used && !force) {
        export_say(report, "export %s stays as it was: %s %s it; a reload with force revokes that",
                   path, text, uses.clients == 1 ? "uses" : "use");
        return false;
    }
    if (!export_entry_take_away(exports, entry, error, sizeof(error))) {
        export_say(report, "export %s stays as it was: %s", path, error);
        return false;
    }
    if (used)
        export_say(report, "export %s %s: %s lost what they had open", path, done, text);
    else
        export_say(report, "export %s %s", path, done);
    return true;
}

static void remove_unnamed(struct exports_plan *plan, bool force,
                           const struct export_report *report)
{
    struct exports *exports = plan->exports;

    for (uint32_t i = exports->count; i > 0; i--) {
        struct export_entry *entry = exports->entries[i - 1];

        if (entry->origin == EXPORT_BY_ADMIN || is_named(plan->said, entry->spec.path))
            continue;
        entry->named = false;
        (void)remove_entry(exports, entry, force, "removed", report);
    }
}

static void change_options(struct exports *exports, const struct export_spec *spec,
                           const struct export_report *report)
{
    struct export_entry *entry = export_entry_find(exports, spec->path);
    char text[EXPORT_TEXT_BYTES], error[EXPORT_TEXT_BYTES];

    export_spec_differences(&entry->spec, spec, text, sizeof(text));
    if (!export_table_change(exports->config.table, spec, error, sizeof(error))) {
        export_say(report, "export %s stays as it was: %s", spec->path, error);
        return;
    }
    export_spec_fini(&entry->spec);
    export_spec_copy(&entry->spec, spec);
    exports->revision++;
    export_say(report, "export %s changed: %s", spec->path, text);
    export_revoke_later(exports, entry->fs, false);
}

static void add_prepared(struct exports_plan *plan, uint32_t i, const struct export_report *report)
{
    const struct export_spec *spec = &plan->said->exports[i];
    struct export_built *built = &plan->steps[i].built;
    char error[EXPORT_TEXT_BYTES];

    if (export_entry_put_up(plan->exports, spec, export_origin_of(plan->said), built->fs,
                            built->share, error, sizeof(error))) {
        export_say(report, "export %s added", spec->path);
        built->fs = NULL;
    } else {
        export_say(report, "export %s not added: %s", spec->path, error);
    }
}

/* All leave before one is added, since that may have the fsid of another. */
static void remove_replaced(struct exports_plan *plan, bool force,
                            const struct export_report *report)
{
    for (uint32_t i = 0; i < plan->said->export_count; i++) {
        struct export_entry *entry = export_entry_find(plan->exports, plan->said->exports[i].path);

        if (plan->steps[i].kind == STEP_REPLACE &&
            remove_entry(plan->exports, entry, force, "removed, to get other files", report))
            plan->steps[i].kind = STEP_ADD;
    }
}

/* It belongs to the configuration, so nothing of it remains stored. */
static void take_over(struct exports *exports, struct export_entry *entry,
                      enum export_origin origin, const struct export_report *report)
{
    char error[EXPORT_TEXT_BYTES];

    if (entry->origin == EXPORT_BY_ADMIN) {
        export_say(report, "export %s belongs to the configuration from now on", entry->spec.path);
        if (export_store_remove(exports->config.state_fd, entry->spec.path, error, sizeof(error)) !=
            EXPORT_STORE_DONE)
            export_say(report, "export %s is still stored: %s", entry->spec.path, error);
    }
    exports->revision += entry->origin != origin;
    entry->origin = origin;
    entry->named = true;
}

void exports_apply(struct exports_plan *plan, bool force, const struct export_report *report)
{
    struct exports *exports = plan->exports;

    remove_unnamed(plan, force, report);
    remove_replaced(plan, force, report);
    for (uint32_t i = 0; i < plan->said->export_count; i++) {
        if (plan->steps[i].kind == STEP_CHANGE)
            change_options(exports, &plan->said->exports[i], report);
    }
    for (uint32_t i = 0; i < plan->said->export_count; i++) {
        struct export_entry *entry;

        if (plan->steps[i].kind == STEP_ADD)
            add_prepared(plan, i, report);
        entry = export_entry_find(exports, plan->said->exports[i].path);
        if (entry)
            take_over(exports, entry, export_origin_of(plan->said), report);
    }
    exports_cancel(plan); /* what was not used */
    export_shelf_serve(exports, report);
}

/* ---- without doing it ---- */

/* Would it be gone? */
static bool foresee_removal(const struct exports *exports, const struct export_entry *entry,
                            bool force, const char *done, const struct export_report *report)
{
    struct open_fs_uses uses;
    char text[128];
    bool used = export_entry_used(exports, entry, &uses);

    export_uses_text(&uses, text, sizeof(text));
    if (used && !force)
        export_say(report,
                   "export %s would stay as it is: %s %s it; a reload with force revokes that",
                   entry->spec.path, text, uses.clients == 1 ? "uses" : "use");
    else if (used)
        export_say(report, "export %s would be %s: %s would lose what they have open",
                   entry->spec.path, done, text);
    else
        export_say(report, "export %s would be %s", entry->spec.path, done);
    return force || !used;
}

/* One that the configuration names. */
static void foresee_named(const struct exports *exports, const struct export_spec *spec, bool force,
                          const struct export_report *report)
{
    const struct export_entry *entry = export_entry_find(exports, spec->path);
    enum step_kind kind = step_of(exports, spec);
    char text[EXPORT_TEXT_BYTES];

    if (kind == STEP_REPLACE &&
        foresee_removal(exports, entry, force, "removed, to get other files", report))
        kind = STEP_ADD;
    if (kind == STEP_ADD)
        export_say(report, "export %s would be added", spec->path);
    if (kind == STEP_CHANGE)
        export_say(report, "export %s would change: %s", spec->path,
                   export_spec_differences(&entry->spec, spec, text, sizeof(text)));
    if (entry && entry->origin == EXPORT_BY_ADMIN)
        export_say(report, "export %s would belong to the configuration", spec->path);
}

void exports_foresee(struct exports *exports, const struct config *said, bool force,
                     const struct export_report *report)
{
    CHECK(pthread_mutex_lock(&exports->lock) == 0);
    for (uint32_t i = exports->count; i > 0; i--) {
        const struct export_entry *entry = exports->entries[i - 1];
        const char *path = entry->spec.path;

        if (entry->origin != EXPORT_BY_ADMIN && !is_named(said, path) &&
            foresee_removal(exports, entry, force, "removed", report) &&
            export_shelf_find(exports, path))
            export_say(report, "export %s would be added as it is stored", path);
    }
    for (uint32_t i = 0; i < said->export_count; i++)
        foresee_named(exports, &said->exports[i], force, report);
    CHECK(pthread_mutex_unlock(&exports->lock) == 0);
}
