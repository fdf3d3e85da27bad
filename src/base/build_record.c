/* SPDX-License-Identifier: Apache-2.0 */
#include "base/build_record.h"

void build_record_print(FILE *out, const char *program, const char *features,
                        const struct build_library *libraries, size_t count)
{
    const struct build_record *record = &build_record;

    (void)fprintf(out, "%s " MAINSTAY_VERSION "\n", program);
    (void)fprintf(out, "commit:    %s\n", record->commit);
    (void)fprintf(out, "build:     %s, %s, %s, sanitizers: %s\n", record->type, record->compiler,
                  record->processor, record->sanitizers);
    if (features)
        (void)fprintf(out, "features:  %s\n", features);
    (void)fputs("libraries: ", out);
    for (size_t i = 0; i < count; i++)
        (void)fprintf(out, "%s%s %s", i > 0 ? ", " : "", libraries[i].name, libraries[i].version);
    (void)fputc('\n', out);
}
