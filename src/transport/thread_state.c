/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/thread_state.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
    STAT_BYTES = 128, /* the beginning of the line: its ID, its name, its state */
};

bool thread_is_runnable(pid_t tid)
{
    char path[64], stat[STAT_BYTES];
    const char *name_end;
    ssize_t len;
    int fd;

    (void)snprintf(path, sizeof(path), "/proc/self/task/%d/stat", (int)tid);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    len = read(fd, stat, sizeof(stat) - 1);
    close(fd);
    if (len <= 0)
        return false;
    stat[len] = '\0';
    name_end = strrchr(stat, ')');
    return name_end && strncmp(name_end, ") R ", 4) == 0;
}
