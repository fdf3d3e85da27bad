/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whose notes for requests that arrived together are used, and where there are none: on a file
 * system whose handles tell no inode numbers, nothing is kept.  statx() of this program counts.
 */
#include "backend/local/recent.h"

#include <pthread.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "backend/local/keep.h"
#include "backend/local_fixture.h"

enum {
    RECEIVED_NS = 100
};

static const struct vfs_cred owner = {.uid = CONTRACT_OWNER, .gid = CONTRACT_OWNER};
static _Thread_local unsigned statx_calls; /* not the sweeper's */

int statx(int dirfd, const char *path, int flags, unsigned mask, struct statx *st)
{
    statx_calls++;
    return (int)syscall(SYS_statx, dirfd, path, flags, mask, st);
}

static struct local_fs *fs_of(const struct local_dir *dir)
{
    return CONTAINER_OF(dir->fs, struct local_fs, base);
}

static struct vfs_object *root_of(struct vfs *fs)
{
    struct vfs_object *root;

    assert_ok(fs->ops->root(fs, &root));
    return root;
}

/* Memory that becomes one object's after another.  No test can make malloc() do that. */
static struct local_object place;

static void lay(struct vfs_object *obj)
{
    place.base.fs = obj->fs;
    place.base.fileid = obj->fileid;
    place.node.hash = local_of(obj)->node.hash;
    place.file = local_of(obj)->file;
}

static void note_there(const char *path)
{
    const struct local_recent_look look = local_recent_look(&place);
    struct statx st;

    assert_int_equal(statx(AT_FDCWD, path, 0, STATX_BASIC_STATS, &st), 0);
    vfs_memo_begin(RECEIVED_NS);
    local_recent_keep(&place, &look, &st);
    vfs_memo_end();
}

static bool is_noted_there(void)
{
    struct vfs_attr attr;
    bool noted;

    vfs_memo_begin(RECEIVED_NS);
    noted = local_recent_of(&place) != NULL;
    assert_int_equal(local_recent_getattr(&place, &attr), noted);
    vfs_memo_end();
    return noted;
}

static void a_note_is_not_used_for_what_comes_to_lie_there(void **state)
{
    struct local_dir *dir = *state;
    struct vfs *twin = local_dir_open(dir); /* another export of the same directory */
    struct vfs_object *root = root_of(dir->fs), *there = root_of(twin);
    struct vfs_object *file = make(root, &owner, "file", VFS_REG, 0640);
    struct vfs_object *other = make(root, &owner, "other", VFS_REG, 0640), *same;

    assert_ok(do_lookup(there, &owner, "file", &same));
    assert_int_equal(same->fileid, file->fileid);
    lay(file);
    note_there(local_path(dir, "file"));
    if (!is_noted_there())
        test_skip("handles of this file system tell no inode numbers");
    lay(other);
    assert_false(is_noted_there());
    lay(same);
    assert_false(is_noted_there());
    lay(file);
    assert_true(is_noted_there());
    vfs_object_put(same);
    vfs_object_put(other);
    vfs_object_put(file);
    vfs_object_put(there);
    vfs_object_put(root);
    twin->ops->destroy(twin);
}

/* GETATTR of each of two requests that arrived together.  Is the kernel asked by the second? */
static bool both_ask(struct vfs_object *obj)
{
    struct vfs_attr attr;

    for (int i = 0; i < 2; i++) {
        vfs_memo_begin(RECEIVED_NS);
        statx_calls = 0;
        assert_ok(obj->fs->ops->getattr(obj, VFS_ATTR_ALL_GET, &attr));
        vfs_memo_end();
    }
    return statx_calls > 0;
}

static void skip_without_notes(struct vfs_object *obj)
{
    if (both_ask(obj))
        test_skip("handles of this file system tell no inode numbers");
}

/* A change could not say whose note is void. */
static void without_inode_numbers_there_are_no_notes(void **state)
{
    struct local_dir *dir = *state;
    struct vfs_object *root = root_of(dir->fs);
    struct vfs_object *file = make(root, &owner, "file", VFS_REG, 0640);

    skip_without_notes(file);
    fs_of(dir)->magic = 0; /* as if it were an unknown one */
    vfs_memo_expire();     /* the note that there is */
    assert_true(both_ask(file));
    assert_true(both_ask(root));
    vfs_object_put(file);
    vfs_object_put(root);
}

/* ---- changes of a directory ---- */

