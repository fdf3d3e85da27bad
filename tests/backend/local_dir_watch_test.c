/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Other processes of this machine and leased directories (W12): what they change is reported, what
 * the server itself changes is not.  A part of it runs as an ordinary user, too.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "backend/local/local_internal.h"
#include "backend/local_fixture.h"
#include "lib/wait.h"

enum {
    MANY = 64,           /* directories */
    CROWD = 240,         /* more of them */
    PROCESSES_MAX = 500, /* that a test starts */
};

static const struct vfs_cred self = {.uid = 0};

static _Atomic unsigned told;
static struct vfs_object *_Atomic told_of;
static _Atomic bool told_wrongly; /* a directory is changed, and nobody waits */
static _Atomic bool holding;      /* the thread that reports */

static void note(struct vfs_object *obj, enum vfs_lease use, bool held_up, void *context)
{
    (void)context;
    atomic_store(&told_of, obj);
    if (use != VFS_LEASE_WRITE || held_up)
        atomic_store(&told_wrongly, true);
    atomic_fetch_add(&told, 1);
    while (atomic_load(&holding))
        wait_ms(1);
}

static const struct vfs_lease_hook hook = {.broken = note};

static enum vfs_status lease(struct vfs_object *obj)
{
    return obj->fs->ops->lease(obj, VFS_LEASE_READ);
}

static void unlease(struct vfs_object *obj)
{
    obj->fs->ops->unlease(obj, VFS_LEASE_READ);
}

static int set_up(void **unused)
{
    (void)unused;
    atomic_store(&told, 0);
    atomic_store(&told_wrongly, false);
    vfs_lease_hook_set(&hook);
    return 0;
}

static int tear_down(void **unused)
{
    (void)unused;
    vfs_lease_hook_set(NULL);
    return atomic_load(&told_wrongly) ? -1 : 0;
}

static struct vfs_object *root_of(struct vfs *fs)
{
    struct vfs_object *root;

    assert_ok(fs->ops->root(fs, &root));
    return root;
}

static struct vfs_object *fresh_dir(struct local_dir *dir, const char *name)
{
    struct vfs_object *root = root_of(dir->fs), *made;

    made = make(root, &self, name, VFS_DIR, 0755);
    vfs_object_put(root);
    return made;
}

static uint32_t left(const struct vfs_object *obj)
{
    return atomic_load(&obj->fs->dir_leases_left);
}

static struct vfs_object *leased_dir(struct local_dir *dir, const char *name)
{
    struct vfs_object *made = fresh_dir(dir, name);
    const uint32_t before = left(made);

    assert_ok(lease(made));
    assert_int_equal(left(made), before - 1);
    return made;
}

static void give_up(struct vfs_object *obj)
{
    const uint32_t before = left(obj);

    unlease(obj);
    assert_true(left(obj) > 0 && left(obj) - before <= 1); /* unless others watch it */
    vfs_object_put(obj);
}

/* What somebody does in the exported directory; 0 or -1. */
typedef int (*deed)(void);

/* This process does it, by system calls as the server makes them. */
static void own(struct local_dir *dir, deed does)
{
    assert_int_equal(chdir(local_path(dir, "")), 0);
    assert_int_equal(does(), 0);
    assert_int_equal(chdir("/"), 0);
}

