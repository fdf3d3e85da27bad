/* SPDX-License-Identifier: Apache-2.0 */
/* rename: which type may replace which, within and across directories, and attempts to make a
 * cycle. */
#include "backend/contract.h"

enum target {
    TARGET_NONE,
    TARGET_FILE,
    TARGET_LINK, /* a symlink: not a directory either */
    TARGET_DIR,
    TARGET_FULL, /* a directory that is not empty */
};

static void make_target(struct contract *c, struct vfs_object *dir, enum target target)
{
    struct vfs_object *obj;

    switch (target) {
    case TARGET_NONE:
        return;
    case TARGET_FILE:
        assert_ok(do_make(dir, &c->owner, "to", VFS_REG, 0644));
        return;
    case TARGET_LINK:
        assert_ok(do_make(dir, &c->owner, "to", VFS_LNK, 0777));
        return;
    case TARGET_DIR:
        assert_ok(do_make(dir, &c->owner, "to", VFS_DIR, 0755));
        return;
    case TARGET_FULL:
        obj = make(dir, &c->owner, "to", VFS_DIR, 0755);
        assert_ok(do_make(obj, &c->owner, "x", VFS_REG, 0644));
        vfs_object_put(obj);
        return;
    }
}

static enum vfs_status expected(enum vfs_type source, enum target target)
{
    if (source == VFS_DIR) {
        if (target == TARGET_FILE || target == TARGET_LINK)
            return VFS_NOTDIR;
        return target == TARGET_FULL ? VFS_NOTEMPTY : VFS_OK;
    }
    return target == TARGET_DIR || target == TARGET_FULL ? VFS_ISDIR : VFS_OK;
}

static void check_one(struct contract *c, struct vfs_object *from_dir, struct vfs_object *to_dir,
                      enum vfs_type type, enum target target)
{
    struct vfs_object *source = make(from_dir, &c->owner, "from", type, 0755);
    struct vfs_object *found;
    enum vfs_status status = expected(type, target);
    uint64_t before_from, before_to;

    make_target(c, to_dir, target);
    before_from = change_of(from_dir);
    before_to = change_of(to_dir);
    assert_status(do_rename(from_dir, "from", to_dir, "to", &c->owner), status);
    if (status == VFS_OK) {
        assert_status(do_find(from_dir, &c->owner, "from"), VFS_NOENT);
        assert_ok(do_lookup(to_dir, &c->owner, "to", &found));
        assert_ptr_equal(found, source);
        vfs_object_put(found);
        assert_true(change_of(from_dir) > before_from);
        assert_true(change_of(to_dir) > before_to);
        assert_int_equal(attr_of(source).nlink, type == VFS_DIR ? 2 : 1);
    } else {
        assert_ok(do_find(from_dir, &c->owner, "from"));
        assert_ok(do_find(to_dir, &c->owner, "to"));
        assert_int_equal(change_of(from_dir), before_from);
        assert_int_equal(change_of(to_dir), before_to);
    }
    vfs_object_put(source);
}

static void matrix(void **state)
{
    struct contract *c = *state;
    const enum vfs_type types[] = {VFS_REG, VFS_DIR, VFS_LNK, VFS_FIFO};
    uint32_t n = 0;

    for (size_t t = 0; t < ARRAY_SIZE(types); t++) {
        for (enum target target = TARGET_NONE; target <= TARGET_FULL; target++) {
            for (uint32_t across = 0; across < 2; across++) {
                char a[16], b[16];
                struct vfs_object *from_dir, *to_dir;

                (void)snprintf(a, sizeof(a), "a%u", n);
                (void)snprintf(b, sizeof(b), "b%u", n++);
                from_dir = make_dir(c, a);
                to_dir = across ? make_dir(c, b) : vfs_object_get(from_dir);
                check_one(c, from_dir, to_dir, types[t], target);
                vfs_object_put(from_dir);
                vfs_object_put(to_dir);
            }
        }
    }
}

static void directory_links_move(void **state)
{
    struct contract *c = *state;
    struct vfs_object *a = make_dir(c, "a"), *b = make_dir(c, "b");

    assert_ok(do_make(a, &c->owner, "sub", VFS_DIR, 0755));
    assert_ok(do_rename(a, "sub", b, "sub", &c->owner));
    assert_int_equal(attr_of(a).nlink, 2);
    assert_int_equal(attr_of(b).nlink, 3);
    assert_ok(do_make(a, &c->owner, "sub", VFS_DIR, 0755));
    assert_ok(do_rename(a, "sub", b, "sub", &c->owner));
    assert_int_equal(attr_of(a).nlink, 2);
    assert_int_equal(attr_of(b).nlink, 3);
    assert_ok(do_make(b, &c->owner, "more", VFS_DIR, 0755));
    assert_ok(do_rename(b, "more", b, "sub", &c->owner));
    assert_int_equal(attr_of(b).nlink, 3);
    vfs_object_put(a);
    vfs_object_put(b);
}

