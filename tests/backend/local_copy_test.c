/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Copies and clones by the kernel: that it makes them, what becomes of its errors, and limits of
 * the process.  Child processes have system calls fail with a seccomp filter, or limits.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "backend/local_fixture.h"
#include "lib/vfs_status_name.h"
#include "vfs/vfs_copy.h"

enum {
    SIZE = 1 << 20
};

static const struct vfs_cred self = {.uid = 0};

struct files {
    struct vfs_object *root, *from, *to;
};

/* The source has SIZE bytes; both are open. */
static void files_make(struct local_dir *dir, struct files *files)
{
    char *data = malloc(SIZE);

    assert_non_null(data);
    memset(data, 'x', SIZE);
    assert_ok(dir->fs->ops->root(dir->fs, &files->root));
    files->from = make(files->root, &self, "from", VFS_REG, 0644);
    files->to = make(files->root, &self, "to", VFS_REG, 0644);
    assert_ok(dir->fs->ops->open(files->from, &self, VFS_WANT_BOTH, true));
    assert_ok(dir->fs->ops->open(files->to, &self, VFS_WANT_BOTH, true));
    assert_ok(do_write(files->from, &self, 0, data, SIZE));
    free(data);
}

static void files_drop(struct local_dir *dir, struct files *files)
{
    dir->fs->ops->close(files->from, VFS_WANT_BOTH);
    dir->fs->ops->close(files->to, VFS_WANT_BOTH);
    vfs_object_put(files->from);
    vfs_object_put(files->to);
    vfs_object_put(files->root);
}

/* Fails for anything but AS_EXPECTED. */
static void finish(pid_t child, const char *what)
{
    int status;

    assert_true(child > 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == NO_FILTER)
        test_skip("no seccomp filters here");
    if (WEXITSTATUS(status) != AS_EXPECTED)
        fail_msg("%s", what);
}

static bool has_source(struct vfs_object *file)
{
    static char got[SIZE];
    uint32_t len;
    bool eof;

    if (do_read(file, 0, got, SIZE, &len, &eof) != VFS_OK || len != SIZE)
        return false;
    for (uint32_t i = 0; i < SIZE; i++) {
        if (got[i] != 'x')
            return false;
    }
    return true;
}

/* In the child: a copy, and one that may use read() and write() instead. */
static int ask_copy(const struct files *files, int err, enum vfs_status want, bool replaced)
{
    const struct vfs_ops *ops = files->from->fs->ops;
    uint64_t copied = 99;

    if (!local_call_fail(SYS_copy_file_range, err))
        return NO_FILTER;
    if (ops->copy(files->from, 0, files->to, 0, SIZE, &self, &copied) != want || copied != 0)
        return OTHERWISE;
    if (vfs_copy(files->from, 0, files->to, 0, SIZE, &self, &copied) != (replaced ? VFS_OK : want))
        return OTHERWISE;
    if (copied != (replaced ? SIZE : 0))
        return OTHERWISE;
    return replaced == has_source(files->to) ? AS_EXPECTED : OTHERWISE;
}

/* The file is as it was. */
static void expect_copy(const struct files *files, int err, enum vfs_status want, bool replaced)
{
    pid_t child = fork();

    if (child == 0)
        _exit(ask_copy(files, err, want, replaced));
    finish(child, vfs_status_name(want));
    assert_ok(do_truncate(files->to, &self, 0));
}

/* What the kernel cannot do, read() and write() may; but not what it refuses. */
static void errors_of_copies(void **state)
{
    struct local_dir *dir = *state;
    struct files files;

    files_make(dir, &files);
    expect_copy(&files, EXDEV, VFS_XDEV, true);
    expect_copy(&files, EOPNOTSUPP, VFS_NOTSUPP, true);
    expect_copy(&files, ENOSYS, VFS_NOTSUPP, true);
    expect_copy(&files, EINVAL, VFS_NOTSUPP, true);
    expect_copy(&files, EPERM, VFS_NOTSUPP, true); /* as filters in containers answer */
    expect_copy(&files, EIO, VFS_IO, false);
    expect_copy(&files, ENOSPC, VFS_NOSPC, false);
    expect_copy(&files, EDQUOT, VFS_DQUOT, false);
    expect_copy(&files, ETXTBSY, VFS_ACCESS, false);
    files_drop(dir, &files);
}

