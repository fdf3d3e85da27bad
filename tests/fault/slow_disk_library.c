/* SPDX-License-Identifier: Apache-2.0 */
/* The library of slow_disk.h.  MAINSTAY_SLOW_DISK names the file of the shared memory. */
#include "slow_disk.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

static struct slow_disk *disk; /* NULL: all is as ever */

__attribute__((constructor)) static void attach(void)
{
    const char *path = getenv("MAINSTAY_SLOW_DISK");
    int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    void *memory;

    if (fd < 0)
        return;
    memory = mmap(NULL, sizeof(*disk), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (memory != MAP_FAILED)
        disk = memory;
}

static bool is_below(int fd)
{
    char link[32], path[4096];
    ssize_t len;

    if (!disk)
        return false;
    (void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    len = readlink(link, path, sizeof(path) - 1);
    if (len < 0)
        return false;
    path[len] = '\0';
    return strncmp(path, disk->root, strlen(disk->root)) == 0;
}

static void wait_here(void)
{
    const struct timespec pause = {.tv_nsec = 1000000};
    uint32_t now = atomic_fetch_add(&disk->waiting, 1) + 1, most = atomic_load(&disk->most);

    while (now > most && !atomic_compare_exchange_weak(&disk->most, &most, now))
        continue;
    for (int32_t ms = 0;; ms++) {
        int32_t delay_ms = atomic_load(&disk->delay_ms);

        if (delay_ms >= 0 && ms >= delay_ms)
            break;
        nanosleep(&pause, NULL);
    }
    atomic_fetch_sub(&disk->waiting, 1);
}

int mkdirat(int fd, const char *path, mode_t mode)
{
    if (is_below(fd) && atomic_load(&disk->delay_ms) != 0)
        wait_here();
    return (int)syscall(SYS_mkdirat, fd, path, mode);
}

static void attributes_wait(int fd)
{
    if (disk && atomic_load(&disk->attributes) && atomic_load(&disk->delay_ms) != 0 && is_below(fd))
        wait_here();
}

int statx(int fd, const char *path, int flags, unsigned mask, struct statx *out)
{
    attributes_wait(fd);
    return (int)syscall(SYS_statx, fd, path, flags, mask, out);
}

int faccessat(int fd, const char *path, int mode, int flags)
{
    attributes_wait(fd);
    return (int)syscall(SYS_faccessat2, fd, path, mode, flags);
}

int fstatfs(int fd, struct statfs *out)
{
    int result = (int)syscall(SYS_fstatfs, fd, out);

    if (result == 0 && is_below(fd))
        out->f_type = FUSE_SUPER_MAGIC;
    return result;
}
