/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/reload.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "admin/config/config_key.h"
#include "base/check.h"
#include "base/errand.h"
#include "base/log.h"
#include "daemon/admin.h"
#include "daemon/configuration.h"
#include "daemon/setting_effect.h"

enum {
    TEXT_BYTES = 512
};

/* Lines on their way to the log and to whoever asked. */
struct lines {
    const struct export_report *report;
    uint32_t count;
};

static void tell_change(void *context, const char *text)
{
    struct lines *lines = context;

    lines->count++;
    log_info("daemon.reload", LOG_STR("change", text));
    lines->report->line(lines->report->context, text);
}

static void tell_mistake(void *context, const char *text)
{
    struct lines *lines = context;

    lines->count++;
    log_error("daemon.reload", LOG_STR("error", text),
              LOG_STR("note", "nothing of the file was changed"));
    lines->report->line(lines->report->context, text);
}

static void tell_setting(const struct setting_state *before, const struct setting_state *after,
                         struct lines *lines)
{
    char text[TEXT_BYTES];

    if (strcmp(before->value, after->value) != 0)
        (void)snprintf(text, sizeof(text), "setting %s: %s, was %s", after->setting->name,
                       after->value, before->value);
    else if (strcmp(before->restart, after->restart) == 0)
        return;
    else if (strcmp(after->restart, after->value) == 0)
        (void)snprintf(text, sizeof(text), "setting %s: stays %s at the next start, was to be %s",
                       after->setting->name, after->value, before->restart);
    else
        (void)snprintf(text, sizeof(text), "setting %s: %s from the next start on, now %s",
                       after->setting->name, after->restart, after->value);
    tell_change(lines, text);
}

static bool change_settings(const struct reload *reload, const struct config *said,
                            struct lines *lines)
{
    struct setting_state before[SETTING_COUNT], after[SETTING_COUNT];
    char error[TEXT_BYTES];

    (void)settings_list(reload->settings, before);
    if (!setting_effect_reload(reload->settings, said->initial, error, sizeof(error))) {
        tell_mistake(lines, error);
        return false;
    }
    (void)settings_list(reload->settings, after);
    for (uint32_t i = 0; i < SETTING_COUNT; i++)
        tell_setting(&before[i], &after[i], lines);
    return true;
}

/* What only a start reads. */
static void name_restarts(const struct reload *reload, const struct config *said,
                          struct lines *lines)
{
    static const enum config_key_id ids[] = {CONFIG_LISTEN,      CONFIG_STATE,     CONFIG_THREADS,
                                             CONFIG_DESCRIPTORS, CONFIG_LOG_QUEUE, CONFIG_ADMIN,
                                             CONFIG_ADMIN_TOKEN, CONFIG_ADMIN_OPEN};
    char before[CONFIG_PRINT_BYTES], after[CONFIG_PRINT_BYTES], text[TEXT_BYTES * 2];

    for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
        const char *now = config_key_print(ids[i], reload->running, before);
        const char *then = config_key_print(ids[i], said, after);

        if (strcmp(now, then) == 0)
            continue;
        (void)snprintf(text, sizeof(text), "%s: %s from the next start on, now %s",
                       config_keys[ids[i]].name, *then ? then : "the default",
                       *now ? now : "the default");
        tell_change(lines, text);
    }
}

/* Those that have begun, and the latest of them that was applied: its file is in force, however
 * long an earlier one waited for a directory. */
static _Atomic uint64_t begun;
static uint64_t applied; /* guarded by the lock that a plan holds */

/* May it still be applied?  With a plan. */
static bool is_wanted(uint64_t number, struct lines *lines)
{
    if (number < applied) {
        tell_mistake(lines, "the file was read again meanwhile");
        return false;
    }
    return errand_commit(); /* else whoever waited has told why */
}

static bool apply(const struct reload *reload, const struct config *said, uint64_t number,
                  bool force, struct lines *lines)
{
    const struct export_report changes = {.line = tell_change, .context = lines};
    const struct export_report mistakes = {.line = tell_mistake, .context = lines};
    struct exports_plan *plan = exports_prepare(reload->exports, said, reload->file, &mistakes);

    if (!plan)
        return false;
    if (!is_wanted(number, lines) || !change_settings(reload, said, lines)) {
        exports_cancel(plan);
        return false;
    }
    applied = number;
    exports_apply(plan, force, &changes);
    name_restarts(reload, said, lines);
    return true;
}

bool reload_run(const struct reload *reload, bool force, const struct export_report *report)
{
    uint64_t number = atomic_fetch_add_explicit(&begun, 1, memory_order_relaxed) + 1;
    struct lines lines = {.report = report};
    const struct export_report mistakes = {.line = tell_mistake, .context = &lines};
    char error[TEXT_BYTES];
    struct config *said;
    bool done;

    if (!reload->file) {
        if (!errand_commit())
            return false; /* whoever waited has told why */
        done = setting_effect_reload(reload->settings, NULL, error, sizeof(error));
        if (!done)
            report->line(report->context, error);
        return done;
    }
    said = configuration_again(reload->file, reload->options, &mistakes);
    done = said && apply(reload, said, number, force, &lines);
    config_destroy(said);
    if (done)
        log_info("daemon.reload_done", LOG_STR("file", reload->file),
                 LOG_U64("changes", lines.count));
    return done;
}

static bool visit(void *context, const char *path,
                  void (*show)(const struct export_shown *shown, void *arg), void *arg)
{
    const struct reload *reload = context;

    return exports_visit(reload->exports, path, show, arg);
}

static enum export_result add(void *context, const char *json, const struct export_report *report)
{
    const struct reload *reload = context;

    return exports_add(reload->exports, json, report);
}

static enum export_result change(void *context, const char *path, const char *json,
                                 const struct export_report *report)
{
    const struct reload *reload = context;

    return exports_change(reload->exports, path, json, report);
}

static enum export_result take_away(void *context, const char *path, bool force,
                                    const struct export_report *report)
{
    const struct reload *reload = context;

    return exports_remove(reload->exports, path, force, report);
}

/* A token that was removed is invalid from here on, whatever is wrong with the file. */
static bool run(void *context, bool force, const struct export_report *report)
{
    const struct reload *reload = context;
    char tokens[TEXT_BYTES];
    bool good = admin_reload(reload->admin, tokens, sizeof(tokens));

    if (tokens[0] != '\0')
        report->line(report->context, tokens);
    return good && reload_run(reload, force, report);
}

struct export_control reload_control(struct reload *reload)
{
    return (struct export_control){.visit = visit,
                                   .add = add,
                                   .change = change,
                                   .remove = take_away,
                                   .reload = run,
                                   .context = reload};
}
