/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cgroup.h"

#include <stdio.h>
#include <string.h>

#include "base/limits.h"

/* From the group up to the root. */
static uint64_t least_above(const struct cgroup_limit *limit, int version, const char *top,
                            char *group)
{
    uint64_t least = UINT64_MAX;
    char path[LIMIT_PATH_BYTES];
    char *end;

    do {
        uint64_t one;

        (void)snprintf(path, sizeof(path), "%s%s", top, group);
        one = limit->read(path, version);
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
static uint64_t limit_of_line(const struct cgroup_limit *limit, char *line, const char *mount)
{
    char *controllers = strchr(line, ':'), *group;
    char top[LIMIT_PATH_BYTES];

    group = controllers ? strchr(++controllers, ':') : NULL;
    if (!group)
        return UINT64_MAX;
    group++;
    group[strcspn(group, "\n")] = '\0';
    if (*controllers == ':')
        return least_above(limit, 2, mount, group);
    if (!has_controller(controllers, limit->controller))
        return UINT64_MAX;
    (void)snprintf(top, sizeof(top), "%s/%s", mount, limit->controller);
    return least_above(limit, 1, top, group);
}

uint64_t cgroup_least(const struct cgroup_limit *limit, const char *groups, const char *mount)
{
    FILE *file = fopen(groups, "re");
    uint64_t least = UINT64_MAX;
    char line[LIMIT_PATH_BYTES];

    while (file && fgets(line, sizeof(line), file)) {
        const uint64_t one = limit_of_line(limit, line, mount);

        least = one < least ? one : least;
    }
    if (file)
        (void)fclose(file);
    return least;
}
