/* SPDX-License-Identifier: Apache-2.0 */
#include "slow_disk.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/test.h"

static void env_append(const char *name, const char *value)
{
    const char *old = getenv(name);
    char text[4096];

    (void)snprintf(text, sizeof(text), "%s%s%s", old ? old : "", old ? ":" : "", value);
    assert_int_equal(setenv(name, text, 1), 0);
}

struct slow_disk *slow_disk_install(const char *dir, const char *root)
{
    struct slow_disk *disk;
    char path[256];
    int fd;

    (void)snprintf(path, sizeof(path), "%s/slow_disk", dir);
    fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(ftruncate(fd, sizeof(*disk)), 0);
    disk = mmap(NULL, sizeof(*disk), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    assert_true(disk != MAP_FAILED);
    close(fd);
    (void)snprintf(disk->root, sizeof(disk->root), "%s", root);
    assert_int_equal(setenv("MAINSTAY_SLOW_DISK", path, 1), 0);
    env_append("LD_PRELOAD", SLOW_DISK_LIBRARY);
    /* The library has no calls that a sanitizer would have to see. */
    env_append("ASAN_OPTIONS", "verify_asan_link_order=0");
    return disk;
}
