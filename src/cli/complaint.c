/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/complaint.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "cli/printable.h"

void complaint_print(const char *format, ...)
{
    char *text, *shown;
    va_list args;
    int len;

    va_start(args, format);
    len = vasprintf(&text, format, args);
    va_end(args);
    CHECK(len >= 0);
    shown = printable_text(text);
    (void)fprintf(stderr, "mainstay: %s\n", shown);
    free(shown);
    free(text);
}

void complaint_add(const char *text)
{
    char *shown = printable_text(text);

    (void)fprintf(stderr, "  %s\n", shown);
    free(shown);
}
