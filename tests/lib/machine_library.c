/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Another machine for a program with this library in LD_PRELOAD, as variables describe it:
 *
 *   TEST_FILE_SYSTEM=PATH=NUMBER   PATH is on a file system of this type of statfs(2), which is a
 *                                  number in hexadecimal
 *   TEST_READ_ONLY=PATH            what is below PATH is mounted read-only, as statvfs(3) tells
 *   TEST_HANGS=PATH                statvfs(3) of what is below PATH never returns
 *   TEST_CGROUP=FILE               /proc/self/cgroup is this file
 *   TEST_ACCOUNTS=FILE             /etc/passwd is this file
 *   TEST_CLOCK=FILE                the wall clock is ahead by as many seconds as the file says
 *
 * It is no container, whatever the machine of the test is.
 */
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

static int is_below(const char *path, const char *top, size_t len)
{
    return strncmp(path, top, len) == 0 && (path[len] == '/' || path[len] == '\0');
}

int statfs(const char *path, struct statfs *st)
{
    int (*real)(const char *, struct statfs *) = dlsym(RTLD_NEXT, "statfs64");
    const char *wanted = getenv("TEST_FILE_SYSTEM"), *number = wanted ? strchr(wanted, '=') : NULL;
    const int result = real(path, st);

    if (result == 0 && number && is_below(path, wanted, (size_t)(number - wanted)))
        st->f_type = (__fsword_t)strtoul(number + 1, NULL, 16);
    return result;
}

int statvfs(const char *path, struct statvfs *st)
{
    int (*real)(const char *, struct statvfs *) = dlsym(RTLD_NEXT, "statvfs64");
    const char *wanted = getenv("TEST_READ_ONLY"), *hangs = getenv("TEST_HANGS");
    const int result = real(path, st);

    while (hangs && is_below(path, hangs, strlen(hangs)))
        (void)pause();
    if (result == 0 && wanted && is_below(path, wanted, strlen(wanted)))
        st->f_flag |= ST_RDONLY;
    return result;
}

int access(const char *path, int mode)
{
    int (*real)(const char *, int) = dlsym(RTLD_NEXT, "access");

    if (strcmp(path, "/run/.containerenv") != 0 && strcmp(path, "/.dockerenv") != 0)
        return real(path, mode);
    errno = ENOENT;
    return -1;
}

FILE *fopen(const char *path, const char *mode)
{
    FILE *(*real)(const char *, const char *) = dlsym(RTLD_NEXT, "fopen64");
    const char *group = getenv("TEST_CGROUP"), *accounts = getenv("TEST_ACCOUNTS");

    if (group && strcmp(path, "/proc/self/cgroup") == 0)
        path = group;
    if (accounts && strcmp(path, "/etc/passwd") == 0)
        path = accounts;
    return real(path, mode);
}

int clock_gettime(clockid_t clock, struct timespec *ts)
{
    const char *path = getenv("TEST_CLOCK");
    const int result = (int)syscall(SYS_clock_gettime, clock, ts);
    FILE *file = clock == CLOCK_REALTIME && path ? fopen(path, "re") : NULL;
    long ahead = 0;

    if (file && fscanf(file, "%ld", &ahead) == 1)
        ts->tv_sec += ahead;
    if (file)
        (void)fclose(file);
    return result;
}
