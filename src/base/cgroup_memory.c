/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cgroup_memory.h"

#include <stdio.h>

#include "base/cgroup.h"
#include "base/limits.h"

/* A file with a number, or with "max". */
static uint64_t bytes_read(const char *directory, int version)
{
    unsigned long long bytes = UINT64_MAX;
    char path[LIMIT_PATH_BYTES];
    FILE *file;

    (void)snprintf(path, sizeof(path), "%s/%s", directory,
                   version == 2 ? "memory.max" : "memory.limit_in_bytes");
    file = fopen(path, "re");
    if (!file)
        return UINT64_MAX;
    if (fscanf(file, "%llu", &bytes) != 1)
        bytes = UINT64_MAX;
    (void)fclose(file);
    return bytes;
}

uint64_t cgroup_memory_bytes(const char *groups, const char *mount)
{
    static const struct cgroup_limit limit = {"memory", bytes_read};

    return cgroup_least(&limit, groups, mount);
}
