/* SPDX-License-Identifier: Apache-2.0 */
/* remove: files, directories, and what stays while it is held. */
#include "backend/contract.h"

static void removed_names_are_gone(void **state)
{
    struct contract *c = *state;
    const enum vfs_type types[] = {VFS_REG, VFS_DIR, VFS_LNK, VFS_SOCK, VFS_FIFO};

    for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
        assert_ok(do_make(c->root, &c->owner, "x", types[i], 0644));
        assert_ok(do_remove(c->root, &c->owner, "x"));
        assert_status(do_find(c->root, &c->owner, "x"), VFS_NOENT);
    }
    assert_status(do_remove(c->root, &c->owner, "x"), VFS_NOENT);
}

static void full_directories_stay(void **state)
{
    struct contract *c = *state;
    struct vfs_object *dir = make_dir(c, "dir");

    assert_ok(do_make(dir, &c->owner, "x", VFS_REG, 0644));
    assert_status(do_remove(c->root, &c->owner, "dir"), VFS_NOTEMPTY);
    assert_ok(do_remove(dir, &c->owner, "x"));
    assert_ok(do_remove(c->root, &c->owner, "dir"));
    vfs_object_put(dir);
}

static void directory_links_are_counted(void **state)
{
    struct contract *c = *state;
    uint32_t links = attr_of(c->root).nlink;
    struct vfs_object *dir = make_dir(c, "dir");

    assert_ok(do_make(dir, &c->owner, "sub", VFS_DIR, 0755));
    assert_ok(do_make(dir, &c->owner, "file", VFS_REG, 0644));
    assert_int_equal(attr_of(dir).nlink, 3);
    assert_ok(do_remove(dir, &c->owner, "sub"));
    assert_int_equal(attr_of(dir).nlink, 2);
    assert_ok(do_remove(dir, &c->owner, "file"));
    assert_ok(do_remove(c->root, &c->owner, "dir"));
    assert_int_equal(attr_of(c->root).nlink, links);
    vfs_object_put(dir);
}

static void held_directory_stays_readable(void **state)
{
    struct contract *c = *state;
    struct vfs_object *dir = make_dir(c, "dir"), *out;

    assert_ok(do_remove(c->root, &c->owner, "dir"));
    assert_int_equal(attr_of(dir).type, VFS_DIR);
    assert_either(do_find(dir, &c->owner, "x"), VFS_NOENT, VFS_STALE);
    assert_either(c->fs->ops->parent(dir, &c->owner, &out), VFS_NOENT, VFS_STALE);
    vfs_object_put(dir);
}

static void remove_tells_the_change(void **state)
{
    struct contract *c = *state;
    struct vfs_name name = name_of("file");
    struct vfs_change_info info;
    uint64_t before;

    assert_ok(do_make(c->root, &c->owner, "file", VFS_REG, 0644));
    before = change_of(c->root);
    assert_ok(c->fs->ops->remove(c->root, &c->owner, &name, &info));
    assert_int_equal(info.before, before);
    assert_int_equal(info.after, change_of(c->root));
    assert_true(info.after > before);
}

/* The caller has looked up what it removes, but the name may belong to another object by now. */
static void remove_of_what_is_expected(void **state)
{
    struct contract *c = *state;
    struct vfs_name name = name_of("file");
    struct vfs_change_info info;
    struct vfs_object *file, *other;

    name.expects = true;
    assert_ok(do_make(c->root, &c->owner, "file", VFS_REG, 0644));
    assert_ok(do_make(c->root, &c->owner, "other", VFS_REG, 0644));
    assert_ok(do_lookup(c->root, &c->owner, "file", &file));
    assert_ok(do_lookup(c->root, &c->owner, "other", &other));
    assert_status(c->fs->ops->remove(c->root, &c->owner, &name, &info), VFS_CHANGED);
    name.expected = other;
    assert_status(c->fs->ops->remove(c->root, &c->owner, &name, &info), VFS_CHANGED);
    assert_ok(do_find(c->root, &c->owner, "file"));
    name.expected = file;
    assert_ok(c->fs->ops->remove(c->root, &c->owner, &name, &info));
    assert_status(c->fs->ops->remove(c->root, &c->owner, &name, &info), VFS_NOENT);
    vfs_object_put(file);
    vfs_object_put(other);
}

