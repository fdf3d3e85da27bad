/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/export_advice.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "daemon/export_warnings.h"

enum {
    LINE_BYTES = 1024
};

struct export_warning {
    const char *event;
    char *about, *note, *remedy;
};

static void keep(void *context, const char *event, const char *about, const char *note,
                 const char *remedy)
{
    struct export_advice *advice = context;

    advice->warnings =
        must_realloc(advice->warnings, (advice->count + 1) * sizeof(*advice->warnings));
    advice->warnings[advice->count++] =
        (struct export_warning){event, must_strdup(about), must_strdup(note), must_strdup(remedy)};
}

static void look(void *context, const struct export_spec *spec)
{
    const struct export_advice *advice = context;
    const struct warning_taker to = {.take = keep, .context = context};

    export_warnings_find(spec, advice->at, &to);
}

void export_advice_begin(struct export_advice *advice, const struct listening_addresses *at,
                         struct export_report *report)
{
    *advice = (struct export_advice){.at = at};
    report->look = look;
    report->look_context = advice;
}

void export_advice_tell(const struct export_advice *advice, const struct export_report *report)
{
    char line[LINE_BYTES];

    for (uint32_t i = 0; i < advice->count; i++) {
        const struct export_warning *one = &advice->warnings[i];

        warning_tell(NULL, one->event, one->about, one->note, one->remedy);
        (void)snprintf(line, sizeof(line), "warning: %s: %s. Remedy: %s", one->about, one->note,
                       one->remedy);
        report->line(report->context, line);
    }
}

void export_advice_end(struct export_advice *advice)
{
    for (uint32_t i = 0; i < advice->count; i++) {
        free(advice->warnings[i].about);
        free(advice->warnings[i].note);
        free(advice->warnings[i].remedy);
    }
    free(advice->warnings);
    *advice = (struct export_advice){.at = advice->at};
}
