/* SPDX-License-Identifier: Apache-2.0 */
/* Each call acts as its caller, on any thread, and as no other user. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "backend/local/cache.h"
#include "backend/local_fixture.h"
#include "lib/namespace.h"

enum {
    SQUASHED = 65534,
    ROUNDS = 3000,
};

static const struct vfs_cred root_cred = {.uid = 0};
static const struct vfs_cred squashed = {.uid = SQUASHED, .gid = SQUASHED};
static const struct vfs_cred owner = {.uid = CONTRACT_OWNER, .gid = CONTRACT_OWNER};

static struct vfs_object *root_of(struct local_dir *dir)
{
    struct vfs_object *root;

    assert_ok(dir->fs->ops->root(dir->fs, &root));
    return root;
}

static enum vfs_status try_open(struct vfs_object *obj, const struct vfs_cred *cred,
                                enum vfs_open_want want)
{
    enum vfs_status status = obj->fs->ops->open(obj, cred, want, false);

    if (status == VFS_OK)
        obj->fs->ops->close(obj, want);
    return status;
}

static bool take_any(void *arg, const struct vfs_dirent *entry)
{
    (void)arg;
    (void)entry;
    return true;
}

static void a_squashed_root_is_nobody(void **state)
{
    struct local_dir *dir = *state;
    struct vfs_object *root = root_of(dir), *out;
    struct vfs_object *file = make(root, &owner, "file", VFS_REG, 0600);
    struct vfs_object *sub = make(root, &owner, "sub", VFS_DIR, 0700);
    struct vfs_readdir rd = {.emit = take_any};

    assert_ok(do_make(sub, &owner, "inner", VFS_REG, 0666));
    for (int round = 0; round < 2; round++) {
        assert_status(try_open(file, &squashed, VFS_WANT_READ), VFS_ACCESS);
        assert_status(try_open(file, &squashed, VFS_WANT_WRITE), VFS_ACCESS);
        assert_status(do_truncate(file, &squashed, 0), VFS_ACCESS);
        assert_status(do_chmod(file, &squashed, 0777), VFS_PERM);
        assert_status(do_chown(file, &squashed, SQUASHED, SQUASHED), VFS_PERM);
        assert_status(do_lookup(sub, &squashed, "inner", &out), VFS_ACCESS);
        assert_status(do_make(sub, &squashed, "mine", VFS_REG, 0644), VFS_ACCESS);
        assert_status(do_remove(sub, &squashed, "inner"), VFS_ACCESS);
        assert_status(do_remove(root, &squashed, "file"), VFS_ACCESS);
        assert_status(dir->fs->ops->readdir(sub, &squashed, &rd), VFS_ACCESS);
        assert_int_equal(do_access(file, &squashed, VFS_MAY_READ | VFS_MAY_MODIFY), 0);
        /* Again with cached descriptors. */
        assert_ok(try_open(file, &root_cred, VFS_WANT_BOTH));
        assert_ok(dir->fs->ops->readdir(sub, &root_cred, &rd));
    }
    vfs_object_put(sub);
    vfs_object_put(file);
    vfs_object_put(root);
}

/* The kernel takes -1 as "no change", which would keep the last caller's identity. */
static void no_identity_is_no_access(void **state)
{
    struct local_dir *dir = *state;
    struct vfs_object *root = root_of(dir), *out;
    const struct vfs_cred none = {.uid = UINT32_MAX, .gid = UINT32_MAX};
    const struct vfs_cred half = {.uid = 0, .gid = UINT32_MAX};

    vfs_object_put(make(root, &root_cred, "file", VFS_REG, 0600));
    assert_status(do_lookup(root, &none, "file", &out), VFS_ACCESS);
    assert_status(do_lookup(root, &half, "file", &out), VFS_ACCESS);
    vfs_object_put(root);
}