static void failed_remove_changes_nothing(void **state)
{
    struct contract *c = *state;
    struct vfs_object *dir = make_dir(c, "dir");
    uint64_t before;

    assert_ok(do_make(dir, &c->owner, "x", VFS_REG, 0644));
    before = change_of(c->root);
    assert_status(do_remove(c->root, &c->owner, "dir"), VFS_NOTEMPTY);
    assert_status(do_remove(c->root, &c->owner, "none"), VFS_NOENT);
    assert_int_equal(change_of(c->root), before);
    vfs_object_put(dir);
}

static void a_name_serves_again(void **state)
{
    struct contract *c = *state;
    struct vfs_object *old = make_file(c, "x");
    struct vfs_object *fresh, *found;

    assert_ok(do_remove(c->root, &c->owner, "x"));
    fresh = make_file(c, "x");
    assert_ptr_not_equal(fresh, old);
    assert_int_not_equal(fresh->fileid, old->fileid);
    assert_ok(do_lookup(c->root, &c->owner, "x", &found));
    assert_ptr_equal(found, fresh);
    vfs_object_put(found);
    vfs_object_put(fresh);
    vfs_object_put(old);
}

static void remove_needs_write_and_search(void **state)
{
    struct contract *c = *state;
    struct vfs_object *dir = make_dir(c, "dir");
    const uint32_t modes[] = {0755, 0756, 0754, 0751};

    assert_ok(do_make(dir, &c->owner, "x", VFS_REG, 0666));
    for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
        assert_ok(do_chmod(dir, &c->owner, modes[i]));
        assert_status(do_remove(dir, &c->other, "x"), VFS_ACCESS);
    }
    assert_ok(do_chmod(dir, &c->owner, 0757));
    assert_ok(do_remove(dir, &c->other, "x"));
    assert_ok(do_make(dir, &c->owner, "x", VFS_REG, 0));
    assert_ok(do_chmod(dir, &c->owner, 0));
    assert_status(do_remove(dir, &c->owner, "x"), VFS_ACCESS);
    assert_ok(do_remove(dir, &c->super, "x"));
    vfs_object_put(dir);
}

static void sticky_directory_guards(void **state)
{
    struct contract *c = *state;
    struct vfs_object *dir = make_dir(c, "dir");

    assert_ok(do_chmod(dir, &c->owner, 01777));
    assert_ok(do_make(dir, &c->member, "a", VFS_REG, 0666));
    assert_ok(do_make(dir, &c->member, "d", VFS_DIR, 0777));
    assert_status(do_remove(dir, &c->other, "a"), VFS_PERM);
    assert_status(do_remove(dir, &c->other, "d"), VFS_PERM);
    assert_status(do_rename(dir, "a", dir, "b", &c->other), VFS_PERM);
    assert_ok(do_make(dir, &c->other, "c", VFS_REG, 0666));
    assert_status(do_rename(dir, "c", dir, "a", &c->other), VFS_PERM);
    assert_ok(do_rename(dir, "c", dir, "e", &c->other));
    assert_ok(do_remove(dir, &c->member, "a"));
    assert_ok(do_remove(dir, &c->owner, "e")); /* by the directory's owner */
    assert_ok(do_remove(dir, &c->super, "d"));
    vfs_object_put(dir);
}

static const struct contract_test tests[] = {
    CONTRACT_TEST(removed_names_are_gone, NEEDS_NOTHING),
    CONTRACT_TEST(full_directories_stay, NEEDS_NOTHING),
    CONTRACT_TEST(directory_links_are_counted, NEEDS_NOTHING),
    CONTRACT_TEST(held_directory_stays_readable, NEEDS_NOTHING),
    CONTRACT_TEST(remove_tells_the_change, NEEDS_NOTHING),
    CONTRACT_TEST(remove_of_what_is_expected, NEEDS_NOTHING),
    CONTRACT_TEST(failed_remove_changes_nothing, NEEDS_NOTHING),
    CONTRACT_TEST(a_name_serves_again, NEEDS_NOTHING),
    CONTRACT_TEST(remove_needs_write_and_search, NEEDS_USERS),
    CONTRACT_TEST(sticky_directory_guards, NEEDS_USERS),
};

CONTRACT_GROUP(remove, tests);
