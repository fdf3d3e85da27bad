/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attributes and names that are kept where only this server changes the files: whatever it does,
 * through the export that keeps them or through one that overlaps it, no answer is older than a
 * change that was answered.  So it is where the kernel tells what others change
 * (local_witness_test.c is about these others).  Some system calls of this program count, to see
 * who asks the kernel; one of them can be made to lose a race.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "backend/local/local_internal.h"
#include "backend/local_kept_tree.h"
#include "base/counter.h"

enum {
    FILES = 300,
    RACE_ROUNDS = 3000,
    RACE_READERS = 3,
    READS = 1000000, /* many ticks of a clock */
    OTHER = CONTRACT_OWNER + 1,
};

static _Thread_local unsigned statx_calls; /* not the sweeper's */
static _Thread_local void (*after_statx)(void);

int statx(int dirfd, const char *path, int flags, unsigned mask, struct statx *st)
{
    int got = (int)syscall(SYS_statx, dirfd, path, flags, mask, st), err = errno;
    void (*hook)(void) = after_statx;

    statx_calls++;
    after_statx = NULL; /* it calls statx(), too */
    if (hook)
        hook();
    errno = err;
    return got;
}

/* ---- the changes ---- */

static void change_write(struct vfs_object *file)
{
    assert_ok(do_write(file, &owner, 4096, "data", 4));
}

static void change_size(struct vfs_object *file)
{
    assert_ok(do_truncate(file, &owner, 12345));
}

static void change_mode(struct vfs_object *file)
{
    assert_ok(do_chmod(file, &owner, 0600));
}

static void change_times(struct vfs_object *file)
{
    struct vfs_attr set = {.mask = VFS_ATTR_MTIME | VFS_ATTR_ATIME, .mtime.tv_sec = 1};
    uint32_t applied;

    assert_ok(file->fs->ops->setattr(file, &owner, &set, false, &applied));
}

static void change_touch(struct vfs_object *file)
{
    assert_ok(file->fs->ops->touch(file));
}

static void change_space(struct vfs_object *file)
{
    enum vfs_status status = file->fs->ops->allocate(file, &owner, 0, 100000);

    assert_true(status == VFS_OK || status == VFS_NOTSUPP);
}

static void change_hole(struct vfs_object *file)
{
    enum vfs_status status;

    assert_ok(do_write(file, &owner, 0, "data", 4));
    status = file->fs->ops->deallocate(file, &owner, 0, 65536);
    assert_true(status == VFS_OK || status == VFS_NOTSUPP);
}

static void change_xattr(struct vfs_object *file)
{
    const struct vfs_xattr_name name = {"name", 4};
    struct vfs_change_info info;
    enum vfs_status status =
        file->fs->ops->setxattr(file, &owner, &name, VFS_SETXATTR_EITHER, "v", 1, &info);

    if (status == VFS_NOTSUPP)
        return;
    assert_ok(status);
    (void)check_kept();
    assert_ok(file->fs->ops->removexattr(file, &owner, &name, &info));
}

static void change_read(struct vfs_object *file)
{
    char buf[8];
    uint32_t got;
    bool eof;

    assert_ok(do_write(file, &owner, 0, "data", 4)); /* now relatime sets the time of access */
    check_tree();
    assert_ok(do_read(file, 0, buf, sizeof(buf), &got, &eof));
}

static void change_copy(struct vfs_object *file)
{
    uint64_t copied;

    assert_ok(do_write(tree.linked, &owner, 0, "some bytes", 10));
    (void)check_kept();
    (void)file->fs->ops->copy(tree.linked, 0, file, 0, 10, &owner, &copied);
    (void)check_kept();
    (void)file->fs->ops->clone(tree.linked, 0, file, 0, 0, &owner);
}

static void change_owner(struct vfs_object *file)
{
    if (local_privileged())
        assert_ok(do_chown(file, &(struct vfs_cred){.uid = 0}, OTHER, OTHER));
}

static const struct {
    const char *name;
    void (*run)(struct vfs_object *file);
} changes[] = {
    {"write", change_write}, {"size", change_size},   {"mode", change_mode},
    {"times", change_times}, {"touch", change_touch}, {"space", change_space},
    {"hole", change_hole},   {"xattr", change_xattr}, {"read", change_read},
    {"copy", change_copy},   {"owner", change_owner},
};

