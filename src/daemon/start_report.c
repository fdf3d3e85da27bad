/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/start_report.h"

#include <netinet/in.h>

#include "daemon/announcement.h"
#include "daemon/export_warnings.h"
#include "daemon/machine_warnings.h"
#include "daemon/served.h"
#include "transport/address.h"
#include "transport/transport.h"

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

static void warn(const struct start_report *report, const struct served *served,
                 const struct setting_values *values)
{
    struct sockaddr_storage addresses[LIMIT_LISTENERS * 2];
    const uint32_t count = addresses_find(report, addresses);

    machine_warnings_tell(report->config, served, values, report->connections);
    export_warnings_tell(served, addresses, count);
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
