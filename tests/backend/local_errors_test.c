/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Errors of the kernel are reported correctly. A child process makes the kernel fail one system
 * call with a seccomp filter, and reports the result by its exit status.
 */
#include <errno.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "backend/local_fixture.h"
#include "lib/vfs_status_name.h"

static const struct vfs_cred self = {.uid = 0};

/* Runs in the child; the file is open already, so that access rights decide about an open.
 * VFS_ACCESS: a refusal, which access() reports by granting nothing. */
static int ask(struct vfs_object *file, int err, enum vfs_status want)
{
    const enum vfs_status access_want = want == VFS_ACCESS ? VFS_OK : want;
    const struct vfs_ops *ops = file->fs->ops;
    uint32_t granted = 0;

    if (!local_call_fail(SYS_faccessat2, err))
        return NO_FILTER;
    if (ops->access(file, &self, VFS_MAY_READ | VFS_MAY_MODIFY, &granted) != access_want ||
        granted != 0 || ops->open(file, &self, VFS_WANT_BOTH, false) != want)
        return OTHERWISE;
    return AS_EXPECTED;
}

static void expect(struct vfs_object *file, int err, enum vfs_status want)
{
    pid_t child = fork();
    int status;

    assert_true(child >= 0);
    if (child == 0)
        _exit(ask(file, err, want));
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == NO_FILTER)
        test_skip("no seccomp filters here");
    if (WEXITSTATUS(status) != AS_EXPECTED)
        fail_msg("errno %d: not %s", err, vfs_status_name(want));
}

/* RFC 8881 §18.1.3: ACCESS reports what is allowed. A failed check is not a refusal. */
static void a_failure_is_no_refusal(void **state)
{
    struct local_dir *dir = *state;
    struct vfs_object *root, *file;

    assert_ok(dir->fs->ops->root(dir->fs, &root));
    file = make(root, &self, "file", VFS_REG, 0644);
    assert_ok(dir->fs->ops->open(file, &self, VFS_WANT_BOTH, true));
    expect(file, EIO, VFS_IO);
    expect(file, ENOMEM, VFS_DELAY);
    expect(file, EMFILE, VFS_DELAY);
    expect(file, EACCES, VFS_ACCESS);
    dir->fs->ops->close(file, VFS_WANT_BOTH);
    vfs_object_put(file);
    vfs_object_put(root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOCAL_TEST(a_failure_is_no_refusal),
    };

    return local_group_run(tests);
}