/* Through the export that keeps attributes, and through the one inside. */
static void each_change_is_seen(void **state)
{
    (void)state;
    need_kept();
    for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
        assert_true(check_kept() > 0);
        print_message("%s\n", changes[i].name);
        changes[i].run(tree.file);
        (void)check_kept();
        changes[i].run(tree.inner_file);
        (void)check_kept();
    }
}

/* Also by another name, which is in another directory. */
static void changes_of_a_linked_file_are_seen(void **state)
{
    struct vfs_object *other;

    (void)state;
    need_kept();
    assert_true(check_kept() > 0);
    assert_ok(do_lookup(tree.inner_root, &owner, "linked", &other));
    assert_ok(do_chmod(other, &owner, 0400));
    check_tree();
    assert_true(check_kept() > 0);
    assert_ok(do_remove(tree.root, &owner, "other name"));
    check_tree();
    assert_true(check_kept() > 0);
    assert_ok(do_link(other, tree.inner_root, &owner, "third"));
    check_tree();
    vfs_object_put(other);
}

static void changes_of_names_are_seen_in(struct vfs_object *dir)
{
    struct vfs_object *made, *below;

    assert_true(check_kept() > 0);
    made = make(dir, &owner, "made", VFS_DIR, 0700);
    check_tree();
    assert_true(check_kept() > 0);
    below = make(made, &owner, "below", VFS_REG, 0600);
    check_tree();
    assert_true(check_kept() > 0);
    assert_ok(do_rename(made, "below", dir, "risen", &owner));
    check_tree();
    assert_true(check_kept() > 0);
    assert_ok(do_rename(dir, "risen", dir, "again", &owner));
    check_tree();
    assert_true(check_kept() > 0);
    vfs_object_put(made);
    assert_ok(do_remove(dir, &owner, "made"));
    check_tree();
    assert_true(check_kept() > 0);
    made = make(dir, &owner, "new", VFS_REG, 0600);
    check_tree();
    assert_ok(do_rename(dir, "again", dir, "new", &owner)); /* replaces it */
    check_tree();
    assert_true(check_kept() > 0);
    vfs_object_put(made);
    vfs_object_put(below);
    assert_ok(do_remove(dir, &owner, "new"));
    check_tree();
}

static void changes_of_names_are_seen(void **state)
{
    (void)state;
    need_kept();
    changes_of_names_are_seen_in(tree.sub);
    changes_of_names_are_seen_in(tree.inner_root);
}

/* The inode number of a removed file is used again at once on some file systems. */
static void a_new_file_is_not_taken_for_an_old_one(void **state)
{
    struct vfs_object *made;

    (void)state;
    need_kept();
    for (unsigned i = 0; i < 50; i++) {
        made = make(tree.sub, &owner, "one", VFS_REG, i % 2 ? 0600 : 0640);
        check_tree();
        check_tree();
        check_object(made, "sub/one");
        vfs_object_put(made);
        assert_ok(do_remove(i % 3 ? tree.sub : tree.inner_root, &owner, "one"));
    }
}

/* ---- races ---- */

static void write_late(void)
{
    assert_ok(do_truncate(tree.inner_file, &owner, 777));
}

/* The change comes between the statx() and the moment when its result is kept. */
static void what_was_read_before_a_change_is_not_kept(void **state)
{
    struct vfs_attr old;

    (void)state;
    need_kept();
    assert_ok(do_chmod(tree.file, &owner, 0640));
    after_statx = write_late;
    old = attr_of(tree.file);
    assert_null(after_statx);
    assert_int_equal(old.size, 0);
    assert_int_equal(attr_of(tree.file).size, 777);
    check_tree();
}

static unsigned asked;

static void look_meanwhile(void)
{
    const unsigned before = statx_calls;

    (void)attr_of(tree.sub);
    (void)attr_of(tree.sub);
    asked = statx_calls - before;
}

