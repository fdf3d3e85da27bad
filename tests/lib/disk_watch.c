/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/disk_watch.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/test.h"
#include "lib/wait.h"

static void env_append(const char *name, const char *value)
{
    const char *old = getenv(name);
    char text[4096];

    (void)snprintf(text, sizeof(text), "%s%s%s", old ? old : "", old ? ":" : "", value);
    assert_int_equal(setenv(name, text, 1), 0);
}

struct disk_watch *disk_watch_install(const char *dir, const char *root, uint32_t fs_type)
{
    static bool in_environment;
    struct disk_watch *watch;
    char path[256];
    int fd;

    (void)snprintf(path, sizeof(path), "%s/disk_watch", dir);
    fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(ftruncate(fd, sizeof(*watch)), 0);
    watch = mmap(NULL, sizeof(*watch), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    assert_true(watch != MAP_FAILED);
    close(fd);
    memset(watch, 0, sizeof(*watch));
    watch->fs_type = fs_type;
    (void)snprintf(watch->root, sizeof(watch->root), "%s", root);
    assert_int_equal(setenv("MAINSTAY_DISK_WATCH", path, 1), 0);
    if (in_environment)
        return watch;
    in_environment = true;
    env_append("LD_PRELOAD", DISK_WATCH_LIBRARY);
    /* The library makes no calls that ASan would have to intercept first. */
    env_append("ASAN_OPTIONS", "verify_asan_link_order=0");
    return watch;
}

void disk_watch_delay(struct disk_watch *watch, uint32_t calls, int32_t delay_ms)
{
    atomic_store(&watch->delay_ms, delay_ms);
    atomic_store(&watch->slow, calls);
}

void disk_watch_hold(struct disk_watch *watch, uint32_t calls)
{
    disk_watch_delay(watch, calls, -1);
}

void disk_watch_spare(struct disk_watch *watch, const char *name)
{
    assert_false(atomic_load(&watch->sparing));
    (void)snprintf(watch->spared, sizeof(watch->spared), "%s", name);
    atomic_store(&watch->sparing, true);
}

void disk_watch_let_go(struct disk_watch *watch)
{
    atomic_store(&watch->slow, 0);
}

bool disk_watch_is_met(const struct disk_watch *watch)
{
    return atomic_load(&watch->held) > 0;
}

void disk_watch_reset(struct disk_watch *watch)
{
    atomic_store(&watch->failures, 0);
    disk_watch_let_go(watch);
    wait_until(atomic_load(&watch->held) == 0);
    atomic_store(&watch->passes, 0);
    atomic_store(&watch->sparing, false);
    for (uint32_t i = 0; i < DISK_WATCH_NOTES; i++)
        atomic_store(&watch->notes[i].whole, false);
    atomic_store(&watch->count, 0);
}

void disk_watch_bury(struct disk_watch *watch)
{
    atomic_store(&watch->held, 0);
    disk_watch_reset(watch);
}

const struct disk_note *disk_watch_last(const struct disk_watch *watch)
{
    uint32_t count = atomic_load(&watch->count);

    assert_true(count > 0 && count <= DISK_WATCH_NOTES);
    wait_until(atomic_load(&watch->notes[count - 1].whole));
    return &watch->notes[count - 1];
}

uint32_t disk_watch_count(const struct disk_watch *watch, enum disk_call call, const char *path)
{
    uint32_t count = atomic_load(&watch->count), found = 0;

    assert_true(count <= DISK_WATCH_NOTES);
    for (uint32_t i = 0; i < count; i++) {
        const struct disk_note *note = &watch->notes[i];

        wait_until(atomic_load(&note->whole));
        found += note->call == call && (!path || strcmp(note->path, path) == 0);
    }
    return found;
}

void disk_watch_fail(struct disk_watch *watch, enum disk_call call, const char *path,
                     uint32_t count)
{
    watch->fail_call = call;
    (void)snprintf(watch->fail_path, sizeof(watch->fail_path), "%s", path ? path : "*");
    atomic_store(&watch->failures, count);
}
