/* SPDX-License-Identifier: Apache-2.0 */
/* Whether the kernel knows other users here, whom ACLs could name and files could belong to. */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#define NAMESPACE_ALONE "this user namespace has one user"

/* False in a user namespace of one user, as `unshare --map-user` makes it. */
static inline bool namespace_has_others(void)
{
    FILE *map = fopen("/proc/self/uid_map", "r");
    unsigned long long users = 0, count;

    if (!map)
        return true;
    while (fscanf(map, "%*u %*u %llu", &count) == 1)
        users += count;
    (void)fclose(map);
    return users != 1;
}
