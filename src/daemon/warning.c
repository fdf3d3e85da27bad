/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/warning.h"

#include "base/log.h"

void warning_tell(const struct warning_taker *to, const char *event, const char *about,
                  const char *note, const char *remedy)
{
    if (to) {
        to->take(to->context, event, about, note, remedy);
        return;
    }
    if (!log_enabled(LOG_PART_OF(event), LOG_LEVEL_WARN))
        return;
    log_write(LOG_LEVEL_WARN, event,
              (const struct log_field[]){LOG_STR("about", about), LOG_STR("note", note),
                                         LOG_STR("remedy", remedy)},
              3);
}