static void replaced_objects_are_gone(void **state)
{
    struct contract *c = *state;
    struct vfs_object *old = make_file(c, "old");
    struct vfs_object *dir = make_dir(c, "dir");

    assert_ok(do_make(c->root, &c->owner, "new", VFS_REG, 0644));
    assert_ok(do_rename(c->root, "new", c->root, "old", &c->owner));
    assert_int_equal(attr_of(old).nlink, 0);
    assert_ok(do_make(c->root, &c->owner, "newdir", VFS_DIR, 0755));
    assert_ok(do_rename(c->root, "newdir", c->root, "dir", &c->owner));
    assert_either(do_make(dir, &c->owner, "x", VFS_REG, 0644), VFS_NOENT, VFS_STALE);
    vfs_object_put(dir);
    vfs_object_put(old);
}

static void same_object_is_left_alone(void **state)
{
    struct contract *c = *state;
    struct vfs_object *dir = make_dir(c, "dir");
    struct vfs_object *file = make_file(c, "file");
    uint64_t before;

    assert_ok(do_link(file, c->root, &c->owner, "link"));
    assert_ok(do_link(file, dir, &c->owner, "link"));
    before = change_of(c->root);
    assert_ok(do_rename(c->root, "file", c->root, "link", &c->owner));
    assert_ok(do_rename(c->root, "file", dir, "link", &c->owner));
    assert_ok(do_rename(c->root, "file", c->root, "file", &c->owner));
    assert_ok(do_rename(c->root, "dir", c->root, "dir", &c->owner));
    assert_int_equal(change_of(c->root), before);
    assert_int_equal(attr_of(file).nlink, 3);
    assert_ok(do_find(c->root, &c->owner, "file"));
    assert_ok(do_find(c->root, &c->owner, "link"));
    assert_ok(do_find(dir, &c->owner, "link"));
    vfs_object_put(file);
    vfs_object_put(dir);
}

static void rename_of_nothing(void **state)
{
    struct contract *c = *state;

    assert_ok(do_make(c->root, &c->owner, "there", VFS_REG, 0644));
    assert_status(do_rename(c->root, "none", c->root, "there", &c->owner), VFS_NOENT);
    assert_status(do_rename(c->root, "none", c->root, "none", &c->owner), VFS_NOENT);
    assert_ok(do_find(c->root, &c->owner, "there"));
}

static void no_directory_below_itself(void **state)
{
    struct contract *c = *state;
    struct vfs_object *a = make_dir(c, "a");
    struct vfs_object *b = make(a, &c->owner, "b", VFS_DIR, 0755);
    struct vfs_object *d = make(b, &c->owner, "d", VFS_DIR, 0755);

    assert_status(do_rename(c->root, "a", a, "x", &c->owner), VFS_INVAL);
    assert_status(do_rename(c->root, "a", b, "x", &c->owner), VFS_INVAL);
    assert_status(do_rename(c->root, "a", d, "x", &c->owner), VFS_INVAL);
    assert_status(do_rename(c->root, "a", a, "b", &c->owner), VFS_INVAL);
    assert_status(do_rename(a, "b", d, "x", &c->owner), VFS_INVAL);
    /* Replacing its own parent, which is not empty; the directories above are unaffected. */
    assert_status(do_rename(a, "b", c->root, "a", &c->owner), VFS_NOTEMPTY);
    assert_status(do_rename(b, "d", c->root, "a", &c->owner), VFS_NOTEMPTY);
    assert_ok(do_rename(b, "d", c->root, "x", &c->owner));
    assert_ok(do_rename(a, "b", d, "b", &c->owner));
    vfs_object_put(d);
    vfs_object_put(b);
    vfs_object_put(a);
}

static void rename_tells_both_changes(void **state)
{
    struct contract *c = *state;
    struct vfs_object *dir = make_dir(c, "dir");
    struct vfs_name from = name_of("file"), to = name_of("moved");
    struct vfs_change_info a, b;
    uint64_t before_from, before_to;

    assert_ok(do_make(c->root, &c->owner, "file", VFS_REG, 0644));
    before_from = change_of(c->root);
    before_to = change_of(dir);
    assert_ok(c->fs->ops->rename(c->root, &from, dir, &to, &c->owner, &a, &b));
    assert_int_equal(a.before, before_from);
    assert_int_equal(b.before, before_to);
    assert_int_equal(a.after, change_of(c->root));
    assert_int_equal(b.after, change_of(dir));
    assert_true(a.after > a.before && b.after > b.before);
    vfs_object_put(dir);
}

