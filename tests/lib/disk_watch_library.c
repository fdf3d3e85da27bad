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

/* The path of `fd` below the watched directory; NULL if it is not below it. */
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

static bool is_slow(enum disk_call call)
{
    return atomic_load(&watch->slow) & DISK_BIT(call);
}

static bool is_spared(const char *path)
{
    const char *slash = strrchr(path, '/');

    return atomic_load(&watch->sparing) && strcmp(slash ? slash + 1 : path, watch->spared) == 0;
}

static bool is_held(enum disk_call call, const char *path)
{
    return is_slow(call) && !is_spared(path);
}

static void wait_while_held(enum disk_call call, const char *path)
{
    const struct timespec pause = {.tv_nsec = LOOK_NS};

    if (!is_held(call, path))
        return;
    atomic_fetch_add(&watch->held, 1);
    for (int32_t ms = 0; is_held(call, path) && !take_one(&watch->passes); ms++) {
        int32_t delay_ms = atomic_load(&watch->delay_ms);

        if (delay_ms >= 0 && ms >= delay_ms)
            break;
        (void)nanosleep(&pause, NULL);
    }
    atomic_fetch_sub(&watch->held, 1);
}

static bool is_to_fail(enum disk_call call, const char *path)
{
    return call == watch->fail_call &&
           (strcmp(watch->fail_path, "*") == 0 || strcmp(watch->fail_path, path) == 0);
}

static void take_note(enum disk_call call, const char *path)
{
    uint32_t index = atomic_fetch_add(&watch->count, 1);
    struct disk_note *note = &watch->notes[index];

    if (index >= DISK_WATCH_NOTES)
        return;
    note->call = call;
    (void)snprintf(note->path, sizeof(note->path), "%.*s", (int)sizeof(note->path) - 1, path);
    atomic_store(&note->whole, true);
}

/* A call that is noted. False: it is to fail, and errno is set. */
static bool pass(enum disk_call call, int fd)
{
    char buffer[4096];
    const char *path = path_of(fd, buffer, sizeof(buffer));

    if (!path)
        return true;
    take_note(call, path);
    wait_while_held(call, path);
    if (!is_to_fail(call, path) || !take_one(&watch->failures))
        return true;
    errno = EIO;
    return false;
}

/* A call that is not noted. */
static void pass_unnoted(enum disk_call call, int fd)
{
    char buffer[4096];
    const char *path = watch && is_slow(call) ? path_of(fd, buffer, sizeof(buffer)) : NULL;

    if (path)
        wait_while_held(call, path);
}

/* The kernel appends this to the path of a file without a name. */
static bool is_removed(int fd)
{
    static const char mark[] = " (deleted)";
    char buffer[4096];
    const char *path = path_of(fd, buffer, sizeof(buffer));
    size_t len = path ? strlen(path) : 0;

    return len >= sizeof(mark) && strcmp(path + len - (sizeof(mark) - 1), mark) == 0;
}

/* The libc function that the call replaces, looked up on first use. Stored once only, since other
 * threads read it. POSIX guarantees that the pointer from dlsym() can be used as a function
 * pointer. */
typedef void *any_function __attribute__((may_alias));

static void find(const char *name, void *function)
{
    any_function *place = function;
    void *found, *unknown = NULL;

    if (__atomic_load_n(place, __ATOMIC_ACQUIRE))
        return;
    found = dlsym(RTLD_NEXT, name);
    if (!found)
        abort();
    (void)__atomic_compare_exchange_n(place, &unknown, found, false, __ATOMIC_ACQ_REL,
                                      __ATOMIC_ACQUIRE);
}

/* NOLINTBEGIN(readability-inconsistent-declaration-parameter-name): libc calls its parameters by
 * reserved names. */

int fsync(int fd)
{
    static int (*next)(int);

    find("fsync", &next);
    return pass(DISK_FSYNC, fd) ? next(fd) : -1;
}

int fdatasync(int fd)
{
    static int (*next)(int);

    find("fdatasync", &next);
    return pass(DISK_FDATASYNC, fd) ? next(fd) : -1;
}

int syncfs(int fd)
{
    static int (*next)(int), (*sync_one)(int);
    char buffer[4096];

    find("syncfs", &next);
    find("fsync", &sync_one);
    if (!path_of(fd, buffer, sizeof(buffer)))
        return next(fd);
    /* Syncs one object only: a real syncfs would also wait for other users of this machine's
     * disk. */
    return pass(DISK_SYNCFS, fd) ? sync_one(fd) : -1;
}

int futimens(int fd, const struct timespec times[2])
{
    static int (*next)(int, const struct timespec[2]);

    find("futimens", &next);
    return pass(DISK_STAMP, fd) ? next(fd, times) : -1;
}

int linkat(int from_fd, const char *from, int to_fd, const char *to, int flags)
{
    static int (*next)(int, const char *, int, const char *, int);

    find("linkat", &next);
    return pass(DISK_NAME, to_fd) ? next(from_fd, from, to_fd, to, flags) : -1;
}

ssize_t pwrite(int fd, const void *data, size_t len, off_t offset)
{
    static ssize_t (*next)(int, const void *, size_t, off_t);

    find("pwrite64", &next);
    pass_unnoted(DISK_WRITE, fd);
    return next(fd, data, len, offset);
}

ssize_t copy_file_range(int from_fd, off_t *from, int to_fd, off_t *to, size_t len, unsigned flags)
{
    static ssize_t (*next)(int, off_t *, int, off_t *, size_t, unsigned);

    find("copy_file_range", &next);
    pass_unnoted(DISK_COPY, to_fd);
    return next(from_fd, from, to_fd, to, len, flags);
}

int ftruncate(int fd, off_t size)
{
    static int (*next)(int, off_t);

    find("ftruncate64", &next);
    pass_unnoted(DISK_TRUNCATE, fd);
    return next(fd, size);
}

int renameat(int from_fd, const char *from, int to_fd, const char *to)
{
    static int (*next)(int, const char *, int, const char *);

    find("renameat", &next);
    pass_unnoted(DISK_RENAME, from_fd);
    return next(from_fd, from, to_fd, to);
}

int mkdirat(int fd, const char *path, mode_t mode)
{
    static int (*next)(int, const char *, mode_t);

    find("mkdirat", &next);
    pass_unnoted(DISK_MKDIR, fd);
    return next(fd, path, mode);
}

int statx(int fd, const char *path, int flags, unsigned mask, struct statx *out)
{
    static int (*next)(int, const char *, int, unsigned, struct statx *);

    find("statx", &next);
    pass_unnoted(DISK_ATTRIBUTES, fd);
    return next(fd, path, flags, mask, out);
}

int faccessat(int fd, const char *path, int mode, int flags)
{
    static int (*next)(int, const char *, int, int);

    find("faccessat", &next);
    pass_unnoted(DISK_ATTRIBUTES, fd);
    return next(fd, path, mode, flags);
}

int close(int fd)
{
    static int (*next)(int);

    find("close", &next);
    if (watch && is_slow(DISK_FREE) && is_removed(fd))
        wait_while_held(DISK_FREE, "");
    return next(fd);
}

int fstatfs(int fd, struct statfs *st)
{
    static int (*next)(int, struct statfs *);
    char buffer[4096];
    int result;

    find("fstatfs64", &next);
    result = next(fd, st);
    if (result == 0 && watch && watch->fs_type && path_of(fd, buffer, sizeof(buffer)))
        st->f_type = (__typeof__(st->f_type))watch->fs_type;
    return result;
}
/* NOLINTEND(readability-inconsistent-declaration-parameter-name) */
