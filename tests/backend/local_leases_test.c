/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Other processes of this machine and the kernel's leases: when a process opens a leased file, the
 * server is told, and the process waits until the lease is returned.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "backend/local/sweep.h"
#include "backend/local_fixture.h"
#include "lib/directory.h"
#include "lib/wait.h"

enum {
    STRANGER = 65533,
    MANY = 40,                  /* files */
    KERNEL_PATIENCE_MS = 40000, /* less than fs.lease-break-time */
};

static const struct vfs_cred self = {.uid = 0};

static _Atomic unsigned told[2]; /* notifications, by use */
static struct vfs_object *_Atomic told_of;
static _Atomic bool told_held_up;

static void note(struct vfs_object *obj, enum vfs_lease use, bool held_up, void *context)
{
    (void)context;
    atomic_store(&told_of, obj);
    atomic_store(&told_held_up, held_up);
    atomic_fetch_add(&told[use], 1);
}

static const struct vfs_lease_hook hook = {.broken = note};

static int set_up(void **state)
{
    atomic_store(&told[VFS_LEASE_READ], 0);
    atomic_store(&told[VFS_LEASE_WRITE], 0);
    vfs_lease_hook_set(&hook);
    return local_test_set_up(state);
}

static int tear_down(void **state)
{
    vfs_lease_hook_set(NULL);
    return local_test_tear_down(state);
}

static struct vfs_object *make_one(struct local_dir *dir, const char *name)
{
    struct vfs_object *root, *file;

    assert_ok(dir->fs->ops->root(dir->fs, &root));
    file = make(root, &self, name, VFS_REG, 0644);
    vfs_object_put(root);
    return file;
}

static enum vfs_status lease(struct vfs_object *obj, enum vfs_lease kind)
{
    return obj->fs->ops->lease(obj, kind);
}

static void unlease(struct vfs_object *obj, enum vfs_lease kind)
{
    obj->fs->ops->unlease(obj, kind);
}

static unsigned told_all(void)
{
    return atomic_load(&told[VFS_LEASE_READ]) + atomic_load(&told[VFS_LEASE_WRITE]);
}

/* Another process: opens the file, and exits with the errno. */
static pid_t opener(struct local_dir *dir, const char *name, int flags)
{
    const char *path = local_path(dir, name);
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid == 0)
        _exit(open(path, flags) >= 0 ? 0 : errno);
    return pid;
}

/* The process ends before the kernel would break the lease by itself. */
static int end_of(pid_t pid)
{
    int64_t start = wait_now_ms();
    int status;

    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_true(wait_now_ms() - start < KERNEL_PATIENCE_MS);
    return WEXITSTATUS(status);
}

static bool waits(pid_t pid)
{
    return waitpid(pid, NULL, WNOHANG) == 0;
}

static void a_writer_waits_for_readers(void **state)
{
    struct local_dir *dir = *state;
    struct vfs_object *file = make_one(dir, "file");
    pid_t pid;

    assert_ok(lease(file, VFS_LEASE_READ));
    assert_ok(lease(file, VFS_LEASE_READ));
    assert_int_equal(end_of(opener(dir, "file", O_RDONLY)), 0);
    assert_int_equal(told_all(), 0);
    pid = opener(dir, "file", O_WRONLY);
    wait_until(atomic_load(&told[VFS_LEASE_WRITE]) == 1);
    assert_ptr_equal(atomic_load(&told_of), file);
    assert_true(atomic_load(&told_held_up));
    assert_status(lease(file, VFS_LEASE_READ), VFS_DELAY);
    unlease(file, VFS_LEASE_READ);
    assert_true(waits(pid));
    unlease(file, VFS_LEASE_READ);
    assert_int_equal(end_of(pid), 0);
    assert_int_equal(told_all(), 1);
    vfs_object_put(file);
}

static void a_reader_waits_for_the_writer(void **state)
{
    struct local_dir *dir = *state;
    struct vfs_object *file = make_one(dir, "file");
    pid_t pid;

    assert_ok(lease(file, VFS_LEASE_WRITE));
    pid = opener(dir, "file", O_RDONLY);
    wait_until(atomic_load(&told[VFS_LEASE_READ]) == 1);
    assert_int_equal(atomic_load(&told[VFS_LEASE_WRITE]), 0);
    assert_ok(dir->fs->ops->open(file, &self, VFS_WANT_BOTH, false)); /* allowed to the holder */
    assert_ok(do_write(file, &self, 0, "dirty", 5));
    assert_true(waits(pid));
    dir->fs->ops->close(file, VFS_WANT_BOTH);
    unlease(file, VFS_LEASE_WRITE);
    assert_int_equal(end_of(pid), 0);
    vfs_object_put(file);
}

