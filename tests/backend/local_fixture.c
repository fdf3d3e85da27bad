/* SPDX-License-Identifier: Apache-2.0 */
#include "backend/local_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <grp.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/log.h"

enum {
    DIRS_MAX = 8,
    NOBODY = 65534
};

struct local_setting local_setting = {.parent = "/dev/shm"};

static struct local_dir *dirs[DIRS_MAX];

struct local_dir *local_dir_of(const struct vfs *fs)
{
    for (size_t i = 0; i < DIRS_MAX; i++) {
        if (dirs[i] && dirs[i]->fs == fs)
            return dirs[i];
    }
    fail_msg("not a file system of this fixture");
    return NULL;
}

struct vfs *local_dir_open(const struct local_dir *dir)
{
    struct local_options options = {
        .path = dir->path,
        .state_dir = dir->state,
        .finding = local_setting.finding,
        .own_user = local_setting.own_user,
        .descriptors_max = local_setting.descriptors_max,
        .objects_max = local_setting.objects_max,
    };
    char error[256] = "";
    struct vfs *fs = NULL;

    if (local_create(&options, &fs, error, sizeof(error)) == 0) {
        atomic_store(&fs->sole_changer, local_setting.sole_changer);
        return fs;
    }
    fprintf(stderr, "local_create: %s\n", error);
    return NULL;
}

/* The directory that the tests work in. */
static const char *parent(void)
{
    return access(local_setting.parent, W_OK) == 0 ? local_setting.parent : "/tmp";
}

struct local_dir *local_dir_create(void)
{
    struct local_dir *dir = calloc(1, sizeof(*dir));

    assert_non_null(dir);
    vfs_own_identity();
    (void)umask(0);
    log_set_level(LOG_LEVEL_WARN);
    snprintf(dir->base, sizeof(dir->base), "%s/mainstay-XXXXXX", parent());
    assert_non_null(mkdtemp(dir->base));
    snprintf(dir->path, sizeof(dir->path), "%s/export", dir->base);
    snprintf(dir->state, sizeof(dir->state), "%s/state", dir->base);
    assert_int_equal(mkdir(dir->path, 0755), 0);
    if (local_privileged())
        assert_int_equal(chown(dir->path, CONTRACT_OWNER, CONTRACT_OWNER), 0);
    dir->fs = local_dir_open(dir);
    assert_non_null(dir->fs);
    for (size_t i = 0; i < DIRS_MAX; i++) {
        if (!dirs[i]) {
            dirs[i] = dir;
            return dir;
        }
    }
    fail_msg("too many");
    return NULL;
}

void local_dir_reopen(struct local_dir *dir)
{
    dir->fs->ops->destroy(dir->fs);
    dir->fs = local_dir_open(dir);
    assert_non_null(dir->fs);
}

static int remove_one(const char *path, const struct stat *st, int what, struct FTW *ftw)
{
    (void)st;
    (void)what;
    (void)ftw;
    return remove(path);
}

static int open_up(const char *path, const struct stat *st, int what, struct FTW *ftw)
{
    (void)st;
    (void)ftw;
    return what == FTW_D || what == FTW_DNR ? chmod(path, 0700) : 0;
}

