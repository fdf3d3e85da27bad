/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/start_report.h"

#include "daemon/announcement.h"
#include "daemon/export_warnings.h"
#include "daemon/machine_warnings.h"
#include "daemon/served.h"
#include "transport/address.h"
#include "transport/transport.h"

static void warn(const struct start_report *report, const struct served *served,
                 const struct setting_values *values)
{
    struct sockaddr_storage addresses[LIMIT_LISTENERS];
    char text[ADDRESS_TEXT_BYTES];
    uint32_t count = 0;
    socklen_t len;

    for (uint32_t i = 0; i < report->listeners; i++)
        count += address_parse(transport_address(report->transport, i, text, sizeof(text)),
                               &addresses[count], &len);
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
