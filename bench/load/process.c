/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/load/process.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_S 1000000000LL

bool process_cpu_ns(pid_t pid, int64_t *ns)
{
    struct timespec ts;
    clockid_t clock;

    if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &ts) != 0)
        return false;
    *ns = ts.tv_sec * NS_PER_S + ts.tv_nsec;
    return true;
}

/* The first `size` bytes of /proc/PID/NAME as a string. */
static bool proc_read(pid_t pid, const char *name, char *text, size_t size)
{
    char path[64];
    size_t n;
    FILE *file;

    (void)snprintf(path, sizeof(path), "/proc/%ld/%s", (long)pid, name);
    file = fopen(path, "re");
    if (!file)
        return false;
    n = fread(text, 1, size - 1, file);
    text[n] = '\0';
    (void)fclose(file);
    return n > 0;
}

bool process_cpu_split_us(pid_t pid, uint64_t *user_us, uint64_t *system_us)
{
    uint64_t tick_us = 1000000u / (uint64_t)sysconf(_SC_CLK_TCK), user, system;
    char text[1024], *rest;

    if (!proc_read(pid, "stat", text, sizeof(text)))
        return false;
    rest = strrchr(text, ')'); /* the name before it may contain any characters */
    if (!rest ||
        sscanf(rest + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %" SCNu64 " %" SCNu64, &user,
               &system) != 2)
        return false;
    *user_us = user * tick_us;
    *system_us = system * tick_us;
    return true;
}

bool process_memory(pid_t pid, uint64_t *resident_bytes, unsigned *threads)
{
    char text[4096];
    const char *rss, *count;
    uint64_t kib;

    if (!proc_read(pid, "status", text, sizeof(text)))
        return false;
    rss = strstr(text, "VmRSS:");
    count = strstr(text, "Threads:");
    if (!rss || !count || sscanf(rss, "VmRSS: %" SCNu64, &kib) != 1 ||
        sscanf(count, "Threads: %u", threads) != 1)
        return false;
    *resident_bytes = kib * 1024;
    return true;
}