/* truncate(2) opens nothing, and waits all the same; a second use is reported, too. */
static void both_kinds_are_told(void **state)
{
    struct local_dir *dir = *state;
    struct vfs_object *file = make_one(dir, "file");
    pid_t reader, writer;

    assert_ok(lease(file, VFS_LEASE_WRITE));
    reader = opener(dir, "file", O_RDONLY);
    wait_until(atomic_load(&told[VFS_LEASE_READ]) == 1);
    writer = fork();
    if (writer == 0)
        _exit(truncate(local_path(dir, "file"), 0) == 0 ? 0 : errno);
    wait_until(atomic_load(&told[VFS_LEASE_WRITE]) == 1);
    unlease(file, VFS_LEASE_WRITE);
    assert_int_equal(end_of(reader), 0);
    assert_int_equal(end_of(writer), 0);
    assert_int_equal(told_all(), 2);
    vfs_object_put(file);
}

/* A non-blocking open fails, and is still reported. */
static void nonblocking_opens_are_reported(void **state)
{
    struct local_dir *dir = *state;
    struct vfs_object *file = make_one(dir, "file");

    assert_ok(lease(file, VFS_LEASE_READ));
    assert_int_equal(end_of(opener(dir, "file", O_WRONLY | O_NONBLOCK)), EWOULDBLOCK);
    wait_until(atomic_load(&told[VFS_LEASE_WRITE]) == 1);
    unlease(file, VFS_LEASE_READ);
    vfs_object_put(file);
}

static void not_while_a_process_has_it_open(void **state)
{
    struct local_dir *dir = *state;
    struct vfs_object *file = make_one(dir, "file");
    int fd = open(local_path(dir, "file"), O_RDWR);

    assert_true(fd >= 0);
    assert_status(lease(file, VFS_LEASE_READ), VFS_DELAY);
    assert_status(lease(file, VFS_LEASE_WRITE), VFS_DELAY);
    (void)close(fd);
    fd = open(local_path(dir, "file"), O_RDONLY);
    assert_status(lease(file, VFS_LEASE_WRITE), VFS_DELAY);
    assert_ok(lease(file, VFS_LEASE_READ));
    unlease(file, VFS_LEASE_READ);
    (void)close(fd);
    assert_ok(lease(file, VFS_LEASE_WRITE));
    unlease(file, VFS_LEASE_WRITE);
    assert_int_equal(told_all(), 0);
    vfs_object_put(file);
}

/* The remaining lease excludes no reader, but the kernel's does: readers must not wait for ever. */
static void a_greater_lease_does_not_outlive_its_use(void **state)
{
    struct local_dir *dir = *state;
    struct vfs_object *file = make_one(dir, "file");

    assert_ok(lease(file, VFS_LEASE_WRITE));
    assert_ok(lease(file, VFS_LEASE_READ));
    unlease(file, VFS_LEASE_WRITE);
    assert_int_equal(end_of(opener(dir, "file", O_RDONLY)), 0);
    wait_until(atomic_load(&told[VFS_LEASE_WRITE]) == 1);
    unlease(file, VFS_LEASE_READ);
    vfs_object_put(file);
}

/* The sweeper leaves the descriptor of a lease alone. */
static void a_lease_outlives_idleness(void **state)
{
    struct local_dir *dir = *state;
    struct vfs_object *file = make_one(dir, "file");
    pid_t pid;

    assert_ok(lease(file, VFS_LEASE_WRITE));
    vfs_own_identity();
    for (int i = 0; i < 10; i++)
        local_sweep(CONTAINER_OF(dir->fs, struct local_fs, base));
    pid = opener(dir, "file", O_RDONLY);
    wait_until(atomic_load(&told[VFS_LEASE_READ]) == 1);
    unlease(file, VFS_LEASE_WRITE);
    assert_int_equal(end_of(pid), 0);
    vfs_object_put(file);
}

/* A kernel without room for more queued signals sends a single SIGIO instead: then all leases are
 * checked. */
static void more_than_can_be_queued(void **state)
{
    struct local_dir *dir = *state;
    struct vfs_object *files[MANY];
    pid_t pids[MANY];
    char name[16];

    for (int i = 0; i < MANY; i++) {
        (void)snprintf(name, sizeof(name), "file%d", i);
        files[i] = make_one(dir, name);
        assert_ok(lease(files[i], VFS_LEASE_READ));
        pids[i] = opener(dir, name, O_WRONLY);
    }
    assert_int_equal(kill(getpid(), SIGIO), 0);
    wait_until(atomic_load(&told[VFS_LEASE_WRITE]) == MANY);
    for (int i = 0; i < MANY; i++) {
        unlease(files[i], VFS_LEASE_READ);
        assert_int_equal(end_of(pids[i]), 0);
        vfs_object_put(files[i]);
    }
}