/* A thread that has been one caller becomes another with as many groups, and with hundreds. */
static void hundreds_of_groups(void **state)
{
    struct local_dir *dir = *state;
    struct vfs_object *root = root_of(dir);
    struct vfs_object *file = make(root, &owner, "file", VFS_REG, 0640);
    uint32_t gids[LIMIT_CALLER_GIDS];
    struct vfs_cred cred = {.uid = SQUASHED, .gid = SQUASHED, .gids = gids};

    for (uint32_t i = 0; i < LIMIT_CALLER_GIDS; i++)
        gids[i] = 100000 + i;
    for (int round = 0; round < 2; round++) {
        for (cred.gid_count = 1; cred.gid_count <= LIMIT_CALLER_GIDS; cred.gid_count *= 4) {
            assert_status(try_open(file, &cred, VFS_WANT_READ), VFS_ACCESS);
            gids[cred.gid_count - 1] = CONTRACT_OWNER;
            assert_ok(try_open(file, &cred, VFS_WANT_READ));
            gids[cred.gid_count - 1] = 100000;
        }
        assert_status(try_open(file, &squashed, VFS_WANT_READ), VFS_ACCESS);
    }
    vfs_object_put(file);
    vfs_object_put(root);
}

struct worker {
    struct local_dir *dir;
    uint32_t uid;
    uint32_t failures;
};

/* Creates, checks and removes a file of its own, and fails on another user's. */
static void *work(void *arg)
{
    struct worker *w = arg;
    struct vfs_cred cred = {.uid = w->uid, .gid = w->uid};
    char mine[16], other[16];
    struct vfs_object *root;

    snprintf(mine, sizeof(mine), "f%u", w->uid);
    snprintf(other, sizeof(other), "other");
    if (w->dir->fs->ops->root(w->dir->fs, &root) != VFS_OK)
        return NULL;
    for (int i = 0; i < ROUNDS; i++) {
        struct vfs_attr attr = {.mask = VFS_ATTR_MODE, .mode = 0600};
        struct vfs_create create = {.type = VFS_REG, .mode = VFS_CREATE_GUARDED, .attr = &attr};
        struct vfs_object *obj;

        if (do_create(root, &cred, mine, &create, &obj) != VFS_OK) {
            w->failures++;
            continue;
        }
        if (obj->fs->ops->getattr(obj, VFS_ATTR_UID, &attr) != VFS_OK || attr.uid != w->uid)
            w->failures++;
        vfs_object_put(obj);
        if (do_lookup(root, &cred, other, &obj) == VFS_OK) {
            if (try_open(obj, &cred, VFS_WANT_READ) != VFS_ACCESS)
                w->failures++;
            vfs_object_put(obj);
        }
        if (do_remove(root, &cred, mine) != VFS_OK)
            w->failures++;
    }
    vfs_object_put(root);
    return NULL;
}

