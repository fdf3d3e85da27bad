/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Errors of the kernel are reported correctly. A child process makes the kernel fail one system
 * call with a seccomp filter, and reports the result by its exit status.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "backend/local_fixture.h"
#include "lib/vfs_status_name.h"

static const struct vfs_cred self = {.uid = 0};

/* From here on each faccessat2() of this thread fails with `err`. */
static bool fail_access(int err)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_faccessat2, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (uint32_t)err),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const struct sock_fprog program = {ARRAY_SIZE(code), code};

    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

enum {
    AS_EXPECTED = 0,
    OTHERWISE = 1,
    NO_FILTER = 2,
};

/* Runs in the child; the file is open already, so that access rights decide about an open.
 * VFS_ACCESS: a refusal, which access() reports by granting nothing. */
static int ask(struct vfs_object *file, int err, enum vfs_status want)
{
    const enum vfs_status access_want = want == VFS_ACCESS ? VFS_OK : want;
    const struct vfs_ops *ops = file->fs->ops;
    uint32_t granted = 0;

    if (!fail_access(err))
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