/* Another process does it. */
static void stranger(struct local_dir *dir, deed does)
{
    const char *path = local_path(dir, "");
    pid_t pid = fork();
    int status;

    assert_true(pid >= 0);
    if (pid == 0)
        _exit(chdir(path) == 0 && does() == 0 ? 0 : 1);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

/* ---- changes of `d`, with a file `f` and an empty directory `s` in it; `e` is elsewhere ---- */

static int make_a_file(void)
{
    int fd = open("d/new", O_CREAT | O_EXCL | O_WRONLY, 0644);

    return fd < 0 ? -1 : close(fd);
}

static int make_a_dir(void)
{
    return mkdir("d/new", 0755);
}

static int make_a_symlink(void)
{
    return symlink("x", "d/new");
}

static int make_a_fifo(void)
{
    return mkfifo("d/new", 0644);
}

static int remove_the_new(void)
{
    return unlink("d/new");
}

static int link_a_file(void)
{
    return link("d/f", "d/new");
}

static int remove_a_file(void)
{
    return unlink("d/f");
}

static int remove_a_dir(void)
{
    return rmdir("d/s");
}

static int rename_within(void)
{
    return rename("d/f", "d/new");
}

static int rename_out(void)
{
    return rename("d/f", "e/f");
}

static int rename_in(void)
{
    return rename("e/g", "d/g");
}

static int change_mode(void)
{
    return chmod("d", 0711);
}

static int change_times(void)
{
    return utimensat(AT_FDCWD, "d", NULL, 0);
}

static int move_it(void)
{
    return rename("d", "d2");
}

static const deed changes[] = {make_a_file, make_a_dir,    make_a_symlink, make_a_fifo,
                               link_a_file, remove_a_file, remove_a_dir,   rename_within,
                               rename_out,  rename_in,     change_mode,    change_times,
                               move_it};

/* ---- what does not change it ---- */

static int list_it(void)
{
    DIR *d = opendir("d");

    while (d && readdir(d))
        ;
    return d ? closedir(d) : -1;
}

static int write_a_child(void)
{
    int fd = open("d/f", O_WRONLY);

    return fd >= 0 && write(fd, "x", 1) == 1 ? close(fd) : -1;
}

static int change_a_childs_mode(void)
{
    return chmod("d/f", 0600) == 0 && chmod("d/s", 0700) == 0 ? 0 : -1;
}

static int change_below(void)
{
    return mkdir("d/s/deep", 0755) == 0 ? rmdir("d/s/deep") : -1;
}

static const deed no_changes[] = {list_it, write_a_child, change_a_childs_mode, change_below};

/* Leased. */
static struct vfs_object *make_scene(struct local_dir *dir)
{
    struct vfs_object *d = fresh_dir(dir, "d"), *e = fresh_dir(dir, "e");

    vfs_object_put(make(d, &self, "f", VFS_REG, 0644));
    vfs_object_put(make(d, &self, "s", VFS_DIR, 0755));
    vfs_object_put(make(e, &self, "g", VFS_REG, 0644));
    vfs_object_put(e);
    assert_ok(lease(d));
    return d;
}

static int change_the_mark(void)
{
    return chmod("mark", 0700);
}

/* All changes made before this are known afterwards, since the kernel's queue has an order:
 * `before` have been reported. */
static void catch_up(struct local_dir *dir, unsigned before)
{
    struct vfs_object *mark = leased_dir(dir, "mark");

    stranger(dir, change_the_mark);
    wait_until(atomic_load(&told) > before);
    assert_int_equal(atomic_load(&told), before + 1);
    assert_ptr_equal(atomic_load(&told_of), mark);
    give_up(mark);
}

static void a_strangers_changes_are_told(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
        struct local_dir *dir = local_dir_create();
        struct vfs_object *d = make_scene(dir);
        unsigned before = atomic_load(&told);

        stranger(dir, changes[i]);
        wait_until(atomic_load(&told) > before);
        assert_ptr_equal(atomic_load(&told_of), d);
        assert_status(lease(d), VFS_DELAY);
        catch_up(dir, before + 1);
        unlease(d);
        assert_ok(lease(d));
        give_up(d);
        local_dir_destroy(dir);
    }
}

static void our_own_changes_are_not(void **unused)
{

    (void)unused;
    for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
        struct local_dir *dir = local_dir_create();
        struct vfs_object *d = make_scene(dir);
        unsigned before = atomic_load(&told);

        vfs_object_put(make(d, &self, "ours", VFS_REG, 0644));
        assert_ok(do_remove(d, &self, "ours"));
        assert_ok(do_chmod(d, &self, 0700));
        own(dir, changes[i]);
        catch_up(dir, before);
        give_up(d);
        local_dir_destroy(dir);
    }
}

static void what_changes_nothing_is_not(void **unused)
{
    struct local_dir *dir = local_dir_create();
    struct vfs_object *d = make_scene(dir);

    (void)unused;
    for (size_t i = 0; i < ARRAY_SIZE(no_changes); i++)
        stranger(dir, no_changes[i]);
    catch_up(dir, 0);
    give_up(d);
    local_dir_destroy(dir);
}

static int remove_lone(void)
{
    return rmdir("lone");
}

/* The server holds it open, so the kernel says nothing of it. */
static void its_removal_is_told(void **unused)
{
    struct local_dir *dir = local_dir_create();
    struct vfs_object *lone = leased_dir(dir, "lone");

    (void)unused;
    stranger(dir, remove_lone);
    wait_until(atomic_load(&told) > 0);
    assert_ptr_equal(atomic_load(&told_of), lone);
    give_up(lone);
    local_dir_destroy(dir);
}

/* How many marks this process has, as the kernel sees it. */
static unsigned marks(void)
{
    struct dirent *entry;
    unsigned count = 0;
    char path[64], line[256];
    DIR *all = opendir("/proc/self/fdinfo");

    assert_non_null(all);
    while ((entry = readdir(all))) {
        FILE *info;

        (void)snprintf(path, sizeof(path), "/proc/self/fdinfo/%.20s", entry->d_name);
        info = fopen(path, "re");
        while (info && fgets(line, sizeof(line), info))
            count += strncmp(line, "fanotify ino:", 13) == 0;
        if (info)
            (void)fclose(info);
    }
    (void)closedir(all);
    return count;
}

