/* SPDX-License-Identifier: Apache-2.0 */
/* Limits of the control groups of the process, version 1 and 2. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct cgroup_limit {
    const char *controller;
    /* That of the group with this directory, version 1 or 2; UINT64_MAX: none. */
    uint64_t (*read)(const char *directory, int version);
};

/* The least of its group and of those above it; UINT64_MAX: none.  `groups` is /proc/self/cgroup,
 * `mount` is /sys/fs/cgroup, or what a test has in their place. */
uint64_t cgroup_least(const struct cgroup_limit *limit, const char *groups, const char *mount);
