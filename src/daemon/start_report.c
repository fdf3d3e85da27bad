/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/start_report.h"

#include "daemon/announcement.h"
#include "daemon/served.h"

void start_report_make(const struct start_report *report, struct exports *exports)
{
    struct served served;

    served_init(&served, exports);
    announcement_make(&served, report->config, report->transport, report->listeners);
    served_fini(&served);
}