/* Two exports of one directory share its mark; it is there until the last lease is given back. */
static void exports_share_a_mark(void **unused)
{
    struct local_dir *dir = local_dir_create();
    struct vfs *other = local_dir_open(dir);
    struct vfs_object *one = leased_dir(dir, "d"), *root, *two;

    (void)unused;
    assert_non_null(other);
    root = root_of(other);
    assert_ok(do_lookup(root, &self, "d", &two));
    vfs_object_put(root);
    assert_ok(lease(two));
    assert_ok(lease(two));
    assert_int_equal(marks(), 1);
    stranger(dir, make_a_file);
    wait_until(atomic_load(&told) == 2);
    unlease(one);
    unlease(two);
    assert_int_equal(marks(), 1);
    unlease(two);
    assert_int_equal(marks(), 0);

    assert_ok(lease(one));
    assert_ok(lease(two));
    unlease(one);
    stranger(dir, remove_the_new);
    wait_until(atomic_load(&told) == 3);
    assert_ptr_equal(atomic_load(&told_of), two);
    unlease(two);
    vfs_object_put(two);
    vfs_object_put(one);
    other->ops->destroy(other);
    local_dir_destroy(dir);
}

/* S22-23: no lease, mark or descriptor is left. */
static void nothing_is_left(void **unused)
{
    struct local_dir *dir = local_dir_create();
    struct local_fs *fs = CONTAINER_OF(dir->fs, struct local_fs, base);
    struct vfs_object *d = fresh_dir(dir, "d");

    (void)unused;
    for (int i = 0; i < 1000; i++) {
        assert_ok(lease(d));
        unlease(d);
    }
    assert_int_equal(marks(), 0);
    assert_int_equal(fs->dir_watch_count, 0);
    assert_null(local_of(d)->dir_watch);
    vfs_object_put(d);
    local_dir_destroy(dir);
}

static int forbid_it(void)
{
    return chmod("d", 0);
}

/* Of a directory that the server may not read any more, no mark can be taken away; but it ends with
 * the directory. */
static void no_mark_outlives_its_directory(void **unused)
{
    struct local_dir *dir = local_dir_create();
    struct vfs_object *d = leased_dir(dir, "d");
    struct vfs_object *root;

    (void)unused;
    stranger(dir, forbid_it);
    wait_until(atomic_load(&told) > 0);
    give_up(d);
    root = root_of(dir->fs);
    assert_ok(do_remove(root, &self, "d"));
    vfs_object_put(root);
    wait_until(marks() == 0);
    local_dir_destroy(dir);
}

/* They take a limited part of the descriptors, and leave files their leases. */
static void leases_are_limited(void **unused)
{
    struct vfs_object *all[MANY];
    struct local_dir *dir;
    char name[16];
    unsigned given = 0;

    (void)unused;
    local_setting.descriptors_max = MANY;
    dir = local_dir_create();
    local_setting.descriptors_max = 0;
    for (unsigned i = 0; i < MANY; i++) {
        (void)snprintf(name, sizeof(name), "dir%u", i);
        all[i] = fresh_dir(dir, name);
        if (i == given && lease(all[i]) == VFS_OK)
            given++;
    }
    assert_int_equal(given, MANY / 4);
    assert_status(lease(all[MANY - 1]), VFS_DELAY);
    for (unsigned i = 0; i < MANY; i++) {
        if (i < given)
            unlease(all[i]);
        vfs_object_put(all[i]);
    }
    local_dir_destroy(dir);
}

/* ---- more changes than the kernel keeps ---- */

static unsigned queue_length(void)
{
    FILE *file = fopen("/proc/sys/fs/fanotify/max_queued_events", "re");
    unsigned length = 0;

    if (!file)
        return 0;
    if (fscanf(file, "%u", &length) != 1)
        length = 0;
    (void)fclose(file);
    return length;
}

/* Two events of each directory: the kernel merges those of one process that are alike. */
static int change_all(void)
{
    char name[32];

    for (unsigned i = 0; i < CROWD; i++) {
        (void)snprintf(name, sizeof(name), "dir%u/dir", i);
        if (mkdir(name, 0755) != 0 || rmdir(name) != 0)
            return -1;
        (void)snprintf(name, sizeof(name), "dir%u/fifo", i);
        if (mkfifo(name, 0644) != 0 || unlink(name) != 0)
            return -1;
    }
    return 0;
}