/* A statx() belongs to the change: it runs by then. */
static void nothing_kept_is_answered_while_a_change_runs(void **state)
{
    (void)state;
    need_kept();
    assert_true(check_kept() > 0);
    asked = 0;
    after_statx = look_meanwhile;
    vfs_object_put(make(tree.inner_root, &owner, "made", VFS_DIR, 0700));
    assert_null(after_statx);
    assert_int_equal(asked, 2);
    check_tree();
}

static bool skip_entry(void *arg, const struct vfs_dirent *entry)
{
    (void)arg;
    (void)entry;
    return true;
}

static void what_a_listing_read_before_a_change_is_not_kept(void **state)
{
    struct vfs_readdir rd = {.attr_mask = VFS_ATTR_ALL_GET, .emit = skip_entry};
    struct vfs_attr attr;

    (void)state;
    need_kept();
    check_tree();
    check_tree();
    assert_ok(do_chmod(tree.file, &owner, 0640)); /* the only one to be asked for */
    after_statx = write_late;
    assert_ok(tree.sub->fs->ops->readdir(tree.sub, &owner, &rd));
    assert_null(after_statx);
    attr = attr_of(tree.file);
    assert_int_equal(attr.size, 777);
    check_tree();
}

static _Atomic uint64_t answered;
static _Atomic bool over;

static bool see_entry(void *arg, const struct vfs_dirent *entry)
{
    if (entry->name.len == 4 && memcmp(entry->name.data, "file", 4) == 0)
        *(uint64_t *)arg = entry->attr->size;
    return true;
}

static void *reader_run(void *unused)
{
    (void)unused;
    while (!atomic_load(&over)) {
        uint64_t before = atomic_load(&answered), seen = UINT64_MAX;
        struct vfs_readdir rd = {.attr_mask = VFS_ATTR_ALL_GET, .emit = see_entry, .arg = &seen};

        assert_true(attr_of(tree.file).size >= before);
        before = atomic_load(&answered);
        assert_ok(tree.sub->fs->ops->readdir(tree.sub, &owner, &rd));
        assert_true(seen >= before);
    }
    vfs_own_identity();
    return NULL;
}

static void no_reader_sees_less_than_was_answered(void **state)
{
    pthread_t readers[RACE_READERS];

    (void)state;
    need_kept();
    atomic_store(&answered, 0);
    atomic_store(&over, false);
    for (unsigned i = 0; i < RACE_READERS; i++)
        assert_int_equal(pthread_create(&readers[i], NULL, reader_run, NULL), 0);
    for (uint64_t size = 1; size <= RACE_ROUNDS; size++) {
        assert_ok(do_truncate(size % 2 ? tree.file : tree.inner_file, &owner, size));
        atomic_store(&answered, size);
    }
    atomic_store(&over, true);
    for (unsigned i = 0; i < RACE_READERS; i++)
        assert_int_equal(pthread_join(readers[i], NULL), 0);
}

/* ---- what it is for, and when it is not used ---- */

static void known_entries_take_no_system_call(void **state)
{
    struct vfs_readdir rd = {
        .attr_mask = VFS_ATTR_ALL_GET, .want_handle = true, .emit = skip_entry};
    char name[16];

    (void)state;
    need_kept();
    for (unsigned i = 0; i < FILES; i++) {
        (void)snprintf(name, sizeof(name), "f%u", i);
        vfs_object_put(make(tree.sub, &owner, name, VFS_REG, 0600));
    }
    for (unsigned i = 0; i < 3; i++) {
        statx_calls = 0;
        rd.cookie = 0;
        assert_ok(tree.sub->fs->ops->readdir(tree.sub, &owner, &rd));
    }
    assert_true(statx_calls < FILES / 10); /* some share a version with others */
    statx_calls = 0;
    (void)attr_of(tree.sub);
    (void)attr_of(tree.sub);
    assert_true(statx_calls <= 1);
}

/* Once the time of access is later than the last change, relatime leaves it as it is. */
static void reads_of_this_server_leave_what_is_kept(void **state)
{
    uint64_t before = hits();
    char buf[8];
    uint32_t got;
    bool eof;

    (void)state;
    need_kept();
    assert_ok(do_write(tree.file, &owner, 0, "data", 4));
    for (unsigned i = 0; i < READS && hits() == before; i++) {
        (void)attr_of(tree.file);
        before = hits();
        assert_ok(do_read(tree.file, 0, buf, sizeof(buf), &got, &eof));
        (void)attr_of(tree.file);
    }
    assert_true(hits() > before);
}