static void rename_is(struct contract *c, const struct vfs_name *from, const struct vfs_name *to,
                      enum vfs_status status)
{
    struct vfs_change_info a, b;

    assert_status(c->fs->ops->rename(c->root, from, c->root, to, &c->owner, &a, &b), status);
}

/* The moved and the replaced object may not be those that the caller has looked up. */
static void rename_of_what_is_expected(void **state)
{
    struct contract *c = *state;
    struct vfs_name from = name_of("from"), to = name_of("to");
    struct vfs_object *moved, *replaced;

    assert_ok(do_make(c->root, &c->owner, "from", VFS_REG, 0644));
    assert_ok(do_make(c->root, &c->owner, "to", VFS_REG, 0644));
    assert_ok(do_lookup(c->root, &c->owner, "from", &moved));
    assert_ok(do_lookup(c->root, &c->owner, "to", &replaced));
    from.expects = to.expects = true;
    from.expected = moved;
    rename_is(c, &from, &to, VFS_CHANGED);
    to.expected = moved;
    rename_is(c, &from, &to, VFS_CHANGED);
    to.expected = replaced;
    from.expected = replaced;
    rename_is(c, &from, &to, VFS_CHANGED);
    assert_ok(do_find(c->root, &c->owner, "from"));
    from.expected = moved;
    rename_is(c, &from, &to, VFS_OK);
    rename_is(c, &from, &to, VFS_NOENT);
    vfs_object_put(moved);
    vfs_object_put(replaced);
}

static void rename_needs_both_directories(void **state)
{
    struct contract *c = *state;
    struct vfs_object *a = make_dir(c, "a"), *b = make_dir(c, "b");

    assert_ok(do_make(a, &c->owner, "f", VFS_REG, 0666));
    assert_ok(do_chmod(a, &c->owner, 0777));
    assert_status(do_rename(a, "f", b, "f", &c->other), VFS_ACCESS);
    assert_ok(do_chmod(a, &c->owner, 0755));
    assert_ok(do_chmod(b, &c->owner, 0777));
    assert_status(do_rename(a, "f", b, "f", &c->other), VFS_ACCESS);
    assert_ok(do_chmod(a, &c->owner, 0776));
    assert_status(do_rename(a, "f", b, "f", &c->other), VFS_ACCESS);
    assert_status(do_rename(a, "none", b, "f", &c->other), VFS_ACCESS);
    assert_ok(do_chmod(a, &c->owner, 0777));
    assert_ok(do_rename(a, "f", b, "f", &c->other));
    vfs_object_put(a);
    vfs_object_put(b);
}

/* Its `..` changes. */
static void moved_directory_must_be_writable(void **state)
{
    struct contract *c = *state;
    struct vfs_object *a = make_dir(c, "a"), *b = make_dir(c, "b");

    assert_ok(do_chmod(a, &c->owner, 0777));
    assert_ok(do_chmod(b, &c->owner, 0777));
    assert_ok(do_make(a, &c->owner, "sub", VFS_DIR, 0755));
    assert_status(do_rename(a, "sub", b, "sub", &c->other), VFS_ACCESS);
    assert_ok(do_rename(a, "sub", a, "sub2", &c->other));
    assert_ok(do_rename(a, "sub2", b, "sub", &c->owner));
    vfs_object_put(a);
    vfs_object_put(b);
}

static const struct contract_test tests[] = {
    CONTRACT_TEST(matrix, NEEDS_NOTHING),
    CONTRACT_TEST(directory_links_move, NEEDS_NOTHING),
    CONTRACT_TEST(replaced_objects_are_gone, NEEDS_NOTHING),
    CONTRACT_TEST(same_object_is_left_alone, NEEDS_NOTHING),
    CONTRACT_TEST(rename_of_nothing, NEEDS_NOTHING),
    CONTRACT_TEST(no_directory_below_itself, NEEDS_NOTHING),
    CONTRACT_TEST(rename_of_what_is_expected, NEEDS_NOTHING),
    CONTRACT_TEST(rename_tells_both_changes, NEEDS_NOTHING),
    CONTRACT_TEST(rename_needs_both_directories, NEEDS_USERS),
    CONTRACT_TEST(moved_directory_must_be_writable, NEEDS_USERS),
};

CONTRACT_GROUP(rename, tests);
