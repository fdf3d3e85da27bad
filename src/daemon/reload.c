/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/reload.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "admin/config/config_key.h"
#include "admin/http/http_token.h"
#include "base/check.h"
#include "base/errand.h"
#include "base/log.h"
#include "daemon/admin.h"
#include "daemon/configuration.h"
#include "daemon/export_advice.h"
#include "daemon/identities.h"
#include "daemon/setting_effect.h"
#include "daemon/tls_setup.h"
#include "proto/compound.h"

enum {
    TEXT_BYTES = 512
};

/* Lines on their way to the log and to whoever asked. */
struct lines {
    const struct export_report *report;
    uint32_t count;
    bool foreseen; /* nothing is done, and nothing logged */
};

static void tell_change(void *context, const char *text)
{
    struct lines *lines = context;

    lines->count++;
    if (!lines->foreseen)
        log_info("daemon.reload", LOG_STR("change", text));
    lines->report->line(lines->report->context, text);
}

static void tell_mistake(void *context, const char *text)
{
    struct lines *lines = context;

    lines->count++;
    if (!lines->foreseen)
        log_error("daemon.reload", LOG_STR("error", text),
                  LOG_STR("note", "nothing of the file was changed"));
    lines->report->line(lines->report->context, text);
}

static void tell_setting(const struct setting_state *before, const struct setting_state *after,
                         struct lines *lines)
{
    char text[TEXT_BYTES];

    if (strcmp(before->value, after->value) != 0)
        (void)snprintf(text, sizeof(text),
                       lines->foreseen ? "setting %s: would be %s, is %s"
                                       : "setting %s: %s, was %s",
                       after->setting->name, after->value, before->value);
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
    char before[CONFIG_PRINT_BYTES], after[CONFIG_PRINT_BYTES], text[TEXT_BYTES * 2];

    for (uint32_t i = 0; i < CONFIG_KEY_COUNT; i++) {
        const char *now = config_key_print((enum config_key_id)i, reload->running, before);
        const char *then = config_key_print((enum config_key_id)i, said, after);

        if (config_keys[i].when != CONFIG_AT_START || strcmp(now, then) == 0)
            continue;
        (void)snprintf(text, sizeof(text), "%s: %s from the next start on, now %s",
                       config_keys[i].name, *then ? then : "the default",
                       *now ? now : "the default");
        tell_change(lines, text);
    }
}

/* NULL: they are not part of it. */
static void take_tokens(const struct reload *reload, const struct http_tokens *tokens,
                        const struct export_report *report)
{
    char text[TEXT_BYTES];

    if (!tokens)
        return;
    admin_tokens_set(reload->admin, tokens, text, sizeof(text));
    if (*text)
        report->line(report->context, text);
}

/* Without a context they are not part of it, or there are none. */
static void take_certificates(const struct reload *reload, struct tls_loaded *tls,
                              const struct export_report *report)
{
    if (!tls->context)
        return;
    report->line(report->context,
                 tls_setup_apply(tls, reload->running, reload->transport, reload->admin)
                     ? "tls: the certificates were read again"
                     : "tls: a reload that began later has read the certificates already");
}

/* Those that have begun, and the latest of them that was applied: its file is in force, however
 * long an earlier one waited for a directory. */
static _Atomic uint64_t begun;
static uint64_t applied; /* guarded by the lock that a plan holds */

/* May it still be applied?  With a plan. */
static enum reload_result judge(uint64_t number, struct lines *lines)
{
    if (number < applied) {
        tell_mistake(lines, "a reload that began later was applied meanwhile; if the file has "
                            "changed since, repeat this one");
        return RELOAD_OVERTAKEN;
    }
    return errand_commit() ? RELOAD_DONE : RELOAD_REFUSED; /* whoever waited has told why */
}

/* What is put into effect as a whole, or not at all. */
struct intent {
    uint64_t number;
    const struct config *said;        /* NULL: there is no file */
    const struct http_tokens *tokens; /* NULL: they stay */
    struct tls_loaded tls;            /* without a context, the certificates stay */
    struct identity_setup *setup;     /* NULL: the section `identity` stays; its own until then */
    struct export_advice advice;
    bool force;
};

/* NULL: something is wrong, as the lines say.  Another reload may apply its section `identity`
 * until the plan is there: then it has to be compared once more. */