/* Leases take a limited part of the descriptors. */
static void leases_are_limited(void **state)
{
    struct local_dir *dir = *state;
    struct local_fs *fs;
    struct vfs_object *files[MANY];
    char name[16];
    int given = 0;

    local_dir_destroy(dir);
    local_setting.descriptors_max = 2 * MANY;
    *state = dir = local_dir_create();
    local_setting.descriptors_max = 0;
    fs = CONTAINER_OF(dir->fs, struct local_fs, base);
    for (int i = 0; i < MANY; i++) {
        (void)snprintf(name, sizeof(name), "file%d", i);
        files[i] = make_one(dir, name);
        if (i == given && lease(files[i], VFS_LEASE_READ) == VFS_OK)
            given++;
    }
    assert_int_equal(given, 2 * MANY / 4);
    assert_int_equal(atomic_load(&fs->leases), given);
    for (int i = 0; i < MANY; i++) {
        if (i < given)
            unlease(files[i], VFS_LEASE_READ);
        vfs_object_put(files[i]);
    }
    assert_int_equal(atomic_load(&fs->leases), 0);
}

/* As a stranger, in a process of its own. */
static int try_as_stranger(const char *base)
{
    char path[64], state_dir[64], error[256];
    const struct local_options options = {
        .path = path, .state_dir = state_dir, .finding = LOCAL_FIND_BY_MAP};
    struct vfs_object *root, *file;
    struct vfs *fs;

    (void)snprintf(path, sizeof(path), "%s/export", base);
    (void)snprintf(state_dir, sizeof(state_dir), "%s/state", base);
    if (setresgid(STRANGER, STRANGER, STRANGER) != 0 ||
        setresuid(STRANGER, STRANGER, STRANGER) != 0 ||
        local_create(&options, &fs, error, sizeof(error)) != 0)
        return 1;
    if (fs->ops->root(fs, &root) != VFS_OK || do_lookup(root, &self, "other", &file) != VFS_OK)
        return 2;
    if (lease(file, VFS_LEASE_READ) != VFS_PERM || lease(file, VFS_LEASE_WRITE) != VFS_PERM)
        return 3;
    vfs_object_put(file);
    vfs_object_put(root);
    fs->ops->destroy(fs);
    return 0;
}

/* Without privileges the kernel grants leases on one's own files alone. Runs before there is any
 * other thread, since the child creates some. */
static void a_stranger_gets_none(void **unused)
{
    char base[] = "/tmp/mainstay-XXXXXX", path[64];
    int fd, status;
    pid_t pid;

    (void)unused;
    if (geteuid() != 0)
        test_skip(TEST_NEEDS_USERS);
    assert_non_null(mkdtemp(base));
    assert_int_equal(chown(base, STRANGER, STRANGER), 0);
    (void)snprintf(path, sizeof(path), "%s/export", base);
    assert_int_equal(mkdir(path, 0755), 0);
    (void)snprintf(path, sizeof(path), "%s/export/other", base);
    fd = open(path, O_CREAT | O_RDWR, 0666);
    assert_true(fd >= 0 && fchmod(fd, 0666) == 0);
    (void)close(fd);
    pid = fork();
    if (pid == 0)
        _exit(try_as_stranger(base));
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    assert_int_equal(directory_remove(base), 0);
}

/* S22-23: no lease is left. */
static void nothing_is_left(void **state)
{
    struct local_dir *dir = *state;
    struct vfs_object *file = make_one(dir, "file");
    struct local_fs *fs = CONTAINER_OF(dir->fs, struct local_fs, base);

    for (int i = 0; i < 1000; i++) {
        enum vfs_lease kind = i % 2 ? VFS_LEASE_READ : VFS_LEASE_WRITE;

        assert_ok(lease(file, kind));
        unlease(file, kind);
    }
    assert_null(local_of(file)->lease);
    assert_int_equal(atomic_load(&fs->leases), 0);
    assert_int_equal(told_all(), 0);
    assert_true(atomic_load(&fs->descriptors) <= 4); /* the root, and two of the file */
    vfs_object_put(file);
}

#define LEASE_TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest alone[] = {cmocka_unit_test(a_stranger_gets_none)};
    const struct CMUnitTest tests[] = {
        LEASE_TEST(a_writer_waits_for_readers),
        LEASE_TEST(a_reader_waits_for_the_writer),
        LEASE_TEST(both_kinds_are_told),
        LEASE_TEST(nonblocking_opens_are_reported),
        LEASE_TEST(not_while_a_process_has_it_open),
        LEASE_TEST(a_greater_lease_does_not_outlive_its_use),
        LEASE_TEST(a_lease_outlives_idleness),
        LEASE_TEST(more_than_can_be_queued),
        LEASE_TEST(leases_are_limited),
        LEASE_TEST(nothing_is_left),
    };

    if (test_group_run_named(alone, ARRAY_SIZE(alone), NULL, NULL) != 0)
        return 1;
    return local_group_run(tests);
}