/* In the child: neither copy_file_range() nor write() is permitted. */
static int ask_forbidden(const struct files *files)
{
    uint64_t copied = 99;

    if (!local_call_fail(SYS_copy_file_range, EPERM) || !local_call_fail(SYS_pwrite64, EPERM))
        return NO_FILTER;
    if (vfs_copy(files->from, 0, files->to, 0, SIZE, &self, &copied) != VFS_PERM)
        return OTHERWISE;
    return copied == 0 && attr_of(files->to).size == 0 ? AS_EXPECTED : OTHERWISE;
}

/* That a filter may be in the way does not hide that a file must not change. */
static void what_is_forbidden_stays_so(void **state)
{
    struct local_dir *dir = *state;
    struct files files;
    pid_t child;

    files_make(dir, &files);
    child = fork();
    if (child == 0)
        _exit(ask_forbidden(&files));
    finish(child, vfs_status_name(VFS_PERM));
    files_drop(dir, &files);
}

/* In the child: a hole over data, where holes cannot be made. */
static int ask_hole(const struct files *files, int err, enum vfs_status want)
{
    const struct vfs_ops *ops = files->from->fs->ops;
    static char got[SIZE];
    uint64_t copied = 99;
    uint32_t len;
    bool eof;

    if (!local_call_fail(SYS_fallocate, err))
        return NO_FILTER;
    if (ops->copy(files->to, 0, files->from, 0, SIZE, &self, &copied) != want ||
        copied != (want == VFS_OK ? SIZE : 0))
        return OTHERWISE;
    if (do_read(files->from, 0, got, SIZE, &len, &eof) != VFS_OK || len != SIZE)
        return OTHERWISE;
    for (uint32_t i = 0; i < SIZE; i++) {
        if (got[i] != (want == VFS_OK ? 0 : 'x'))
            return OTHERWISE;
    }
    return AS_EXPECTED;
}

static void without_holes_zeros_are_written(void **state)
{
    static const struct {
        int err;
        enum vfs_status want;
    } cases[] = {{EIO, VFS_IO}, {EPERM, VFS_PERM}, {EOPNOTSUPP, VFS_OK}};
    struct local_dir *dir = *state;
    struct files files;

    files_make(dir, &files);
    assert_ok(do_truncate(files.to, &self, SIZE));
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        pid_t child = fork();

        if (child == 0)
            _exit(ask_hole(&files, cases[i].err, cases[i].want));
        finish(child, vfs_status_name(cases[i].want));
    }
    files_drop(dir, &files);
}

/* A hole that is copied over data frees its space. */
static void a_hole_frees_what_it_covers(void **state)
{
    struct local_dir *dir = *state;
    struct files files;
    uint64_t copied;

    files_make(dir, &files);
    assert_ok(do_truncate(files.to, &self, SIZE));
    assert_ok(dir->fs->ops->commit(files.from, &self, 0, 0));
    assert_true(attr_of(files.from).space_used >= SIZE);
    assert_ok(dir->fs->ops->copy(files.to, 0, files.from, 0, SIZE, &self, &copied));
    assert_int_equal(copied, SIZE);
    assert_true(attr_of(files.from).space_used < SIZE / 2);
    assert_int_equal(attr_of(files.from).size, SIZE);
    files_drop(dir, &files);
}

/* In the child: the data under a hole is gone already when the target cannot be extended. */
static int ask_half(const struct files *files)
{
    const struct vfs_ops *ops = files->from->fs->ops;
    uint64_t before = change_of(files->from), copied = 99;

    /* The kernel's time of change does not move, as if its clock were too coarse. */
    if (!local_call_fail(SYS_fallocate, 0) || !local_call_fail(SYS_pwrite64, ENOSPC))
        return NO_FILTER;
    if (ops->copy(files->to, 0, files->from, 0, 2 * (uint64_t)SIZE, &self, &copied) != VFS_NOSPC ||
        copied != 0)
        return OTHERWISE;
    return change_of(files->from) != before ? AS_EXPECTED : OTHERWISE;
}

static void half_a_copy_is_a_change(void **state)
{
    struct local_dir *dir = *state;
    struct files files;
    pid_t child;

    files_make(dir, &files);
    assert_ok(do_truncate(files.to, &self, 2 * (uint64_t)SIZE));
    child = fork();
    if (child == 0)
        _exit(ask_half(&files));
    finish(child, "a copy that changed its target and failed");
    files_drop(dir, &files);
}

