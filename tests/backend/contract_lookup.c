/* SPDX-License-Identifier: Apache-2.0 */
/* root, lookup, parent. */
#include "backend/contract.h"

static void root_is_a_directory(void **state)
{
    struct contract *c = *state;
    struct vfs_attr attr = attr_of(c->root);
    struct vfs_object *again;

    assert_int_equal(c->root->type, VFS_DIR);
    assert_int_equal(attr.type, VFS_DIR);
    assert_int_equal(attr.mode & 0777, 0755);
    assert_int_equal(attr.uid, c->owner.uid);
    assert_int_equal(attr.gid, c->owner.gid);
    assert_int_not_equal(attr.fileid, 0);
    assert_ok(c->fs->ops->root(c->fs, &again));
    assert_ptr_equal(again, c->root);
    vfs_object_put(again);
}

static void lookup_finds_created_objects(void **state)
{
    struct contract *c = *state;
    struct vfs_object *file = make_file(c, "file");
    struct vfs_object *found;

    assert_ok(do_lookup(c->root, &c->owner, "file", &found));
    assert_ptr_equal(found, file);
    assert_int_equal(found->type, VFS_REG);
    vfs_object_put(found);
    vfs_object_put(file);
}

static void two_lookups_give_one_pointer(void **state)
{
    struct contract *c = *state;
    struct vfs_object *a, *b;

    assert_ok(do_make(c->root, &c->owner, "dir", VFS_DIR, 0755));
    assert_ok(do_lookup(c->root, &c->owner, "dir", &a));
    assert_ok(do_lookup(c->root, &c->owner, "dir", &b));
    assert_ptr_equal(a, b);
    vfs_object_put(a);
    vfs_object_put(b);
}

static void names_differ_in_every_byte(void **state)
{
    struct contract *c = *state;
    const char *const names[] = {"a",         "A",   "aa", "a ", " a", "a\x01", "\xc3\xa4",
                                 "a\xcc\x88", "...", ".a", "-",  "\\", "a*"};

    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        assert_ok(do_make(c->root, &c->owner, names[i], VFS_REG, 0644));
    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        assert_ok(do_find(c->root, &c->owner, names[i]));
    assert_status(do_find(c->root, &c->owner, "b"), VFS_NOENT);
}

static void longest_name_works_and_no_longer(void **state)
{
    struct contract *c = *state;
    char name[LIMIT_NAME_BYTES + 2];
    struct vfs_object *file;

    memset(name, 'n', sizeof(name));
    name[LIMIT_NAME_BYTES] = 0;
    file = make_file(c, name);
    assert_ok(do_find(c->root, &c->owner, name));
    name[LIMIT_NAME_BYTES] = 'n';
    name[LIMIT_NAME_BYTES + 1] = 0;
    assert_status(do_find(c->root, &c->owner, name), VFS_NAMETOOLONG);
    assert_status(do_make(c->root, &c->owner, name, VFS_REG, 0644), VFS_NAMETOOLONG);
    assert_status(do_make(c->root, &c->owner, name, VFS_DIR, 0755), VFS_NAMETOOLONG);
    assert_status(do_remove(c->root, &c->owner, name), VFS_NAMETOOLONG);
    assert_status(do_link(file, c->root, &c->owner, name), VFS_NAMETOOLONG);
    assert_ok(do_make(c->root, &c->owner, "short", VFS_REG, 0644));
    assert_status(do_rename(c->root, "short", c->root, name, &c->owner), VFS_NAMETOOLONG);
    vfs_object_put(file);
}

static void lookup_of_nothing(void **state)
{
    struct contract *c = *state;

    assert_status(do_find(c->root, &c->owner, "nothing"), VFS_NOENT);
}

static void lookup_needs_a_directory(void **state)
{
    struct contract *c = *state;
    struct vfs_object *file = make_file(c, "file");
    struct vfs_object *link = make_symlink(c, "link", ".");
    struct vfs_object *out;

    assert_status(do_find(file, &c->owner, "x"), VFS_NOTDIR);
    assert_status(do_find(link, &c->owner, "x"), VFS_NOTDIR);
    assert_status(do_make(file, &c->owner, "x", VFS_REG, 0644), VFS_NOTDIR);
    assert_status(do_remove(file, &c->owner, "x"), VFS_NOTDIR);
    assert_status(do_rename(file, "x", c->root, "y", &c->owner), VFS_NOTDIR);
    assert_status(do_rename(c->root, "file", file, "y", &c->owner), VFS_NOTDIR);
    assert_status(do_link(file, link, &c->owner, "y"), VFS_NOTDIR);
    assert_status(c->fs->ops->parent(file, &c->owner, &out), VFS_NOTDIR);
    vfs_object_put(file);
    vfs_object_put(link);
}

