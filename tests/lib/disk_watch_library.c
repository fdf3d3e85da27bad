/* SPDX-License-Identifier: Apache-2.0 */
/* The library of disk_watch.h.  MAINSTAY_DISK_WATCH names the file of the shared memory. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "lib/disk_watch.h"

enum {
    LOOK_NS = 1000000
};

static struct disk_watch *watch; /* NULL: this process is not watched */

__attribute__((constructor)) static void attach(void)
{
    const char *path = getenv("MAINSTAY_DISK_WATCH");
    int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    void *memory;

    if (fd < 0)
        return;
    memory = mmap(NULL, sizeof(*watch), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (memory != MAP_FAILED)
        watch = memory;
}

/* Where `fd` is below the directory watched; NULL: it is not. */
static const char *path_of(int fd, char *buffer, size_t size)
{
    char link[32];
    size_t root;
    ssize_t len;

    if (!watch)
        return NULL;
    (void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    len = readlink(link, buffer, size - 1);
    if (len < 0)
        return NULL;
    buffer[len] = '\0';
    root = strlen(watch->root);
    if (strncmp(buffer, watch->root, root) != 0)
        return NULL;
    return buffer[root] == '/' ? buffer + root + 1 : buffer[root] ? NULL : buffer + root;
}

static bool take_one(_Atomic uint32_t *count)
{
    uint32_t left = atomic_load(count);

    while (left > 0) {
        if (atomic_compare_exchange_weak(count, &left, left - 1))
            return true;
    }
    return false;
}

static void wait_while_held(void)
{
    const struct timespec pause = {.tv_nsec = LOOK_NS};

    if (!atomic_load(&watch->hold))
        return;
    atomic_fetch_add(&watch->held, 1);
    while (atomic_load(&watch->hold) && !take_one(&watch->passes))
        (void)nanosleep(&pause, NULL);
    atomic_fetch_sub(&watch->held, 1);
}

static bool is_to_fail(enum disk_call call, const char *path)
{
    return call == watch->fail_call &&
           (strcmp(watch->fail_path, "*") == 0 || strcmp(watch->fail_path, path) == 0);
}

/* False: the call is to fail, and errno is set. */
static bool pass(enum disk_call call, int fd)
{
    char buffer[4096];
    const char *path = path_of(fd, buffer, sizeof(buffer));
    uint32_t index;

    if (!path)
        return true;
    index = atomic_fetch_add(&watch->count, 1);
    if (index < DISK_WATCH_NOTES) {
        struct disk_note *note = &watch->notes[index];

        note->call = call;
        (void)snprintf(note->path, sizeof(note->path), "%.*s", (int)sizeof(note->path) - 1, path);
        atomic_store(&note->whole, true);
    }
    wait_while_held();
    if (!is_to_fail(call, path) || !take_one(&watch->failures))
        return true;
    errno = EIO;
    return false;
}

/* A function has its own form of pointer, which POSIX says dlsym()'s is good for. */
static void find(const char *name, void *function, size_t size)
{
    void *found = dlsym(RTLD_NEXT, name);

    if (!found)
        abort();
    memcpy(function, &found, size);
}

int fsync(int fd)
{
    int (*next)(int);

    find("fsync", &next, sizeof(next));
    return pass(DISK_FSYNC, fd) ? next(fd) : -1;
}

int fdatasync(int fd)
{
    int (*next)(int);

    find("fdatasync", &next, sizeof(next));
    return pass(DISK_FDATASYNC, fd) ? next(fd) : -1;
}

int syncfs(int fd)
{
    int (*next)(int);

    /* The others who use this machine's disk would be waited for. */
    find("fsync", &next, sizeof(next));
    return pass(DISK_SYNCFS, fd) ? next(fd) : -1;
}

int futimens(int fd, const struct timespec times[2])
{
    int (*next)(int, const struct timespec[2]);

    find("futimens", &next, sizeof(next));
    return pass(DISK_STAMP, fd) ? next(fd, times) : -1;
}

int linkat(int from_fd, const char *from, int to_fd, const char *to, int flags)
{
    int (*next)(int, const char *, int, const char *, int);

    find("linkat", &next, sizeof(next));
    return pass(DISK_NAME, to_fd) ? next(from_fd, from, to_fd, to, flags) : -1;
}

int fstatfs(int fd, struct statfs *st)
{
    int (*next)(int, struct statfs *);
    char buffer[4096];
    int result;

    find("fstatfs64", &next, sizeof(next));
    result = next(fd, st);
    if (result == 0 && watch && watch->fs_type && path_of(fd, buffer, sizeof(buffer)))
        st->f_type = (__typeof__(st->f_type))watch->fs_type;
    return result;
}