static void threads_do_not_mix(void **state)
{
    struct local_dir *dir = *state;
    struct worker workers[4];
    pthread_t threads[4];
    struct vfs_object *root = root_of(dir);

    assert_ok(do_chmod(root, &root_cred, 0777));
    assert_ok(do_make(root, &root_cred, "other", VFS_REG, 0600));
    vfs_object_put(root);
    for (uint32_t i = 0; i < 4; i++) {
        workers[i] = (struct worker){.dir = dir, .uid = 3000 + i};
        assert_int_equal(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
    }
    for (uint32_t i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(workers[i].failures, 0);
    }
}

static int errno_of_open(const char *path)
{
    int fd = open(path, O_RDONLY);

    if (fd < 0)
        return errno;
    close(fd);
    return 0;
}

static void *own_in_a_new_thread(void *arg)
{
    int *result = arg;

    vfs_own_identity();
    *result = errno_of_open("/etc/shadow");
    return NULL;
}

/* vfs_own_identity() returns a thread to the server's identity, also a thread that inherited a
 * caller's. */
static void the_servers_own_files(void **state)
{
    struct local_dir *dir = *state;
    struct vfs_object *root = root_of(dir);
    pthread_t thread;
    int result = -1;

    assert_int_equal(errno_of_open("/etc/shadow"), 0);
    vfs_object_put(make(root, &owner, "file", VFS_REG, 0600));
    assert_int_equal(errno_of_open("/etc/shadow"), EACCES);
    assert_int_equal(pthread_create(&thread, NULL, own_in_a_new_thread, &result), 0);
    pthread_join(thread, NULL);
    assert_int_equal(result, 0);
    vfs_own_identity();
    assert_int_equal(errno_of_open("/etc/shadow"), 0);
    vfs_object_put(root);
}

/* A new thread's first call is right, whatever identity its creator had. */
static void *look_as_root(void *arg)
{
    struct vfs_object *root = arg;
    struct vfs_object *out;

    if (do_lookup(root, &root_cred, "sub", &out) != VFS_OK)
        return arg;
    vfs_object_put(out);
    return NULL;
}

static void a_new_thread_begins_afresh(void **state)
{
    struct local_dir *dir = *state;
    struct vfs_object *root = root_of(dir);
    pthread_t thread;
    void *failed;

    assert_ok(do_make(root, &owner, "sub", VFS_DIR, 0700));
    assert_ok(do_chmod(root, &owner, 0700));
    assert_status(do_find(root, &squashed, "sub"), VFS_ACCESS);
    assert_int_equal(pthread_create(&thread, NULL, look_as_root, root), 0);
    pthread_join(thread, &failed);
    assert_null(failed);
    vfs_object_put(root);
}

static uint32_t thread_uid(void)
{
    return (uint32_t)syscall(SYS_setfsuid, -1);
}

/* Like write(2) by the same user on the machine itself, for whichever user the thread acted
 * before. */
static void writing_takes_suid_away_as_locally(void **state)
{
    struct local_dir *dir = *state;
    struct vfs_object *root = root_of(dir);
    struct vfs_object *file = make(root, &root_cred, "file", VFS_REG, 0777);
    struct vfs_object *other = make(root, &root_cred, "other", VFS_REG, 0666);

    assert_ok(do_chmod(file, &root_cred, 06777));
    assert_ok(do_write(file, &root_cred, 0, "x", 1));
    assert_int_equal(attr_of(file).mode, 06777); /* root has CAP_FSETID */
    assert_ok(dir->fs->ops->commit(other, &root_cred, 0, 0));
    assert_ok(do_write(file, &squashed, 0, "y", 1));
    assert_int_equal(attr_of(file).mode, 0777);
    /* Set behind the server's back. */
    assert_int_equal(chmod(local_path(dir, "file"), 04777), 0);
    assert_ok(do_write(other, &root_cred, 0, "x", 1));
    assert_ok(do_write(file, &owner, 0, "z", 1));
    assert_int_equal(attr_of(file).mode, 0777);
    vfs_object_put(other);
    vfs_object_put(file);
    vfs_object_put(root);
}

/* Without group execute, setgid has another meaning, and stays for an owner in the file's group. */
static void setgid_alone_stays_for_the_group(void **state)
{
    struct local_dir *dir = *state;
    struct vfs_object *root = root_of(dir);
    struct vfs_object *file = make(root, &owner, "file", VFS_REG, 0644);

    assert_ok(do_chmod(file, &owner, 02644));
    assert_ok(do_truncate(file, &owner, 0));
    assert_int_equal(attr_of(file).mode, 02644);
    assert_ok(do_write(file, &owner, 0, "text", 4));
    assert_int_equal(attr_of(file).mode, 02644);
    vfs_object_put(file);
    vfs_object_put(root);
}

/* A program can be run while a stranger syncs it. */
static void a_commit_opens_nothing_for_writing(void **state)
{
    struct local_dir *dir = *state;
    struct vfs_object *root = root_of(dir), *file;
    const char *path = local_path(dir, "program");
    int fd = open(path, O_CREAT | O_WRONLY, 0711);

    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(chmod(path, 0711), 0);
    assert_ok(do_lookup(root, &owner, "program", &file));
    assert_ok(dir->fs->ops->commit(file, &squashed, 0, 0));
    assert_int_equal(local_of(file)->fds[O_RDWR], -1);
    assert_int_equal(local_of(file)->fds[O_WRONLY], -1);
    assert_int_equal(thread_uid(), SQUASHED);
    vfs_object_put(file);
    vfs_object_put(root);
}

/* After the server's own part of a call the thread has the caller's identity again. */
static void the_server_drops_back(void **state)
{
    struct local_dir *dir = *state;
    struct vfs_object *root = root_of(dir), *again, *up;
    struct vfs_object *sub = make(root, &root_cred, "sub", VFS_DIR, 0777);
    struct vfs_object *file = make(sub, &owner, "file", VFS_REG, 0600);
    struct vfs_handle handle = file->handle;

    local_cache_forget(local_of(file));
    assert_ok(do_access(sub, &owner, VFS_MAY_READ) == VFS_MAY_READ ? VFS_OK : VFS_ACCESS);
    assert_ok(do_resolve(dir->fs, &handle, &again));
    assert_int_equal(thread_uid(), owner.uid);
    assert_ok(dir->fs->ops->parent(sub, &owner, &up));
    assert_int_equal(thread_uid(), owner.uid);
    if (dir->fs->ops->lease(again, VFS_LEASE_READ) == VFS_OK)
        dir->fs->ops->unlease(again, VFS_LEASE_READ);
    assert_int_equal(thread_uid(), owner.uid);
    vfs_own_identity_begin();
    assert_int_equal(thread_uid(), 0);
    vfs_own_identity_end();
    assert_int_equal(thread_uid(), owner.uid);
    assert_ok(do_write(again, &owner, 0, "x", 1)); /* opens it as the server */
    assert_int_equal(thread_uid(), owner.uid);
    assert_true(do_access(sub, &squashed, VFS_MAY_READ) == VFS_MAY_READ);
    assert_ok(dir->fs->ops->touch(again)); /* which only its owner and root may do */
    assert_int_equal(thread_uid(), SQUASHED);
    vfs_object_put(up);
    vfs_object_put(again);
    vfs_object_put(file);
    vfs_object_put(sub);
    vfs_object_put(root);
}

/* An unprivileged server does everything as itself. */
static void without_privilege_all_are_one(void **state)
{
    struct local_dir *dir = *state;
    struct vfs_object *root = root_of(dir);
    struct vfs_object *file = make(root, &owner, "file", VFS_REG, 0400);

    assert_int_equal(attr_of(file).uid, geteuid());
    assert_ok(dir->fs->ops->open(file, &squashed, VFS_WANT_BOTH, true));
    assert_ok(do_write(file, &squashed, 0, "x", 1));
    dir->fs->ops->close(file, VFS_WANT_BOTH);
    assert_status(do_chown(file, &root_cred, geteuid() + 1, getegid()),
                  namespace_has_others() ? VFS_PERM : VFS_INVAL); /* nobody has that number */
    assert_ok(do_chmod(file, &squashed, 0));
    assert_status(try_open(file, &root_cred, VFS_WANT_READ), VFS_ACCESS);
    vfs_object_put(file);
    vfs_object_put(root);
}

static int run_plain(void)
{
    const struct CMUnitTest plain[] = {
        LOCAL_TEST(without_privilege_all_are_one),
    };

    local_drop_privileges();
    return local_group_run(plain);
}

/* In a process of its own, since privileges cannot be regained. */
static int run_plain_apart(void)
{
    pid_t child = fork();
    int status = 1;

    if (child == 0)
        exit(run_plain());
    return child > 0 && waitpid(child, &status, 0) == child && status == 0 ? 0 : 1;
}

int main(void)
{
    const struct CMUnitTest privileged[] = {
        LOCAL_TEST(a_squashed_root_is_nobody),
        LOCAL_TEST(no_identity_is_no_access),
        LOCAL_TEST(hundreds_of_groups),
        LOCAL_TEST(threads_do_not_mix),
        LOCAL_TEST(the_servers_own_files),
        LOCAL_TEST(a_new_thread_begins_afresh),
        LOCAL_TEST(writing_takes_suid_away_as_locally),
        LOCAL_TEST(setgid_alone_stays_for_the_group),
        LOCAL_TEST(a_commit_opens_nothing_for_writing),
        LOCAL_TEST(the_server_drops_back),
    };
    int failed = run_plain_apart();

    if (local_privileged())
        return failed + local_group_run(privileged);
    test_skip_part(TEST_NEEDS_CALLERS);
    return test_exit_status(failed);
}