struct pair {
    struct vfs_object *root;
    struct vfs_change_info first, second; /* of the two changes */
};

static void create_in(struct vfs_object *root, const char *name, struct vfs_change_info *info)
{
    const struct vfs_name given = {.data = name, .len = strlen(name)};
    const struct vfs_attr attr = {.mask = VFS_ATTR_MODE, .mode = 0640};
    struct vfs_create create = {.type = VFS_REG, .mode = VFS_CREATE_GUARDED, .attr = &attr};
    struct vfs_object *made;

    assert_ok(root->fs->ops->create(root, &owner, &given, &create, info, &made));
    vfs_object_put(made);
}

static void remove_in(struct vfs_object *root, const char *name, struct vfs_change_info *info)
{
    const struct vfs_name given = {.data = name, .len = strlen(name)};

    assert_ok(root->fs->ops->remove(root, &owner, &given, info));
}

static void pair_begin(struct pair *pair, struct local_dir *dir)
{
    pair->root = root_of(dir->fs);
    vfs_memo_begin(RECEIVED_NS);
    create_in(pair->root, "file", &pair->first);
    vfs_memo_end();
}

/* The name is removed by a request that was received at that time. */
static unsigned pair_end(struct pair *pair, int64_t received_ns, bool looks)
{
    vfs_memo_begin(received_ns);
    if (looks)
        vfs_memo_look();
    statx_calls = 0;
    remove_in(pair->root, "file", &pair->second);
    vfs_memo_end();
    vfs_object_put(pair->root);
    return statx_calls;
}

/* The same while a change runs that has begun before. */
static unsigned pair_end_beside_change(struct pair *pair, struct local_dir *dir)
{
    unsigned calls = pair_end(pair, RECEIVED_NS, false);
    struct vfs_object *root = root_of(dir->fs);

    local_changing_end(local_of(root));
    vfs_object_put(root);
    return calls;
}

static unsigned pair_run(struct local_dir *dir, int64_t received_ns, bool looks)
{
    struct pair pair;
    unsigned calls;

    pair_begin(&pair, dir);
    calls = pair_end(&pair, received_ns, looks);
    assert_int_equal(pair.second.before, pair.first.after);
    assert_true(pair.second.after > pair.second.before);
    assert_false(pair.second.atomic);
    return calls;
}

/* What the directory is after one change is what it is before the next one. */
static void a_change_of_a_batch_asks_once(void **state)
{
    struct local_dir *dir = *state;
    struct vfs_object *root = root_of(dir->fs);
    unsigned alone;

    skip_without_notes(root);
    vfs_object_put(root);
    alone = pair_run(dir, RECEIVED_NS, true);
    assert_int_equal(pair_run(dir, RECEIVED_NS, false), alone - 1);
    assert_int_equal(pair_run(dir, RECEIVED_NS - 1, false), alone - 1);
    assert_int_equal(pair_run(dir, RECEIVED_NS + 1, false), alone); /* received afterwards */
}

static void a_change_ends_the_use_of_what_others_met(void **state)
{
    struct local_dir *dir = *state;
    struct vfs_object *root = root_of(dir->fs);
    struct vfs_change_info info;
    struct vfs_attr attr;

    skip_without_notes(root);
    vfs_memo_begin(RECEIVED_NS);
    create_in(root, "file", &info);
    statx_calls = 0;
    assert_ok(root->fs->ops->getattr(root, VFS_ATTR_ALL_GET, &attr));
    assert_true(statx_calls > 0);
    vfs_memo_end();
    assert_int_equal(attr.change, info.after);
    vfs_memo_begin(RECEIVED_NS);
    statx_calls = 0;
    assert_ok(root->fs->ops->getattr(root, VFS_ATTR_ALL_GET, &attr)); /* another request's */
    assert_int_equal(statx_calls, 0);
    assert_int_equal(attr.change, info.after);
    vfs_memo_end();
    vfs_object_put(root);
}

static void *create_other(void *root)
{
    static struct vfs_change_info info;

    create_in(root, "other", &info);
    return &info;
}

static void another_change_between_two_is_not_missed(void **state)
{
    struct local_dir *dir = *state;
    const struct vfs_change_info *info;
    struct pair pair;
    pthread_t thread;
    void *told;

    pair_begin(&pair, dir);
    assert_int_equal(pthread_create(&thread, NULL, create_other, pair.root), 0);
    assert_int_equal(pthread_join(thread, &told), 0);
    (void)pair_end(&pair, RECEIVED_NS, false);
    info = told;
    assert_int_equal(pair.second.before, info->after);
}

