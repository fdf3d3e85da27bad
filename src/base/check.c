/* SPDX-License-Identifier: Apache-2.0 */
#include "base/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"

static void write_text(const char *condition, const char *file, int line, const char *function)
{
    char text[512];
    int n = snprintf(text, sizeof(text), "%smainstay: CHECK failed: %s at %s:%d in %s\n",
                     log_priority(LOG_LEVEL_ERROR), condition, file, line, function);

    if (n > 0) {
        size_t len = (size_t)n < sizeof(text) ? (size_t)n : sizeof(text) - 1;
        ssize_t ignored = write(STDERR_FILENO, text, len);
        (void)ignored;
    }
}

static void write_json(const char *condition, const char *file, int line, const char *function)
{
    const struct log_field fields[] = {LOG_STR("condition", condition), LOG_STR("file", file),
                                       LOG_I64("line", line), LOG_STR("function", function)};

    log_write_now(LOG_LEVEL_ERROR, "check.failed", fields, ARRAY_SIZE(fields));
}

void check_failed(const char *condition, const char *file, int line, const char *function)
{
    if (log_is_json())
        write_json(condition, file, line, function);
    else
        write_text(condition, file, line, function);
    log_flush();
    abort();
}

void *must_malloc(size_t size)
{
    void *p = malloc(size ? size : 1);

    CHECK(p != NULL);
    return p;
}

void *must_calloc(size_t count, size_t size)
{
    void *p = calloc(count ? count : 1, size ? size : 1);

    CHECK(p != NULL);
    return p;
}

void *must_realloc(void *old, size_t size)
{
    void *p = realloc(old, size ? size : 1);

    CHECK(p != NULL);
    return p;
}

char *must_strdup(const char *text)
{
    char *p = strdup(text);

    CHECK(p != NULL);
    return p;
}
