/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/json_print.h"

#include <stdlib.h>

#include "base/check.h"

void json_print(const json_t *value, FILE *out, bool in_one_line)
{
    size_t flags = JSON_ENSURE_ASCII | JSON_ENCODE_ANY | JSON_REAL_PRECISION(15) |
                   (in_one_line ? JSON_COMPACT : JSON_INDENT(2));
    char *text = json_dumps(value, flags);

    CHECK(text);
    for (const char *c = text; *c; c++) {
        if (*c == 0x7f) /* the only control character that jansson leaves as it is */
            (void)fputs("\\u007f", out);
        else
            (void)fputc(*c, out);
    }
    (void)fputc('\n', out);
    free(text);
}
