/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/start_report.h"

#include <poll.h>
#include <stdlib.h>

#include "base/errand.h"
#include "daemon/announcement.h"
#include "daemon/export_warnings.h"
#include "daemon/machine_warnings.h"
#include "daemon/served.h"
#include "daemon/warning.h"
#include "transport/transport.h"

enum {
    LOOK_MS = 2
};

/* At exports and their file systems, by a thread that may wait for these for ever. */
struct look {
    struct served served;
    struct listening_addresses at;
};

static void look_run(void *context)
{
    const struct look *look = context;

    for (uint32_t i = 0; i < look->served.count && !errand_is_abandoned(); i++)
        export_warnings_find(&look->served.exports[i].spec, &look->at, NULL);
}

static void look_free(void *context)
{
    struct look *look = context;

    served_fini(&look->served);
    free(look);
}

static struct errand *look_start(const struct start_report *report, const struct served *served)
{
    struct look *look = must_calloc(1, sizeof(*look));
    struct errand *errand;

    served_copy(&look->served, served);
    listening_addresses(report->transport, report->listeners, report->given, &look->at);
    errand = errand_start(
        &(struct errand_work){
            .run = look_run, .free = look_free, .context = look, .wake_fd = ERRAND_NO_WAKE},
        LIMIT_ERRANDS);
    if (!errand)
        look_free(look);
    return errand;
}

/* The server serves already: a file system that hangs must not keep it from its other duties. */
static void look_await(struct errand *errand)
{
    char place[ERRAND_PLACE_BYTES];

    while (!errand_is_done(errand) && !errand_is_late(errand))
        (void)poll(NULL, 0, LOOK_MS);
    errand_places(errand, place, sizeof(place));
    if (errand_abandon(errand))
        warning_tell(NULL, "export.unanswered", place,
                     "this directory, or one that is mounted in it, does not answer: warnings "
                     "about exports may be missing",
                     "see why its file system does not answer, or unmount it");
    errand_put(errand);
}

static void warn(const struct start_report *report, const struct served *served,
                 const struct setting_values *values)
{
    struct errand *look;

    machine_warnings_tell(report->config, served, values, report->connections);
    look = look_start(report, served);
    if (look)
        look_await(look);
}

void start_report_make(const struct start_report *report, struct exports *exports,
                       struct settings *settings)
{
    struct setting_values values;
    struct served served;

    served_init(&served, exports);
    settings_get(settings, &values);
    warn(report, &served, &values);
    announcement_make(&served, report->config, report->transport, report->listeners);
    served_fini(&served);
}

void start_report_check(const struct start_report *report)
{
    struct setting_values values;
    struct served served;

    served_init_configured(&served, report->config);
    config_settings(report->config, &values);
    warn(report, &served, &values);
    served_fini(&served);
}
