/* SPDX-License-Identifier: Apache-2.0 */
#include "record.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "wire/status_name.h"

#define LINE_BYTES 512u

static int record_fd = -1;

/* In one call, so that the lines of several workers do not mix. */
static void line_write(const char *line, size_t len)
{
    CHECK(len < LINE_BYTES);
    CHECK(write(record_fd, line, len) == (ssize_t)len);
}

bool record_open(const char *path)
{
    record_fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0644);
    return record_fd >= 0;
}

void record_sent(unsigned worker, const char *format, ...)
{
    char line[LINE_BYTES];
    int len = snprintf(line, sizeof(line), "%u sent ", worker);
    va_list arguments;

    va_start(arguments, format);
    len += vsnprintf(line + len, sizeof(line) - (size_t)len, format, arguments);
    va_end(arguments);
    CHECK((size_t)len < sizeof(line) - 1);
    line[len++] = '\n';
    line_write(line, (size_t)len);
}

void record_done(unsigned worker, enum nfsstat4 status)
{
    char line[LINE_BYTES];

    line_write(line,
               (size_t)snprintf(line, sizeof(line), "%u done %s\n", worker, status_name(status)));
}