/* It runs while the first one asks, and may happen after that. */
static void a_change_that_runs_meanwhile_leaves_no_note(void **state)
{
    struct local_dir *dir = *state;
    unsigned alone = pair_run(dir, RECEIVED_NS, true);
    struct local_object *root = local_of(root_of(dir->fs));
    struct pair pair;

    local_changing_begin(root);
    pair_begin(&pair, dir);
    local_changing_end(root);
    assert_int_equal(pair_end(&pair, RECEIVED_NS, false), alone);
    vfs_object_put(&root->base);
}

/* It has begun after the first one, and runs while the second one asks. */
static void a_change_that_has_begun_voids_the_note(void **state)
{
    struct local_dir *dir = *state;
    unsigned alone = pair_run(dir, RECEIVED_NS, true);
    struct pair pair;

    pair_begin(&pair, dir);
    local_changing_begin(local_of(pair.root));
    assert_int_equal(pair_end_beside_change(&pair, dir), alone);
}

/* As with any other note that is made while a change runs, whose end brings another version. */
static void attributes_that_are_met_during_a_change_are_not_used(void **state)
{
    struct local_dir *dir = *state;
    unsigned alone = pair_run(dir, RECEIVED_NS, true);
    struct vfs_attr attr;
    struct pair pair;

    pair_begin(&pair, dir);
    local_changing_begin(local_of(pair.root));
    vfs_memo_begin(RECEIVED_NS);
    assert_ok(dir->fs->ops->getattr(pair.root, VFS_ATTR_ALL_GET, &attr));
    vfs_memo_end();
    assert_int_equal(pair_end_beside_change(&pair, dir), alone);
}

static void an_unknown_file_system_is_asked_each_time(void **state)
{
    struct local_dir *dir = *state;
    struct vfs_object *root = root_of(dir->fs), *found;
    struct vfs_object *file = make(root, &owner, "file", VFS_REG, 0640);
    struct vfs_attr attr;

    assert_null(fs_of(dir)->known);
    assert_null(local_keep_of(fs_of(dir)));
    assert_true(both_ask(file));
    vfs_memo_on();
    assert_ok(do_lookup(root, &owner, "file", &found));
    statx_calls = 0;
    assert_ok(found->fs->ops->getattr(found, VFS_ATTR_ALL_GET, &attr));
    assert_true(statx_calls > 0);
    vfs_memo_off();
    vfs_object_put(found);
    vfs_object_put(file);
    vfs_object_put(root);
}

/* Gone when this process ends.  NULL: not possible. */
static const char *ramfs_mount(void)
{
    static char dir[] = "/tmp/mainstay-ramfs-XXXXXX";

    if (geteuid() != 0 || unshare(CLONE_NEWNS) != 0 ||
        mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 || !mkdtemp(dir))
        return NULL;
    if (mount("none", dir, "ramfs", 0, "mode=1777") == 0)
        return dir;
    (void)rmdir(dir);
    return NULL;
}

static int run_on_ramfs(const char *dir)
{
    const struct CMUnitTest tests[] = {
        LOCAL_TEST(an_unknown_file_system_is_asked_each_time),
    };
    int failed;

    if (!dir) {
        test_skip_part("cannot mount a ramfs, which needs root");
        return 0;
    }
    local_setting.parent = dir;
    local_setting.finding = LOCAL_FIND_BY_MAP;
    local_setting.sole_changer = 1; /* the administrator vouches in vain */
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    (void)umount2(dir, MNT_DETACH);
    (void)rmdir(dir);
    return failed;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOCAL_TEST(a_note_is_not_used_for_what_comes_to_lie_there),
        LOCAL_TEST(without_inode_numbers_there_are_no_notes),
        LOCAL_TEST(a_change_of_a_batch_asks_once),
        LOCAL_TEST(a_change_ends_the_use_of_what_others_met),
        LOCAL_TEST(another_change_between_two_is_not_missed),
        LOCAL_TEST(a_change_that_runs_meanwhile_leaves_no_note),
        LOCAL_TEST(a_change_that_has_begun_voids_the_note),
        LOCAL_TEST(attributes_that_are_met_during_a_change_are_not_used),
    };
    const char *ramfs = ramfs_mount();
    int status = local_group_run(tests);

    return test_exit_status((status != 0 && status != TEST_EXIT_SKIPPED) + run_on_ramfs(ramfs));
}
