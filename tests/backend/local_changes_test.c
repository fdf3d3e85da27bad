/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SR-16: what watchers of a directory are told where several exports and local programs share it,
 * and when a system call fails half-way.  For that, a child process makes the kernel fail a system
 * call with a seccomp filter, and reports the result by its exit status.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "backend/change_log.h"
#include "backend/local/sweep.h"
#include "backend/local_fixture.h"

static const struct vfs_cred self = {.uid = 0};

/* The watched directory "dir". */
struct watch {
    struct local_dir *dir;
    struct vfs_object *root, *watched;
    struct change_log *log;
};

static void watch_begin(struct watch *w, void **state)
{
    w->dir = *state;
    assert_ok(w->dir->fs->ops->root(w->dir->fs, &w->root));
    w->watched = make(w->root, &self, "dir", VFS_DIR, 0755);
    w->log = change_log_create();
    vfs_watch_begin(w->watched, false);
}

static void watch_end(struct watch *w)
{
    vfs_watch_end(w->watched, false);
    change_log_destroy(w->log);
    vfs_object_put(w->watched);
    vfs_object_put(w->root);
}

static const struct told *only(const struct watch *w, enum vfs_change_kind kind)
{
    assert_int_equal(w->log->count, 1);
    assert_int_equal(w->log->all[0].kind, kind);
    assert_ptr_equal(w->log->all[0].dir, w->watched->node);
    w->log->count = 0;
    return &w->log->all[0];
}

/* The root of a second export of the same directory. */
static struct vfs_object *export_again(const struct watch *w)
{
    struct vfs *fs = local_dir_open(w->dir);
    struct vfs_object *root;

    assert_non_null(fs);
    fs->fsid = 2;
    assert_ok(fs->ops->root(fs, &root));
    return root;
}

static void export_end(struct vfs_object *root)
{
    struct vfs *fs = root->fs;

    vfs_object_put(root);
    fs->ops->destroy(fs);
}

static void is_gone(const struct watch *w)
{
    assert_true(w->log->count > 0);
    w->log->count = 1;
    only(w, VFS_CHANGE_GONE);
}

static void through_another_export(void **state)
{
    struct vfs_object *root, *same;
    struct watch w;

    watch_begin(&w, state);
    root = export_again(&w);
    assert_ok(do_lookup(root, &self, "dir", &same));
    assert_ptr_not_equal(same, w.watched);
    assert_ok(do_make(same, &self, "file", VFS_REG, 0644));
    assert_string_equal(only(&w, VFS_CHANGE_ADD)->entry.name, "file");
    assert_ok(do_remove(same, &self, "file"));
    only(&w, VFS_CHANGE_REMOVE);
    vfs_object_put(same);
    assert_ok(do_remove(root, &self, "dir"));
    is_gone(&w);
    export_end(root);
    watch_end(&w);
}

/* The export through which it is removed does not know the directory. */
static void removed_through_another_export(void **state)
{
    struct vfs_object *root;
    struct watch w;

    watch_begin(&w, state);
    root = export_again(&w);
    assert_ok(do_remove(root, &self, "dir"));
    is_gone(&w);
    export_end(root);
    watch_end(&w);
}

/* What has been moved is told even if no client has used it before. */
static void an_unknown_object_moves(void **state)
{
    struct watch w;
    int fd;

    watch_begin(&w, state);
    fd = open(local_path(w.dir, "file"), O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
    assert_true(fd >= 0);
    close(fd);
    assert_ok(do_rename(w.root, "file", w.watched, "moved", &self));
    assert_true(only(&w, VFS_CHANGE_ADD)->entry.fileid != 0);
    watch_end(&w);
}

static void removed_by_a_local_program(void **state)
{
    struct watch w;

    watch_begin(&w, state);
    assert_int_equal(rmdir(local_path(w.dir, "dir")), 0);
    vfs_own_identity();
    for (int i = 0; i < 5 && w.log->count == 0; i++)
        local_sweep(CONTAINER_OF(w.dir->fs, struct local_fs, base));
    is_gone(&w);
    watch_end(&w);
}

/* Runs in the child. */
static int fail_and_look(const struct watch *w, uint32_t number, int err, uint32_t told)
{
    enum vfs_status status;

    if (!local_call_fail(number, err))
        return NO_FILTER;
    w->log->count = 0;
    status = number == SYS_mkdirat ? do_make(w->watched, &self, "new", VFS_DIR, 0755)
                                   : do_remove(w->watched, &self, "file");
    if (status == VFS_OK || w->log->count != told)
        return OTHERWISE;
    return told == 0 || w->log->all[0].kind == VFS_CHANGE_UNKNOWN ? AS_EXPECTED : OTHERWISE;
}

static void expect(const struct watch *w, uint32_t number, int err, uint32_t told)
{
    pid_t child = fork();
    int status;

    assert_true(child >= 0);
    if (child == 0)
        _exit(fail_and_look(w, number, err, told));
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == NO_FILTER)
        test_skip("no seccomp filters here");
    if (WEXITSTATUS(status) != AS_EXPECTED)
        fail_msg("call %u, errno %d: not as expected", number, err);
}

static void an_uncertain_failure(void **state)
{
    struct watch w;

    watch_begin(&w, state);
    assert_ok(do_make(w.watched, &self, "file", VFS_REG, 0644));
    expect(&w, SYS_mkdirat, EIO, 1);
    expect(&w, SYS_mkdirat, EDQUOT, 0);
    expect(&w, SYS_unlinkat, EIO, 1);
    expect(&w, SYS_unlinkat, ETIMEDOUT, 1);
    expect(&w, SYS_unlinkat, EACCES, 0);
    watch_end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOCAL_TEST(through_another_export),  LOCAL_TEST(removed_through_another_export),
        LOCAL_TEST(an_unknown_object_moves), LOCAL_TEST(removed_by_a_local_program),
        LOCAL_TEST(an_uncertain_failure),
    };

    return local_group_run(tests);
}
