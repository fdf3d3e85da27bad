/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cgroup_memory.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"

/* A file with a number, or with "max". */
static uint64_t limit_read(const char *path)
{
    FILE *file = fopen(path, "re");
    unsigned long long bytes = UINT64_MAX;

    if (!file)
        return UINT64_MAX;
    if (fscanf(file, "%llu", &bytes) != 1)
        bytes = UINT64_MAX;
    (void)fclose(file);
    return bytes;
}

/* From the group up to the root. */
static uint64_t limit_above(const char *top, char *group, const char *name)
{
    uint64_t least = UINT64_MAX;
    char path[LIMIT_PATH_BYTES];
    char *end;

    do {
        uint64_t one;

        (void)snprintf(path, sizeof(path), "%s%s/%s", top, group, name);
        one = limit_read(path);
        least = one < least ? one : least;
        end = strrchr(group, '/');
        if (end)
            *end = '\0';
    } while (end);
    return least;
}

/* Is `name` in the list, with commas between? */
static bool has_controller(const char *list, const char *name)
{
    const size_t len = strlen(name);

    while (*list && *list != ':') {
        const size_t one = strcspn(list, ",:");

        if (one == len && strncmp(list, name, len) == 0)
            return true;
        list += one + (list[one] == ',');
    }
    return false;
}

/* A line is ID:CONTROLLERS:GROUP; version 2 has the line "0::GROUP". */
static uint64_t limit_of_line(char *line, const char *mount)
{
    char *controllers = strchr(line, ':'), *group;
    char top[LIMIT_PATH_BYTES];

    group = controllers ? strchr(++controllers, ':') : NULL;
    if (!group)
        return UINT64_MAX;
    group++;
    group[strcspn(group, "\n")] = '\0';
    if (*controllers == ':')
        return limit_above(mount, group, "memory.max");
    if (!has_controller(controllers, "memory"))
        return UINT64_MAX;
    (void)snprintf(top, sizeof(top), "%s/memory", mount);
    return limit_above(top, group, "memory.limit_in_bytes");
}

uint64_t cgroup_memory_bytes(const char *groups, const char *mount)
{
    FILE *file = fopen(groups, "re");
    uint64_t least = UINT64_MAX;
    char line[LIMIT_PATH_BYTES];

    while (file && fgets(line, sizeof(line), file)) {
        const uint64_t one = limit_of_line(line, mount);

        least = one < least ? one : least;
    }
    if (file)
        (void)fclose(file);
    return least;
}
