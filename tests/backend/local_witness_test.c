/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attributes and names that are kept while local programs change the files, too: when the call of
 * such a program has returned, no answer is older than what it did.  The programs are children of
 * this one; what this process does itself is the server's.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "backend/local/keep.h"
#include "backend/local_kept_tree.h"
#include "base/counter.h"

enum {
    RACE_ROUNDS = 300,
    FORGOTTEN = 20000, /* files: more than a queue of fanotify takes, as it is by default */
    LAST = 30,         /* files that are changed after that */
    BYSTANDERS = 50,
    TRIES = 100,
    SKIPPED = 77, /* a child could not do it here */
    OTHER = CONTRACT_OWNER + 1,
};

static uint64_t counted(enum vfs_kept_counter counter)
{
    return counter_read(tree.dir->fs->kept_counters, counter);
}

/* ---- what local programs do ---- */

/* 0, or -1 as system calls return it. */
typedef int (*deed)(void);

static void expect(int got)
{
    if (got < 0)
        _exit(errno == ENOTSUP || errno == EPERM || errno == ENOSYS ? SKIPPED : 1);
}

/* In another process; false: it is not possible here. */
static bool by_other(deed what)
{
    pid_t pid = fork();
    int status;

    assert_true(pid >= 0);
    if (pid == 0) {
        expect(what());
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_true(WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == SKIPPED);
    return WEXITSTATUS(status) == 0;
}

static const char *at(const char *name)
{
    return local_path(tree.dir, name);
}

static int with_file(int flags, int (*act)(int fd))
{
    int fd = open(at("sub/file"), flags | O_CLOEXEC), result;

    expect(fd);
    result = act(fd);
    expect(result);
    return close(fd);
}

static int put_more(int fd)
{
    return (int)write(fd, "more", 4);
}

static int append(void)
{
    return with_file(O_WRONLY | O_APPEND, put_more);
}

static int open_to_truncate(void)
{
    return with_file(O_WRONLY | O_TRUNC, put_more);
}

static int shorten(void)
{
    return truncate(at("sub/file"), 3);
}

static int map_and_write(int fd)
{
    char *mapped = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

    if (mapped == MAP_FAILED)
        return -1;
    mapped[5000] = 'x';
    return munmap(mapped, 8192);
}

static int lengthen(void)
{
    return truncate(at("sub/file"), 8192);
}

static int write_by_map(void)
{
    return with_file(O_RDWR, map_and_write);
}

static int allocate(int fd)
{
    return fallocate(fd, 0, 0, 300000);
}

static int allocate_space(void)
{
    return with_file(O_RDWR, allocate);
}

static int change_mode(void)
{
    return chmod(at("sub/file"), 0604);
}

static int change_mode_of_directory(void)
{
    return chmod(at("sub"), 0751);
}

static int change_owner(void)
{
    return chown(at("sub/linked"), OTHER, OTHER);
}

static int change_times(void)
{
    const struct timespec times[2] = {{.tv_sec = 12345}, {.tv_sec = 54321}};

    return utimensat(AT_FDCWD, at("sub/file"), times, 0);
}

static int change_time_of_access(void)
{
    const struct timespec times[2] = {{.tv_sec = 777}, {.tv_nsec = UTIME_OMIT}};

    return utimensat(AT_FDCWD, at("sub/file"), times, 0);
}

static int change_times_of_symlink(void)
{
    const struct timespec times[2] = {{.tv_sec = 1}, {.tv_sec = 2}};

    return utimensat(AT_FDCWD, at("sub/symlink"), times, AT_SYMLINK_NOFOLLOW);
}

static int set_xattr(void)
{
    return setxattr(at("sub/file"), "user.word", "value", 5, 0);
}

static int remove_xattr(void)
{
    return removexattr(at("sub/file"), "user.word");
}

/* As setfacl does: rw for the owner, a named user and a mask. */
static int set_acl(void)
{
    const struct {
        uint32_t version;
        struct {
            uint16_t tag, perm;
            uint32_t id;
        } entry[5];
    } acl = {2,
             {{0x01, 6, UINT32_MAX},
              {0x02, 4, OTHER},
              {0x04, 4, UINT32_MAX},
              {0x10, 6, UINT32_MAX},
              {0x20, 0, UINT32_MAX}}};

    return setxattr(at("sub/file"), "system.posix_acl_access", &acl, sizeof(acl), 0);
}

static const char *outside(void)
{
    return local_outside(tree.dir, "elsewhere");
}

static int link_elsewhere(void)
{
    return link(at("sub/file"), outside());
}

static int change_by_that_name(void)
{
    return truncate(outside(), 99);
}

static int unlink_elsewhere(void)
{
    return unlink(outside());
}

static int make_regular(void)
{
    int fd = open(at("sub/made"), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640);

    expect(fd);
    return close(fd);
}

static int make_directory(void)
{
    return mkdir(at("sub/dir"), 0700);
}

static int make_below(void)
{
    return mkdir(at("sub/dir/below"), 0700);
}

static int move_directory(void)
{
    return rename(at("sub/dir/below"), at("moved"));
}

static int move_over_directory(void)
{
    return rename(at("moved"), at("sub/dir"));
}

static int remove_directory(void)
{
    return rmdir(at("sub/dir"));
}

static int make_link(void)
{
    return symlink("nowhere", at("link"));
}

static int make_fifo(void)
{
    return mknod(at("sub/fifo"), S_IFIFO | 0600, 0);
}

static int rename_here(void)
{
    return rename(at("sub/made"), at("sub/renamed"));
}

static int rename_up(void)
{
    return rename(at("sub/renamed"), at("up"));
}

static int exchange(void)
{
    return (int)syscall(SYS_renameat2, AT_FDCWD, at("up"), AT_FDCWD, at("sub/fifo"),
                        RENAME_EXCHANGE);
}

/* "other name" is the second name of sub/linked. */
static int rename_over_linked(void)
{
    return rename(at("up"), at("other name"));
}

static int remove_file(void)
{
    return unlink(at("sub/fifo"));
}

static int read_all(void)
{
    char buf[16];
    int fd = open(at("sub/file"), O_RDONLY | O_CLOEXEC);

    expect(fd);
    expect((int)read(fd, buf, sizeof(buf)));
    return close(fd);
}

static const struct {
    const char *name;
    deed run;
} deeds[] = {
    {"append", append},
    {"O_TRUNC", open_to_truncate},
    {"truncate", shorten},
    {"truncate to more", lengthen},
    {"write by map", write_by_map},
    {"fallocate", allocate_space},
    {"chmod", change_mode},
    {"chmod of a directory", change_mode_of_directory},
    {"chown", change_owner},
    {"utimensat", change_times},
    {"utimensat, access alone", change_time_of_access},
    {"utimensat of a symlink", change_times_of_symlink},
    {"setxattr", set_xattr},
    {"removexattr", remove_xattr},
    {"read", read_all},
    {"setfacl", set_acl},
    {"link elsewhere", link_elsewhere},
    {"truncate elsewhere", change_by_that_name},
    {"unlink elsewhere", unlink_elsewhere},
    {"create", make_regular},
    {"mkdir", make_directory},
    {"mkdir below", make_below},
    {"symlink", make_link},
    {"mknod", make_fifo},
    {"rename", rename_here},
    {"rename to another directory", rename_up},
    {"exchange", exchange},
    {"rename over", rename_over_linked},
    {"rename of a directory", move_directory},
    {"rename over a directory", move_over_directory},
    {"rmdir", remove_directory},
    {"unlink", remove_file},
};

static void each_change_by_others_is_seen(void **state)
{
    (void)state;
    need_kept();
    for (size_t i = 0; i < ARRAY_SIZE(deeds); i++) {
        assert_true(check_kept() > 0);
        print_message("%s\n", deeds[i].name);
        if (!by_other(deeds[i].run))
            print_message("  is not possible here\n");
        check_tree();
    }
    assert_int_equal(counted(VFS_KEPT_UNTOLD), 0);
    assert_true(counted(VFS_KEPT_CHANGES) > ARRAY_SIZE(deeds) / 2);
}

static bool seen_sub;

static bool see_sub(void *arg, const struct vfs_dirent *entry)
{
    (void)arg;
    seen_sub |= entry->name.len == 3 && memcmp(entry->name.data, "sub", 3) == 0;
    return true;
}

static int remove_emptied(void)
{
    expect(unlink(at("sub/one")));
    return rmdir(at("gone"));
}

/* The server has the directory in use, so the kernel does not say that it is no more. */
static void a_removed_directory_has_no_links(void **state)
{
    struct vfs_readdir rd = {.emit = see_sub};
    struct vfs_object *gone, *one;

    (void)state;
    need_kept();
    gone = make(tree.root, &owner, "gone", VFS_DIR, 0755);
    one = make(tree.sub, &owner, "one", VFS_REG, 0644);
    assert_ok(one->fs->ops->open(one, &owner, VFS_WANT_BOTH, false));
    check_listing(gone, "gone");
    check_listing(gone, "gone");
    assert_true(attr_of(gone).nlink > 0);
    assert_int_equal(attr_of(one).nlink, 1);
    assert_true(by_other(remove_emptied));
    assert_int_equal(attr_of(gone).nlink, 0);
    assert_int_equal(attr_of(one).nlink, 0);
    assert_int_not_equal(gone->fs->ops->readdir(gone, &owner, &rd), VFS_OK); /* as the kernel */
    one->fs->ops->close(one, VFS_WANT_BOTH);
    vfs_object_put(one);
    vfs_object_put(gone);
}

/* Unless it is forgotten with everything else, which other programs may cause at any time. */
static void what_did_not_change_stays_kept(void **state)
{
    uint64_t kept = 0, before;
    char name[16];

    (void)state;
    need_kept();
    for (unsigned i = 0; i < BYSTANDERS; i++) {
        (void)snprintf(name, sizeof(name), "by%u", i);
        vfs_object_put(make(tree.sub, &owner, name, VFS_REG, 0644));
    }
    for (unsigned i = 0; i < TRIES && kept < BYSTANDERS / 2; i++) {
        check_listing(tree.sub, "sub");
        assert_true(by_other(append));
        before = hits();
        check_listing(tree.sub, "sub");
        kept = hits() - before;
    }
    assert_true(kept >= BYSTANDERS / 2);
}

/* ---- without end ---- */

static int write_on(void)
{
    return with_file(O_WRONLY | O_APPEND, put_more);
}

/* Each change is over before the question comes. */
static void no_answer_is_older_than_the_last_change(void **state)
{
    int ask[2], tell[2];
    char byte = 0;
    pid_t pid;

    (void)state;
    need_kept();
    assert_int_equal(pipe2(ask, O_CLOEXEC) | pipe2(tell, O_CLOEXEC), 0);
    pid = fork();
    if (pid == 0) {
        close(ask[1]);
        while (read(ask[0], &byte, 1) == 1) {
            expect(write_on());
            expect((int)write(tell[1], "", 1));
        }
        _exit(0);
    }
    close(ask[0]);
    for (uint64_t round = 1; round <= RACE_ROUNDS; round++) {
        assert_int_equal(write(ask[1], "", 1), 1);
        assert_true(attr_of(tree.file).size >= 4 * (round - 1)); /* meanwhile */
        assert_int_equal(read(tell[0], &byte, 1), 1);
        assert_int_equal(attr_of(tree.file).size, 4 * round);
        check_listing(tree.sub, "sub");
    }
    close(ask[1]);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    close(tell[0]);
    close(tell[1]);
}

static int make_many(void)
{
    char name[64];

    for (unsigned i = 0; i < FORGOTTEN; i++) {
        int fd;

        (void)snprintf(name, sizeof(name), "many%u", i);
        fd = open(local_outside(tree.dir, name), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        expect(fd);
        expect((int)write(fd, "x", 1));
        expect(close(fd));
        expect(unlink(local_outside(tree.dir, name)));
    }
    for (unsigned i = 0; i < LAST; i++) {
        (void)snprintf(name, sizeof(name), "sub/last%u", i);
        expect(chmod(at(name), 0600));
    }
    return 0;
}

/* The last changes are not in the queue any more.  Some of the files share versions with others. */
static void what_cannot_be_told_makes_all_void(void **state)
{
    char name[16];

    (void)state;
    need_kept();
    for (unsigned i = 0; i < LAST; i++) {
        (void)snprintf(name, sizeof(name), "last%u", i);
        vfs_object_put(make(tree.sub, &owner, name, VFS_REG, 0644));
    }
    assert_true(check_kept() > 0);
    assert_true(by_other(make_many));
    check_tree();
    if (counted(VFS_KEPT_OVERFLOWS) == 0)
        print_message("the queue was long enough\n");
    assert_true(check_kept() > 0);
}

/* ---- mounts ---- */

static bool sub_is_listed(void)
{
    struct vfs_readdir rd = {.attr_mask = VFS_ATTR_ALL_GET, .want_handle = true, .emit = see_sub};

    seen_sub = false;
    assert_ok(tree.root->fs->ops->readdir(tree.root, &owner, &rd));
    return seen_sub;
}

static void what_is_mounted_hides_what_is_below(void **state)
{
    bool hidden;

    (void)state;
    need_kept();
    assert_true(check_kept() > 0);
    assert_true(sub_is_listed());
    vfs_own_identity();
    if (mount("none", at("sub"), "tmpfs", 0, NULL) != 0)
        test_skip("nothing can be mounted here");
    hidden = !sub_is_listed();
    vfs_own_identity();
    assert_int_equal(umount2(at("sub"), MNT_DETACH), 0);
    assert_true(hidden);
    assert_true(sub_is_listed());
    check_tree();
}

/* ---- when it is not used ---- */

/* Also of a new witness, after the last export has done without. */
static void the_word_can_be_changed(void **state)
{
    struct local_fs *fs = CONTAINER_OF(tree.dir->fs, struct local_fs, base);

    (void)state;
    need_kept();
    assert_true(fs->witnesses);
    for (uint32_t i = 2; i < 5; i++) {
        atomic_store(&fs->base.sole_changer, 0);
        check_tree();
        local_keep_sweep(fs);
        assert_false(fs->witnesses);
        assert_true(by_other(append));
        check_tree();
        atomic_store(&fs->base.sole_changer, i | VFS_CHANGES_TOLD);
        assert_true(by_other(append));
        assert_true(check_kept() > 0);
        assert_true(fs->witnesses);
        assert_true(by_other(append));
        check_tree();
    }
    atomic_store(&fs->base.sole_changer, 5);
    check_tree();
    assert_false(fs->witnesses);
}

static void after_a_restart_changes_are_told(void **state)
{
    (void)state;
    need_kept();
    assert_true(check_kept() > 0);
    tree_tear_down(state);
    tree_set_up_watched(state);
    assert_true(check_kept() > 0);
    assert_true(by_other(append));
    check_tree();
}

/* ---- where the kernel does not tell ---- */

/* In a child. */
static int without_fanotify(uint32_t number, int err)
{
    void *state;
    bool asked;

    if (!local_call_fail(number, err))
        return NO_FILTER;
    tree_set_up_watched(&state);
    (void)attr_of(tree.file);
    asked = attr_of(tree.file).size == 0;
    assert_int_equal(truncate(at("sub/file"), 12), 0);
    asked &= attr_of(tree.file).size == 12 && hits() == 0;
    asked &= counted(VFS_KEPT_UNTOLD) > 0 ||
             !CONTAINER_OF(tree.dir->fs, struct local_fs, base)->may_keep;
    tree_tear_down(&state);
    return asked ? AS_EXPECTED : OTHERWISE;
}

/* Runs before there is any other thread, since the child creates some. */
static void nothing_is_kept_where_nobody_tells(void **unused)
{
    static const struct {
        uint32_t number;
        int err;
    } cases[] = {
        {SYS_fanotify_init, EPERM},  {SYS_fanotify_init, ENOSYS}, {SYS_fanotify_init, EMFILE},
        {SYS_fanotify_mark, ENODEV}, {SYS_fanotify_mark, EXDEV},  {SYS_fanotify_mark, EPERM},
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

static bool count_entry(void *arg, const struct vfs_dirent *entry)
{
    (void)entry;
    ++*(unsigned *)arg;
    return true;
}

/* The kernel lets only those watch a file system who may read the export's directory.  The caller
 * of the first request may not, and the server watches all the same. */
static void it_does_not_matter_who_comes_first(void **state)
{
    const struct vfs_cred other = {.uid = OTHER, .gid = OTHER};
    unsigned count = 0;
    struct vfs_readdir rd = {.attr_mask = VFS_ATTR_ALL_GET, .emit = count_entry, .arg = &count};

    (void)state;
    need_kept();
    if (!local_privileged())
        test_skip("all callers are one user here");
    atomic_store(&tree.dir->fs->sole_changer, 2);
    (void)attr_of(tree.file); /* the kernel is to tell nothing any more */
    vfs_own_identity();
    assert_int_equal(chmod(local_path(tree.dir, ""), 0711), 0);
    atomic_store(&tree.dir->fs->sole_changer, 3 | VFS_CHANGES_TOLD);
    assert_ok(tree.sub->fs->ops->readdir(tree.sub, &other, &rd));
    assert_true(count > 0);
    assert_true(check_kept() > 0);
}

int main(void)
{
    const struct CMUnitTest refused[] = {cmocka_unit_test(nothing_is_kept_where_nobody_tells)};
    const struct CMUnitTest tests[] = {
        WATCHED_TEST(each_change_by_others_is_seen),
        WATCHED_TEST(a_removed_directory_has_no_links),
        WATCHED_TEST(what_did_not_change_stays_kept),
        WATCHED_TEST(no_answer_is_older_than_the_last_change),
        WATCHED_TEST(what_cannot_be_told_makes_all_void),
        WATCHED_TEST(what_is_mounted_hides_what_is_below),
        WATCHED_TEST(the_word_can_be_changed),
        WATCHED_TEST(it_does_not_matter_who_comes_first),
        WATCHED_TEST(after_a_restart_changes_are_told),
    };

    (void)unshare(CLONE_NEWNS); /* for what is mounted */
    (void)mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL);
    return cmocka_run_group_tests(refused, NULL, NULL) + local_group_run(tests);
}
