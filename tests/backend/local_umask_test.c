/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mode_umask (RFC 8275) while a local program sets and removes the directory's default ACL: what is
 * made has the one or the other for its mode, and never neither.  And the umask of one client is
 * not that of another.
 */
#include <endian.h>
#include <errno.h>
#include <linux/posix_acl.h>
#include <linux/posix_acl_xattr.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "backend/local_fixture.h"
#include "base/umask.h"

#define DEFAULT_ACL "system.posix_acl_default"

enum {
    ROUNDS = 4000,
    BY_UMASK = 0640,   /* 0666 with the umask 027 */
    BY_DEFAULT = 0600, /* with a default ACL that leaves all to the owner */
};

static struct vfs_cred owner = {.uid = CONTRACT_OWNER, .gid = CONTRACT_OWNER};

static const struct {
    enum vfs_type type;
    enum vfs_create_mode how;
} kinds[] = {
    {VFS_REG, VFS_CREATE_GUARDED},
    {VFS_REG, VFS_CREATE_EXCLUSIVE},
    {VFS_DIR, VFS_CREATE_GUARDED},
    {VFS_FIFO, VFS_CREATE_GUARDED},
};

/* user::rwx group::--- other::--- */
static int set_default_acl(const char *path)
{
    const struct posix_acl_xattr_header header = {htole32(POSIX_ACL_XATTR_VERSION)};
    const uint16_t tags[] = {ACL_USER_OBJ, ACL_GROUP_OBJ, ACL_OTHER};
    uint8_t bytes[sizeof(header) + ARRAY_SIZE(tags) * sizeof(struct posix_acl_xattr_entry)];
    size_t len = sizeof(header);

    memcpy(bytes, &header, sizeof(header));
    for (size_t i = 0; i < ARRAY_SIZE(tags); i++) {
        const struct posix_acl_xattr_entry entry = {htole16(tags[i]), htole16(i == 0 ? 7 : 0),
                                                    htole32((uint32_t)ACL_UNDEFINED_ID)};

        memcpy(bytes + len, &entry, sizeof(entry));
        len += sizeof(entry);
    }
    return setxattr(path, DEFAULT_ACL, bytes, len, 0);
}

/* A local program with nothing better to do. */
struct toggler {
    pthread_t thread;
    const char *path;
    _Atomic bool stop;
    _Atomic uint64_t turns, failures;
};

static void *toggle(void *arg)
{
    struct toggler *toggler = arg;

    vfs_own_identity();
    while (!atomic_load(&toggler->stop)) {
        if (set_default_acl(toggler->path) != 0 || removexattr(toggler->path, DEFAULT_ACL) != 0)
            atomic_fetch_add(&toggler->failures, 1);
        atomic_fetch_add(&toggler->turns, 1);
    }
    return NULL;
}

static void toggler_start(struct toggler *toggler, const char *path)
{
    *toggler = (struct toggler){.path = path};
    assert_int_equal(pthread_create(&toggler->thread, NULL, toggle, toggler), 0);
    while (atomic_load(&toggler->turns) == 0)
        sched_yield();
}

static void toggler_stop(struct toggler *toggler)
{
    atomic_store(&toggler->stop, true);
    assert_int_equal(pthread_join(toggler->thread, NULL), 0);
    assert_int_equal(atomic_load(&toggler->failures), 0);
}

static struct vfs_object *root_of(struct local_dir *dir)
{
    struct vfs_object *root;

    assert_ok(dir->fs->ops->root(dir->fs, &root));
    return root;
}

/* Make it, and remove it.  Its mode. */
static uint32_t mode_made(struct vfs_object *dir, const char *name, size_t kind, uint32_t umask)
{
    const struct vfs_attr attr = {
        .mask = VFS_ATTR_MODE | VFS_ATTR_UMASK, .mode = 0666, .umask = umask};
    struct vfs_create create = {
        .type = kinds[kind].type, .mode = kinds[kind].how, .attr = &attr, .verifier = 7};
    struct vfs_object *made;
    uint32_t mode;

    assert_ok(do_create(dir, &owner, name, &create, &made));
    mode = attr_of(made).mode;
    vfs_object_put(made);
    assert_ok(do_remove(dir, &owner, name));
    return mode;
}