static struct exports_plan *prepare(const struct reload *reload, struct intent *intent,
                                    struct lines *lines)
{
    struct export_report mistakes = {.line = tell_mistake, .context = lines};
    struct exports_plan *plan;

    export_advice_begin(&intent->advice, &reload->at, &mistakes);
    while (identities_prepare(reload->identities, intent->said, &intent->setup, &mistakes)) {
        plan = exports_prepare(reload->exports, intent->said, reload->file, &mistakes);
        if (!plan || identities_is_prepared(reload->identities, intent->said, intent->setup))
            return plan;
        exports_cancel(plan);
        identity_setup_destroy(intent->setup);
        intent->setup = NULL;
        export_advice_end(&intent->advice); /* all is looked at again */
    }
    return NULL;
}

static enum reload_result apply(const struct reload *reload, struct intent *intent,
                                struct lines *lines)
{
    const struct export_report changes = {.line = tell_change, .context = lines};
    enum reload_result result = RELOAD_REFUSED;
    struct exports_plan *plan = prepare(reload, intent, lines);

    if (!plan)
        return result;
    result = judge(intent->number, lines);
    if (result == RELOAD_DONE && !change_settings(reload, intent->said, lines))
        result = RELOAD_REFUSED;
    if (result != RELOAD_DONE) {
        exports_cancel(plan);
        return result;
    }
    applied = intent->number;
    take_tokens(reload, intent->tokens, lines->report);
    take_certificates(reload, &intent->tls, lines->report);
    identities_apply(reload->identities, intent->said, intent->setup, &changes);
    intent->setup = NULL;
    exports_apply(plan, intent->force, &changes);
    name_restarts(reload, intent->said, lines);
    export_advice_tell(&intent->advice, lines->report);
    return result;
}

/* Without a file. */
static enum reload_result read_stored(const struct reload *reload, struct intent *intent,
                                      const struct export_report *report)
{
    char error[TEXT_BYTES];

    if (!errand_commit())
        return RELOAD_REFUSED; /* whoever waited has told why */
    if (setting_effect_reload(reload->settings, NULL, error, sizeof(error))) {
        take_tokens(reload, intent->tokens, report);
        take_certificates(reload, &intent->tls, report);
        return RELOAD_DONE;
    }
    report->line(report->context, error);
    return RELOAD_REFUSED;
}

/* NULL: it is wrong, as the lines say. */
static struct config *read_file(const struct reload *reload, struct lines *lines)
{
    return configuration_again(reload->file, reload->options,
                               &(struct export_report){.line = tell_mistake, .context = lines});
}

/* Before anything is read. */
static struct intent intent_begin(bool force)
{
    uint64_t number = atomic_fetch_add_explicit(&begun, 1, memory_order_relaxed) + 1;

    return (struct intent){.number = number, .force = force};
}

static enum reload_result read_and_apply(const struct reload *reload, struct intent *intent,
                                         const struct export_report *report)
{
    struct lines lines = {.report = report};
    enum reload_result result;
    struct config *said;

    /* A map file with a mistake changes nothing, and is told of by itself. */
    identity_cache_reload(reload->identities->server->identities, true);
    if (!reload->file)
        return read_stored(reload, intent, report);
    intent->said = said = read_file(reload, &lines);
    result = said ? apply(reload, intent, &lines) : RELOAD_REFUSED;
    identity_setup_destroy(intent->setup);
    export_advice_end(&intent->advice);
    config_destroy(said);
    if (result == RELOAD_DONE)
        log_info("daemon.reload_done", LOG_STR("file", reload->file),
                 LOG_U64("changes", lines.count));
    return result;
}

enum reload_result reload_run(const struct reload *reload, bool force,
                              const struct export_report *report)
{
    struct intent intent = intent_begin(force);

    return read_and_apply(reload, &intent, report);
}

static bool visit(void *context, const char *path,
                  void (*show)(const struct export_shown *shown, void *arg), void *arg)
{
    const struct reload *reload = context;

    return exports_visit(reload->exports, path, show, arg);
}

static enum export_result advise(struct export_advice *advice, enum export_result result,
                                 const struct export_report *report)
{
    if (result == EXPORT_DONE)
        export_advice_tell(advice, report);
    export_advice_end(advice);
    return result;
}

static enum export_result add(void *context, const char *json, const struct export_report *report)
{
    const struct reload *reload = context;
    struct export_report looking = *report;
    struct export_advice advice;
    enum export_result result;