/* What is not known is taken as changed. */
static void all_are_told_when_changes_are_lost(void **unused)
{
    const unsigned processes = queue_length() / (2 * CROWD) + 2;
    struct vfs_object *all[CROWD], *untouched;
    struct local_dir *dir;
    char name[16];

    (void)unused;
    if (processes < 4 || processes > PROCESSES_MAX)
        test_skip("the kernel's queue is unusually long or of unknown length");
    local_setting.descriptors_max = 4 * (CROWD + 1);
    dir = local_dir_create();
    local_setting.descriptors_max = 0;
    untouched = leased_dir(dir, "untouched");
    for (unsigned i = 0; i < CROWD; i++) {
        (void)snprintf(name, sizeof(name), "dir%u", i);
        all[i] = leased_dir(dir, name);
    }
    atomic_store(&holding, true);
    for (unsigned i = 0; i < processes; i++)
        stranger(dir, change_all);
    atomic_store(&holding, false);
    wait_until(atomic_load(&told) == CROWD + 1);
    assert_status(lease(untouched), VFS_DELAY);
    for (unsigned i = 0; i < CROWD; i++)
        give_up(all[i]);
    give_up(untouched);
    local_dir_destroy(dir);
}

/* ---- leases that come and go while a stranger changes the directory ---- */

static int change_often(void)
{
    for (int i = 0; i < 2000; i++) {
        if (mkdir("d/dir", 0755) != 0 || rmdir("d/dir") != 0)
            return -1;
    }
    return 0;
}

static _Atomic bool busy_over;

/* S22-23: a lease that was granted before a change is told of it. */
static void *come_and_go(void *arg)
{
    struct vfs_object *d = arg;

    vfs_own_identity();
    while (!atomic_load(&busy_over)) {
        if (lease(d) == VFS_OK)
            unlease(d);
    }
    return NULL;
}

static void changes_meet_leases(void **unused)
{
    struct local_dir *dir = local_dir_create();
    struct vfs_object *d = fresh_dir(dir, "d");
    pthread_t threads[3];

    (void)unused;
    atomic_store(&busy_over, false);
    for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, come_and_go, d), 0);
    for (int i = 0; i < 4; i++)
        stranger(dir, change_often);
    atomic_store(&busy_over, true);
    for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(marks(), 0);
    wait_until(lease(d) == VFS_OK);
    give_up(d);
    local_dir_destroy(dir);
}

/* ---- a machine that refuses ---- */

/* In a child. Files have their leases all the same. */
static int without_fanotify(uint32_t number, int err)
{
    struct local_dir *dir;
    struct vfs_object *root, *file;
    int result = OTHERWISE;

    if (!local_call_fail(number, err))
        return NO_FILTER;
    dir = local_dir_create();
    root = root_of(dir->fs);
    file = make(root, &self, "file", VFS_REG, 0644);
    if (lease(root) == VFS_NOTSUPP && lease(file) == VFS_OK) {
        unlease(file);
        result = AS_EXPECTED;
    }
    vfs_object_put(file);
    vfs_object_put(root);
    local_dir_destroy(dir);
    return result;
}

/* Runs before there is any other thread, since the child creates some. */
static void none_without_fanotify(void **unused)
{
    static const struct {
        uint32_t number;
        int err;
    } cases[] = {
        {SYS_fanotify_init, EPERM},  {SYS_fanotify_init, ENOSYS}, {SYS_fanotify_init, EMFILE},
        {SYS_fanotify_init, EINVAL}, {SYS_fanotify_mark, ENOSPC}, {SYS_fanotify_mark, EPERM},
    };
    int status;

    (void)unused;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        pid_t child = fork();

        assert_true(child >= 0);
        if (child == 0)
            _exit(without_fanotify(cases[i].number, cases[i].err));
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFEXITED(status));
        if (WEXITSTATUS(status) == NO_FILTER)
            test_skip("no seccomp filters here");
        if (WEXITSTATUS(status) != AS_EXPECTED)
            fail_msg("case %zu: %d", i, WEXITSTATUS(status));
    }
}

/* Containers may forbid it to everybody. */
static bool possible(void)
{
    struct local_dir *dir = local_dir_create();
    bool watched = CONTAINER_OF(dir->fs, struct local_fs, base)->dirs_watched;

    local_dir_destroy(dir);
    return watched;
}

#define WATCH_TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest alone[] = {cmocka_unit_test(none_without_fanotify)};
    const struct CMUnitTest tests[] = {
        WATCH_TEST(a_strangers_changes_are_told),
        WATCH_TEST(our_own_changes_are_not),
        WATCH_TEST(what_changes_nothing_is_not),
        WATCH_TEST(its_removal_is_told),
        WATCH_TEST(exports_share_a_mark),
        WATCH_TEST(nothing_is_left),
        WATCH_TEST(no_mark_outlives_its_directory),
        WATCH_TEST(leases_are_limited),
        WATCH_TEST(all_are_told_when_changes_are_lost),
        WATCH_TEST(changes_meet_leases),
    };

    if (test_group_run_named(alone, ARRAY_SIZE(alone), NULL, NULL) != 0)
        return 1;
    if (!possible()) {
        test_skip_part("fanotify is not permitted here");
        return test_exit_status(0);
    }
    return local_group_run(tests);
}
