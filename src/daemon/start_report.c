/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/start_report.h"

#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>

#include "base/errand.h"
#include "daemon/announcement.h"
#include "daemon/export_warnings.h"
#include "daemon/machine_warnings.h"
#include "daemon/served.h"
#include "daemon/warning.h"
#include "transport/address.h"
#include "transport/transport.h"

enum {
    LOOK_MS = 2
};

/* At exports and their file systems, by a thread that may wait for these for ever. */
struct look {
    struct served served;
    struct sockaddr_storage addresses[LIMIT_LISTENERS * 2];
    uint32_t count;
};

/* Is it the address of all interfaces, which in IPv6 may stand for those in IPv4, too? */
static bool is_any_ipv6(const struct sockaddr_storage *address)
{
    return address->ss_family == AF_INET6 &&
           IN6_IS_ADDR_UNSPECIFIED(&((const struct sockaddr_in6 *)address)->sin6_addr);
}

/* Where clients come in.  A socket of the service manager serves both families, usually; those that
 * the server opens serve one. */
static uint32_t addresses_find(const struct start_report *report,
                               struct sockaddr_storage addresses[LIMIT_LISTENERS * 2])
{
    char text[ADDRESS_TEXT_BYTES];
    uint32_t count = 0;
    socklen_t len;

    for (uint32_t i = 0; i < report->listeners; i++) {
        (void)transport_address(report->transport, i, text, sizeof(text));
        if (!address_parse(text, &addresses[count], &len))
            continue;
        count++;
        if (report->given && is_any_ipv6(&addresses[count - 1]))
            addresses[count++] = (struct sockaddr_storage){.ss_family = AF_INET};
    }
    return count;
}

static void look_run(void *context)
{
    const struct look *look = context;

    export_warnings_tell(&look->served, look->addresses, look->count);
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
    look->count = addresses_find(report, look->addresses);
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
        warning_tell("export.unanswered", place,
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