/* A symlink in the tree is an object: lookup never follows it. */
static void lookup_does_not_follow(void **state)
{
    struct contract *c = *state;
    struct vfs_object *dir = make_dir(c, "dir");
    struct vfs_object *link = make_symlink(c, "link", "dir");
    struct vfs_object *found;

    assert_ok(do_lookup(c->root, &c->owner, "link", &found));
    assert_ptr_equal(found, link);
    assert_int_equal(found->type, VFS_LNK);
    vfs_object_put(found);
    vfs_object_put(link);
    vfs_object_put(dir);
}

static void parent_leads_up(void **state)
{
    struct contract *c = *state;
    struct vfs_object *dir = make_dir(c, "dir");
    struct vfs_object *sub = make(dir, &c->owner, "sub", VFS_DIR, 0755);
    struct vfs_object *out;

    assert_ok(c->fs->ops->parent(sub, &c->owner, &out));
    assert_ptr_equal(out, dir);
    vfs_object_put(out);
    assert_ok(c->fs->ops->parent(dir, &c->owner, &out));
    assert_ptr_equal(out, c->root);
    vfs_object_put(out);
    assert_status(c->fs->ops->parent(c->root, &c->owner, &out), VFS_NOENT);
    vfs_object_put(sub);
    vfs_object_put(dir);
}

static void parent_follows_a_rename(void **state)
{
    struct contract *c = *state;
    struct vfs_object *a = make_dir(c, "a");
    struct vfs_object *b = make_dir(c, "b");
    struct vfs_object *sub = make(a, &c->owner, "sub", VFS_DIR, 0755);
    struct vfs_object *out;

    assert_ok(do_rename(a, "sub", b, "sub", &c->owner));
    assert_ok(c->fs->ops->parent(sub, &c->owner, &out));
    assert_ptr_equal(out, b);
    vfs_object_put(out);
    vfs_object_put(sub);
    vfs_object_put(b);
    vfs_object_put(a);
}

static void search_needs_x(void **state)
{
    struct contract *c = *state;
    struct vfs_object *dir = make_dir(c, "dir");
    struct vfs_object *sub = make(dir, &c->owner, "sub", VFS_DIR, 0755);
    struct vfs_object *out;

    assert_ok(do_chmod(dir, &c->owner, 0744));
    assert_status(do_find(dir, &c->other, "sub"), VFS_ACCESS);
    assert_status(do_find(dir, &c->other, "nothing"), VFS_ACCESS);
    assert_ok(do_find(dir, &c->owner, "sub"));
    assert_ok(do_find(dir, &c->super, "sub"));
    assert_ok(do_chmod(sub, &c->owner, 0744));
    assert_status(c->fs->ops->parent(sub, &c->other, &out), VFS_ACCESS);
    vfs_object_put(sub);
    vfs_object_put(dir);
}

static const struct contract_test tests[] = {
    CONTRACT_TEST(root_is_a_directory, NEEDS_NOTHING),
    CONTRACT_TEST(lookup_finds_created_objects, NEEDS_NOTHING),
    CONTRACT_TEST(two_lookups_give_one_pointer, NEEDS_NOTHING),
    CONTRACT_TEST(names_differ_in_every_byte, NEEDS_NOTHING),
    CONTRACT_TEST(longest_name_works_and_no_longer, NEEDS_NOTHING),
    CONTRACT_TEST(lookup_of_nothing, NEEDS_NOTHING),
    CONTRACT_TEST(lookup_needs_a_directory, NEEDS_NOTHING),
    CONTRACT_TEST(lookup_does_not_follow, NEEDS_NOTHING),
    CONTRACT_TEST(parent_leads_up, NEEDS_NOTHING),
    CONTRACT_TEST(parent_follows_a_rename, NEEDS_NOTHING),
    CONTRACT_TEST(search_needs_x, NEEDS_USERS),
};

CONTRACT_GROUP(lookup, tests);
