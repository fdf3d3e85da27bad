/* SPDX-License-Identifier: Apache-2.0 */
/* How much memory the control groups of the process leave it: MemoryMax= of systemd, a container's
 * limit. */
#pragma once

#include <stdint.h>

/* The least limit of its group and of those above it, in bytes; UINT64_MAX: none.  `groups` is
 * /proc/self/cgroup, `mount` is /sys/fs/cgroup, or what a test has in their place. */
uint64_t cgroup_memory_bytes(const char *groups, const char *mount);
