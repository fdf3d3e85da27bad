/* SPDX-License-Identifier: Apache-2.0 */
/* How many processors the process may use. */
#pragma once

#include <stdint.h>

/* What CPU quotas of its control groups leave it (CPUQuota= of systemd, a container's limit), in
 * thousandths of a processor; UINT64_MAX: all.  The paths as in cgroup.h. */
uint64_t processors_quota(const char *groups, const char *mount);

/* Those that its affinity and the quotas allow it to keep busy at a time; at least 1. */
unsigned processors_available(void);