struct shown {
    unsigned count, without;
};

static bool count_hidden(void *arg, const struct vfs_dirent *entry)
{
    struct shown *listed = arg;

    listed->count++;
    listed->without += entry->attr == NULL;
    return true;
}

static void those_who_may_not_search_get_no_attributes(void **state)
{
    const struct vfs_cred other = {.uid = OTHER, .gid = OTHER};
    struct shown listed = {.count = 0};
    struct vfs_readdir rd = {.attr_mask = VFS_ATTR_ALL_GET, .emit = count_hidden, .arg = &listed};

    (void)state;
    need_kept();
    if (!local_privileged())
        test_skip("all callers are one user here");
    assert_ok(do_chmod(tree.sub, &owner, 0744));
    assert_true(check_kept() > 0);
    assert_ok(tree.sub->fs->ops->readdir(tree.sub, &other, &rd));
    assert_true(listed.count > 0);
    assert_int_equal(listed.without, listed.count);
}

static void change_behind(off_t size)
{
    vfs_own_identity();
    assert_int_equal(truncate(local_path(tree.dir, "sub/file"), size), 0);
}

/* Who takes the word back, and gives it again later, is not held to what was before. */
static void what_is_kept_lasts_as_long_as_the_word(void **state)
{
    (void)state;
    need_kept();
    assert_true(check_kept() > 0);
    change_behind(11);
    assert_int_equal(attr_of(tree.file).size, 0); /* as the administrator has it */
    atomic_store(&tree.dir->fs->sole_changer, 0);
    assert_int_equal(attr_of(tree.file).size, 11);
    change_behind(12);
    atomic_store(&tree.dir->fs->sole_changer, 2);
    assert_int_equal(attr_of(tree.file).size, 12);
    assert_true(check_kept() > 0);
}

/* Such as the owner, by whom it permits I/O, and the size, up to which it copies. */
static void what_the_server_decides_by_is_not_kept(void **state)
{
    struct vfs_attr attr;

    (void)state;
    need_kept();
    assert_true(check_kept() > 0);
    change_behind(11);
    assert_int_equal(attr_of(tree.file).size, 0);
    assert_ok(tree.file->fs->ops->getattr(tree.file, VFS_ATTR_SIZE | VFS_ATTR_FRESH, &attr));
    assert_int_equal(attr.size, 11);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TREE_TEST(each_change_is_seen),
        TREE_TEST(changes_of_a_linked_file_are_seen),
        TREE_TEST(changes_of_names_are_seen),
        TREE_TEST(a_new_file_is_not_taken_for_an_old_one),
        TREE_TEST(what_was_read_before_a_change_is_not_kept),
        TREE_TEST(nothing_kept_is_answered_while_a_change_runs),
        TREE_TEST(what_a_listing_read_before_a_change_is_not_kept),
        TREE_TEST(no_reader_sees_less_than_was_answered),
        TREE_TEST(known_entries_take_no_system_call),
        TREE_TEST(reads_of_this_server_leave_what_is_kept),
        TREE_TEST(those_who_may_not_search_get_no_attributes),
        TREE_TEST(what_is_kept_lasts_as_long_as_the_word),
        TREE_TEST(what_the_server_decides_by_is_not_kept),
        WATCHED_TEST(each_change_is_seen),
        WATCHED_TEST(changes_of_a_linked_file_are_seen),
        WATCHED_TEST(changes_of_names_are_seen),
        WATCHED_TEST(a_new_file_is_not_taken_for_an_old_one),
        WATCHED_TEST(what_was_read_before_a_change_is_not_kept),
        WATCHED_TEST(nothing_kept_is_answered_while_a_change_runs),
        WATCHED_TEST(what_a_listing_read_before_a_change_is_not_kept),
        WATCHED_TEST(no_reader_sees_less_than_was_answered),
        WATCHED_TEST(known_entries_take_no_system_call),
        WATCHED_TEST(reads_of_this_server_leave_what_is_kept),
        WATCHED_TEST(those_who_may_not_search_get_no_attributes),
    };

    return local_group_run(tests);
}
