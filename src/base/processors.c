/* SPDX-License-Identifier: Apache-2.0 */
#include "base/processors.h"

#include <sched.h>
#include <stdio.h>
#include <unistd.h>

#include "base/cgroup.h"
#include "base/limits.h"

/* A number; UINT64_MAX: the file has none, or a negative one. */
static uint64_t number_read(const char *directory, const char *name)
{
    char path[LIMIT_PATH_BYTES];
    long long number = -1;
    FILE *file;

    (void)snprintf(path, sizeof(path), "%s/%s", directory, name);
    file = fopen(path, "re");
    if (!file)
        return UINT64_MAX;
    if (fscanf(file, "%lld", &number) != 1)
        number = -1;
    (void)fclose(file);
    return number < 0 ? UINT64_MAX : (uint64_t)number;
}

static uint64_t quota_of(uint64_t time_us, uint64_t period_us)
{
    if (time_us > UINT64_MAX / 1000 || period_us == 0 || period_us == UINT64_MAX)
        return UINT64_MAX;
    return time_us * 1000 / period_us;
}

/* "TIME PERIOD" or "max PERIOD". */
static uint64_t quota_read_v2(const char *directory)
{
    unsigned long long time_us, period_us;
    char path[LIMIT_PATH_BYTES];
    bool limited = false;
    FILE *file;

    (void)snprintf(path, sizeof(path), "%s/cpu.max", directory);
    file = fopen(path, "re");
    if (!file)
        return UINT64_MAX;
    limited = fscanf(file, "%llu %llu", &time_us, &period_us) == 2;
    (void)fclose(file);
    return limited ? quota_of(time_us, period_us) : UINT64_MAX;
}

static uint64_t quota_read(const char *directory, int version)
{
    if (version == 2)
        return quota_read_v2(directory);
    return quota_of(number_read(directory, "cpu.cfs_quota_us"),
                    number_read(directory, "cpu.cfs_period_us"));
}

uint64_t processors_quota(const char *groups, const char *mount)
{
    static const struct cgroup_limit limit = {"cpu", quota_read};

    return cgroup_least(&limit, groups, mount);
}

/* Fails on machines with more processors than cpu_set_t has bits. */
static unsigned affinity_count(void)
{
    cpu_set_t set;
    long online;

    if (sched_getaffinity(0, sizeof(set), &set) == 0)
        return (unsigned)CPU_COUNT(&set);
    online = sysconf(_SC_NPROCESSORS_ONLN);
    return online > 0 ? (unsigned)online : 1;
}

unsigned processors_available(void)
{
    uint64_t quota = processors_quota("/proc/self/cgroup", "/sys/fs/cgroup") / 1000;
    unsigned count = affinity_count();

    if (quota < count)
        count = (unsigned)quota;
    return count > 0 ? count : 1;
}
