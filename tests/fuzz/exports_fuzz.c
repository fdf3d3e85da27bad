/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files in the format of exports(5): what is taken is whole, what is not has a reason, each in a
 * line that is there.
 */
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "cli/exports_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint32_t resolve(const char *name, char (*addresses)[EXPORTS_ADDRESS_BYTES], uint32_t max)
{
    CHECK(*name && max > 0);
    (void)snprintf(addresses[0], EXPORTS_ADDRESS_BYTES, "192.0.2.7");
    return 1;
}

static void check_entry(const struct exports_entry *entry)
{
    CHECK(entry->path[0] == '/' && strlen(entry->path) < LIMIT_PATH_BYTES);
    CHECK(!strstr(entry->path, "//") && !strstr(entry->path, "/../"));
    CHECK(entry->client_count <= LIMIT_EXPORT_CLIENTS);
    CHECK(entry->client_count > 0 || entry->everybody);
    for (uint32_t i = 0; i < entry->client_count; i++)
        CHECK(strlen(entry->clients[i]) > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct exports_file file;
    bool is_refused = false;

    if (size > LIMIT_EXPORTS_FILE_BYTES)
        return 0;
    exports_file_parse(&file, (const char *)data, size, resolve);
    CHECK(file.count <= LIMIT_EXPORTS && file.remark_count <= LIMIT_EXPORTS_FILE_REMARKS);
    for (uint32_t i = 0; i < file.count; i++)
        check_entry(&file.entries[i]);
    for (uint32_t i = 0; i < file.remark_count; i++) {
        const struct exports_remark *remark = &file.remarks[i];

        CHECK(remark->line >= 1 && remark->line <= size + 1);
        CHECK(remark->verdict == EXPORTS_TAKEN || remark->why);
        is_refused |= remark->verdict == EXPORTS_REFUSED;
    }
    CHECK(file.is_refused == is_refused || file.remarks_left_out > 0);
    exports_file_fini(&file);
    return 0;
}