static void need_own_umask(void)
{
    if (!umask_own())
        test_skip("the system gives a thread no umask of its own (seccomp)");
}

static void while_the_default_acl_changes(void **state)
{
    struct local_dir *dir = *state;
    struct vfs_object *root = root_of(dir);
    unsigned neither = 0;
    struct toggler toggler;

    need_own_umask();
    if (!local_has_acls())
        test_skip("the file system has no POSIX ACLs");
    toggler_start(&toggler, dir->path);
    for (unsigned i = 0; i < ROUNDS; i++) {
        uint32_t mode = mode_made(root, "new", i % ARRAY_SIZE(kinds), 0027);

        neither += mode != BY_UMASK && mode != BY_DEFAULT;
    }
    toggler_stop(&toggler);
    vfs_object_put(root);
    assert_int_equal(neither, 0);
}

/* ---- two clients ---- */

struct maker {
    struct vfs_object *dir;
    const char *name;
    uint32_t umask;
    unsigned wrong;
};

static void *make_many(void *arg)
{
    struct maker *maker = arg;

    maker->wrong = !umask_own();
    for (unsigned i = 0; i < ROUNDS; i++)
        maker->wrong += mode_made(maker->dir, maker->name, i % ARRAY_SIZE(kinds), maker->umask) !=
                        (0666 & ~maker->umask);
    return NULL;
}

static void of_one_client_alone(void **state)
{
    struct vfs_object *root = root_of(*state);
    struct maker makers[] = {{root, "closed", 0777, 0}, {root, "open", 0, 0}};
    pthread_t threads[ARRAY_SIZE(makers)];

    need_own_umask();
    for (size_t i = 0; i < ARRAY_SIZE(makers); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, make_many, &makers[i]), 0);
    for (size_t i = 0; i < ARRAY_SIZE(makers); i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    vfs_object_put(root);
    assert_int_equal(makers[0].wrong + makers[1].wrong, 0);
}

/* ---- where the system forbids it ---- */

static struct local_dir *given; /* to the thread */

static void *make_without(void *arg)
{
    struct vfs_object *root = root_of(given);
    bool expected = !umask_own();

    (void)arg;
    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
        expected = expected && mode_made(root, "new", i, 0027) == BY_UMASK;
    vfs_own_identity();
    if (local_has_acls() && set_default_acl(given->path) == 0) {
        for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
            expected = expected && mode_made(root, "new", i, 0027) == BY_DEFAULT;
    }
    vfs_object_put(root);
    return expected ? given : NULL;
}

/* In a child, on a thread that does not have one yet. */
static int not_permitted(void)
{
    pthread_t thread;
    void *expected;

    given = local_dir_create();
    if (!local_call_fail(SYS_unshare, EPERM))
        return NO_FILTER;
    if (pthread_create(&thread, NULL, make_without, NULL) != 0 ||
        pthread_join(thread, &expected) != 0)
        return OTHERWISE;
    local_dir_destroy(given);
    return expected ? AS_EXPECTED : OTHERWISE;
}

/* Run before there is any other thread, since the child creates some. */
static void without_the_systems_leave(void **state)
{
    pid_t child = fork();
    int status;

    (void)state;
    if (child == 0)
        _exit(not_permitted());
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == NO_FILTER)
        test_skip("filters of system calls are not possible here");
    assert_int_equal(WEXITSTATUS(status), AS_EXPECTED);
}

int main(void)
{
    const struct CMUnitTest in_a_child[] = {cmocka_unit_test(without_the_systems_leave)};
    const struct CMUnitTest tests[] = {
        LOCAL_TEST(while_the_default_acl_changes),
        LOCAL_TEST(of_one_client_alone),
    };
    int failed;

    if (!local_privileged())
        owner = (struct vfs_cred){.uid = (uint32_t)geteuid(), .gid = (uint32_t)getegid()};
    failed = _cmocka_run_group_tests("in a child", in_a_child, 1, NULL, NULL);
    return failed ? test_exit_status(failed) : local_group_run(tests);
}