/* In the child: `ulimit -f`, as mainstayd has it. */
static int ask_limited(const struct files *files)
{
    const struct vfs_ops *ops = files->from->fs->ops;
    const struct rlimit limit = {SIZE / 2, SIZE / 2};
    uint64_t copied = 99;

    (void)signal(SIGXFSZ, SIG_IGN);
    if (setrlimit(RLIMIT_FSIZE, &limit) != 0)
        return OTHERWISE;
    if (ops->copy(files->from, 0, files->to, 0, SIZE, &self, &copied) != VFS_OK ||
        copied != SIZE / 2)
        return OTHERWISE;
    if (ops->copy(files->from, copied, files->to, copied, SIZE / 2, &self, &copied) != VFS_FBIG ||
        copied != 0)
        return OTHERWISE;
    /* The same for a hole behind the end. */
    if (do_truncate(files->from, &self, 0) != VFS_OK ||
        do_truncate(files->to, &self, 0) != VFS_OK ||
        do_truncate(files->from, &self, SIZE / 2) != VFS_OK)
        return OTHERWISE;
    if (ops->copy(files->from, 0, files->to, 1, SIZE / 2, &self, &copied) != VFS_FBIG)
        return OTHERWISE;
    return attr_of(files->to).size == 0 ? AS_EXPECTED : OTHERWISE;
}

static void limits_of_the_process(void **state)
{
    struct local_dir *dir = *state;
    struct files files;
    pid_t child;

    files_make(dir, &files);
    child = fork();
    if (child == 0)
        _exit(ask_limited(&files));
    finish(child, "a copy beyond RLIMIT_FSIZE");
    files_drop(dir, &files);
}

/* In the child. */
static int ask_clone(const struct files *files, int err, enum vfs_status want, bool maybe_half)
{
    const struct vfs_ops *ops = files->from->fs->ops;
    const uint64_t before = change_of(files->to);

    if (!local_call_fail(SYS_ioctl, err))
        return NO_FILTER;
    if (ops->clone(files->from, 0, files->to, 0, 0, &self) != want)
        return OTHERWISE;
    if ((change_of(files->to) != before) != maybe_half)
        return OTHERWISE;
    return attr_of(files->to).size == 0 ? AS_EXPECTED : OTHERWISE;
}

/* Some come before anything is cloned; with others a part may have been. */
static void errors_of_clones(void **state)
{
    static const struct {
        int err;
        enum vfs_status want;
        bool maybe_half;
    } cases[] = {
        {EXDEV, VFS_XDEV, false},   {EOPNOTSUPP, VFS_NOTSUPP, false}, {ENOTTY, VFS_NOTSUPP, false},
        {EINVAL, VFS_INVAL, false}, {ENOSPC, VFS_NOSPC, true},        {EDQUOT, VFS_DQUOT, true},
        {EPERM, VFS_PERM, false},   {ETXTBSY, VFS_ACCESS, false},     {EIO, VFS_IO, true}};
    struct local_dir *dir = *state;
    struct files files;

    files_make(dir, &files);
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        pid_t child = fork();

        if (child == 0)
            _exit(ask_clone(&files, cases[i].err, cases[i].want, cases[i].maybe_half));
        finish(child, vfs_status_name(cases[i].want));
    }
    files_drop(dir, &files);
}

/* Two exports of one file system: the kernel copies between them, and knows one file from two. */
static void between_two_exports(void **state)
{
    struct local_dir *dir = *state, again = *dir;
    struct vfs_object *root, *same;
    struct files files;
    uint64_t copied;

    files_make(dir, &files);
    again.fs = local_dir_open(&again);
    assert_non_null(again.fs);
    again.fs->fsid = 2;
    assert_ok(again.fs->ops->root(again.fs, &root));
    assert_ok(do_lookup(root, &self, "to", &same));
    assert_ok(dir->fs->ops->copy(files.from, 0, same, 0, SIZE, &self, &copied));
    assert_int_equal(copied, SIZE);
    assert_int_equal(attr_of(files.to).size, SIZE);
    assert_status(dir->fs->ops->copy(files.to, 0, same, 10, 20, &self, &copied), VFS_INVAL);
    assert_status(vfs_copy_by_hand(files.to, 0, same, 10, 20, &self, &copied), VFS_INVAL);
    vfs_object_put(same);
    vfs_object_put(root);
    again.fs->ops->destroy(again.fs);
    files_drop(dir, &files);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOCAL_TEST(errors_of_copies),
        LOCAL_TEST(what_is_forbidden_stays_so),
        LOCAL_TEST(without_holes_zeros_are_written),
        LOCAL_TEST(a_hole_frees_what_it_covers),
        LOCAL_TEST(half_a_copy_is_a_change),
        LOCAL_TEST(limits_of_the_process),
        LOCAL_TEST(errors_of_clones),
        LOCAL_TEST(between_two_exports),
    };

    return local_group_run(tests);
}