    export_advice_begin(&advice, &reload->at, &looking);
    result = exports_add(reload->exports, json, &looking);
    return advise(&advice, result, report);
}

static enum export_result change(void *context, const char *path, const char *json,
                                 const struct export_report *report)
{
    const struct reload *reload = context;
    struct export_report looking = *report;
    struct export_advice advice;
    enum export_result result;

    export_advice_begin(&advice, &reload->at, &looking);
    result = exports_change(reload->exports, path, json, &looking);
    return advise(&advice, result, report);
}

static enum export_result take_away(void *context, const char *path, bool force,
                                    const struct export_report *report)
{
    const struct reload *reload = context;

    return exports_remove(reload->exports, path, force, report);
}

/* The files beside the configuration.  False after a line for each that is wrong. */
static bool read_others(const struct reload *reload, struct http_tokens *tokens,
                        struct tls_loaded *tls, const struct export_report *report)
{
    char error[TEXT_BYTES];
    bool good, tls_good;

    good = admin_tokens_read(reload->admin, tokens, error, sizeof(error));
    if (!good)
        report->line(report->context, error);
    tls_good = tls_setup_read(reload->running, tls, error, sizeof(error));
    if (!tls_good)
        report->line(report->context, error);
    return good && tls_good;
}

/* Tokens and certificates that are wrong do not hide what else is. */
static enum reload_result run(void *context, bool force, const struct export_report *report)
{
    const struct reload *reload = context;
    struct intent intent = intent_begin(force);
    enum reload_result result = RELOAD_REFUSED;
    struct http_tokens tokens;

    intent.tokens = &tokens;
    if (read_others(reload, &tokens, &intent.tls, report))
        result = read_and_apply(reload, &intent, report);
    else if (reload->file)
        config_destroy(read_file(reload, &(struct lines){.report = report}));
    tls_setup_drop(&intent.tls);
    return result;
}

static bool foresee_settings(const struct reload *reload, const struct config *said,
                             struct lines *lines)
{
    struct setting_state before[SETTING_COUNT], after[SETTING_COUNT];
    char error[TEXT_BYTES];

    (void)settings_list(reload->settings, before);
    if (settings_foresee(reload->settings, said ? said->initial : NULL, after, error,
                         sizeof(error)) != SETTINGS_OK) {
        tell_mistake(lines, error);
        return false;
    }
    for (uint32_t i = 0; i < SETTING_COUNT; i++)
        tell_setting(&before[i], &after[i], lines);
    return true;
}

static enum reload_result foresee_all(const struct reload *reload, const struct config *said,
                                      const struct http_tokens *tokens, bool force,
                                      struct lines *lines)
{
    const struct export_report changes = {.line = tell_change, .context = lines};
    char text[TEXT_BYTES];

    if (!foresee_settings(reload, said, lines))
        return RELOAD_REFUSED;
    admin_tokens_foresee(reload->admin, tokens, text, sizeof(text));
    if (*text)
        tell_change(lines, text);
    if (said) {
        identities_foresee(reload->identities, said, &changes);
        exports_foresee(reload->exports, said, force, &changes);
        name_restarts(reload, said, lines);
    }
    return RELOAD_DONE;
}

static enum reload_result foresee(void *context, bool force, const struct export_report *report)
{
    struct lines lines = {.report = report, .foreseen = true};
    enum reload_result result = RELOAD_REFUSED;
    const struct reload *reload = context;
    struct http_tokens tokens;
    struct config *said = NULL;
    struct identity_setup *setup = NULL;
    struct tls_loaded tls;
    bool good;

    good = read_others(reload, &tokens, &tls,
                       &(struct export_report){.line = tell_mistake, .context = &lines});
    tls_setup_drop(&tls);
    if (reload->file) {
        said = read_file(reload, &lines);
        good &= said != NULL;
    }
    if (said)
        good &=
            identities_prepare(reload->identities, said, &setup,
                               &(struct export_report){.line = tell_mistake, .context = &lines});
    if (good)
        result = foresee_all(reload, said, &tokens, force, &lines);
    identity_setup_destroy(setup);
    config_destroy(said);
    return result;
}

struct export_control reload_control(struct reload *reload)
{
    return (struct export_control){.visit = visit,
                                   .add = add,
                                   .change = change,
                                   .remove = take_away,
                                   .reload = run,
                                   .foresee = foresee,
                                   .context = reload};
}
