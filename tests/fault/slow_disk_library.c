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

/* Where `fd` is, if that is below the root; else NULL. */
static const char *path_below(int fd, char *path, size_t size)
{
    char link[32];
    ssize_t len;

    if (!disk)
        return NULL;
    (void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    len = readlink(link, path, size - 1);
    if (len < 0)
        return NULL;
    path[len] = '\0';
    return strncmp(path, disk->root, strlen(disk->root)) == 0 ? path : NULL;
}

static bool is_below(int fd)
{
    char path[4096];

    return path_below(fd, path, sizeof(path)) != NULL;
}

/* The kernel says so behind the path of a file without a name. */
static bool is_removed(int fd)
{
    static const char mark[] = " (deleted)";
    char buffer[4096];
    const char *path = path_below(fd, buffer, sizeof(buffer));
    size_t len = path ? strlen(path) : 0;

    return len >= sizeof(mark) && strcmp(path + len - (sizeof(mark) - 1), mark) == 0;
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

int close(int fd)
{
    if (disk && atomic_load(&disk->closes) && atomic_load(&disk->delay_ms) != 0 && is_removed(fd))
        wait_here();
    return (int)syscall(SYS_close, fd);
}