void local_dir_destroy(struct local_dir *dir)
{
    if (dir->fs)
        dir->fs->ops->destroy(dir->fs);
    vfs_own_identity();
    (void)nftw(dir->base, open_up, 16, FTW_PHYS);
    assert_int_equal(nftw(dir->base, remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
    for (size_t i = 0; i < DIRS_MAX; i++) {
        if (dirs[i] == dir)
            dirs[i] = NULL;
    }
    free(dir);
}

bool local_privileged(void)
{
    return geteuid() == 0 && !local_setting.own_user;
}

bool local_call_fail(uint32_t number, int err)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (uint32_t)err),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const struct sock_fprog program = {ARRAY_SIZE(code), code};

    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

void local_drop_privileges(void)
{
    if (geteuid() != 0)
        return;
    assert_int_equal(setgroups(0, NULL), 0);
    assert_int_equal(setresgid(NOBODY, NOBODY, NOBODY), 0);
    assert_int_equal(setresuid(NOBODY, NOBODY, NOBODY), 0);
    /* So that the leak sanitizer can inspect its own process at the end. */
    assert_int_equal(prctl(PR_SET_DUMPABLE, 1), 0);
}

int local_test_set_up(void **state)
{
    *state = local_dir_create();
    return 0;
}

int local_test_tear_down(void **state)
{
    local_dir_destroy(*state);
    return 0;
}

static int run_as(const struct CMUnitTest *tests, size_t count, enum local_finding finding,
                  const char *name)
{
    local_setting.finding = finding;
    return _cmocka_run_group_tests(name, tests, count, NULL, NULL);
}

/* Does the kernel open by handle what these tests make?  That takes a capability that containers
 * lack, and a file system that has handles. */
static bool handles_open(void)
{
    union {
        struct file_handle handle;
        char room[sizeof(struct file_handle) + MAX_HANDLE_SZ];
    } at = {.handle.handle_bytes = MAX_HANDLE_SZ};
    int mount_id, found = -1;
    int fd = open(parent(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (name_to_handle_at(fd, "", &at.handle, &mount_id, AT_EMPTY_PATH) == 0)
        found = open_by_handle_at(fd, &at.handle, O_RDONLY | O_CLOEXEC);
    (void)close(found);
    (void)close(fd);
    return found >= 0;
}

int local_group_run_all(const struct CMUnitTest *tests, size_t count)
{
    int failed = run_as(tests, count, LOCAL_FIND_BY_MAP, "by map");

    if (local_privileged() && handles_open())
        failed += run_as(tests, count, LOCAL_FIND_BY_HANDLE, "by handle");
    else if (local_privileged())
        test_skip_part("open_by_handle_at() works for no file here, as in many containers");
    return test_exit_status(failed);
}

static const char *path_in(const char *where, const char *name)
{
    static char paths[4][512];
    static unsigned next;
    char *path = paths[next++ % 4];

    vfs_own_identity(); /* the caller is about to act as the test itself */
    snprintf(path, sizeof(paths[0]), "%s/%s", where, name);
    return path;
}

const char *local_path(const struct local_dir *dir, const char *name)
{
    return path_in(dir->path, name);
}

const char *local_outside(const struct local_dir *dir, const char *name)
{
    return path_in(dir->base, name);
}

bool local_has_acls(void)
{
    char bytes[8];

    return getxattr(parent(), "system.posix_acl_access", bytes, sizeof(bytes)) >= 0 ||
           errno != EOPNOTSUPP;
}

static struct vfs *contract_create_fs(void)
{
    return local_dir_create()->fs;
}

static struct vfs *contract_reopen_fs(struct vfs *fs)
{
    struct local_dir *dir = local_dir_of(fs);

    local_dir_reopen(dir);
    return dir->fs;
}

static void contract_destroy_fs(struct vfs *fs)
{
    local_dir_destroy(local_dir_of(fs));
}

int local_contract_main(const char *name, int argc, char **argv)
{
    static const uint32_t team[] = {CONTRACT_TEAM};
    struct contract_backend backend = {
        .name = name,
        .create = contract_create_fs,
        .reopen = contract_reopen_fs,
        .destroy = contract_destroy_fs,
        .owner = {.uid = (uint32_t)geteuid(), .gid = (uint32_t)getegid()},
        .clones = local_setting.clones,
        .posix_acl = local_has_acls(),
    };

    if (local_privileged()) {
        backend.owner = (struct vfs_cred){
            .uid = CONTRACT_OWNER, .gid = CONTRACT_OWNER, .gid_count = 1, .gids = team};
        backend.multi_user = backend.can_chown = backend.can_mknod = true;
    }
    return contract_main(&backend, argc, argv);
}
