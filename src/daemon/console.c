/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/console.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/log.h"

enum {
    TEXT_BYTES = 2048
};

void console_error(const char *format, ...)
{
    char text[TEXT_BYTES];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (log_is_json()) {
        log_write(LOG_LEVEL_ERROR, "daemon.error", &LOG_STR("error", text), 1);
        return;
    }
    log_flush(); /* lines that were logged earlier come first */
    (void)fprintf(stderr, "%smainstayd: %s\n", log_priority(LOG_LEVEL_ERROR), text);
}

void console_ready(const char *address)
{
    if (log_is_json()) {
        log_write(LOG_LEVEL_INFO, "daemon.ready", &LOG_STR("address", address), 1);
        return;
    }
    log_flush();
    (void)fprintf(stderr, "%smainstayd: ready on %s\n", log_priority(LOG_LEVEL_INFO), address);
}
