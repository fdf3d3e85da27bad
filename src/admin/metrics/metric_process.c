/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/metrics/metric_process.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "admin/metrics/metric_text.h"

/* The n-th field of /proc/self/stat behind the name of the program, which may have spaces and ends
 * with the last parenthesis; proc(5) counts from 1, and the name is the second. */
static unsigned long long stat_field(const char *stat, unsigned field)
{
    const char *at = strrchr(stat, ')');
    unsigned long long value = 0;

    for (unsigned i = 2; at && i < field; i++)
        at = strchr(at + 1, ' ');
    if (!at || sscanf(at, " %llu", &value) != 1)
        return 0;
    return value;
}

/* Text of a small file of /proc; "" when it cannot be read. */
static void proc_read(const char *path, char *text, size_t size)
{
    FILE *file = fopen(path, "re");
    size_t len = file ? fread(text, 1, size - 1, file) : 0;

    text[len] = '\0';
    if (file)
        (void)fclose(file);
}

/* Seconds since 1970 at which the machine began. */
static double boot_time_s(void)
{
    FILE *file = fopen("/proc/stat", "re");
    unsigned long long boot = 0;
    char line[256];

    while (file && boot == 0 && fgets(line, sizeof(line), file)) {
        if (sscanf(line, "btime %llu", &boot) != 1)
            boot = 0;
    }
    if (file)
        (void)fclose(file);
    return (double)boot;
}

static void stat_show(struct metric_text *text)
{
    enum {
        UTIME = 14,
        STIME = 15,
        STARTTIME = 22,
        RSS = 24
    };
    const double hz = (double)sysconf(_SC_CLK_TCK);
    char stat[1024];

    proc_read("/proc/self/stat", stat, sizeof(stat));
    metric_text_begin(text, METRIC_PROCESS_CPU);
    metric_text_number(text, NULL,
                       (double)(stat_field(stat, UTIME) + stat_field(stat, STIME)) / hz);
    metric_text_one(text, METRIC_PROCESS_RESIDENT,
                    stat_field(stat, RSS) * (uint64_t)sysconf(_SC_PAGESIZE));
    metric_text_begin(text, METRIC_PROCESS_START);
    metric_text_number(text, NULL, boot_time_s() + (double)stat_field(stat, STARTTIME) / hz);
}

static void descriptors_show(struct metric_text *text)
{
    DIR *dir = opendir("/proc/self/fd");
    struct rlimit limit;
    uint64_t count = 0;

    if (dir) {
        while (readdir(dir))
            count++;
        (void)closedir(dir);
    }
    /* Not ".", "..", and the directory itself. */
    metric_text_one(text, METRIC_PROCESS_FDS, count > 3 ? count - 3 : 0);
    metric_text_one(text, METRIC_PROCESS_MAX_FDS,
                    getrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : 0);
}

void metric_process_show(struct metric_text *text)
{
    stat_show(text);
    descriptors_show(text);
}
