/* SPDX-License-Identifier: Apache-2.0 */
/* Hard links. */
#include "backend/contract.h"
#include "base/limits.h"

static void link_is_the_same_object(void **state)
{
    struct contract *c = *state;
    struct vfs_object *dir = make_dir(c, "dir");
    struct vfs_object *file = make_file(c, "file"), *found;

    assert_ok(do_link(file, dir, &c->owner, "link"));
    assert_int_equal(attr_of(file).nlink, 2);
    assert_ok(do_lookup(dir, &c->owner, "link", &found));
    assert_ptr_equal(found, file);
    vfs_object_put(found);
    assert_ok(do_remove(c->root, &c->owner, "file"));
    assert_int_equal(attr_of(file).nlink, 1);
    assert_ok(do_find(dir, &c->owner, "link"));
    assert_ok(do_remove(dir, &c->owner, "link"));
    assert_int_equal(attr_of(file).nlink, 0);
    vfs_object_put(file);
    vfs_object_put(dir);
}

static void links_of_other_types(void **state)
{
    struct contract *c = *state;
    const enum vfs_type types[] = {VFS_LNK, VFS_SOCK, VFS_FIFO};

    for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
        struct vfs_object *obj = make(c->root, &c->owner, "a", types[i], 0644);

        assert_ok(do_link(obj, c->root, &c->owner, "b"));
        assert_int_equal(attr_of(obj).nlink, 2);
        assert_ok(do_remove(c->root, &c->owner, "a"));
        assert_ok(do_remove(c->root, &c->owner, "b"));
        vfs_object_put(obj);
    }
}

static void no_links_of_directories(void **state)
{
    struct contract *c = *state;
    struct vfs_object *dir = make_dir(c, "dir");

    assert_status(do_link(dir, c->root, &c->owner, "link"), VFS_ISDIR);
    assert_status(do_link(dir, dir, &c->owner, "link"), VFS_ISDIR);
    assert_status(do_link(c->root, dir, &c->owner, "link"), VFS_ISDIR);
    vfs_object_put(dir);
}

static void link_wants_a_free_name(void **state)
{
    struct contract *c = *state;
    struct vfs_object *file = make_file(c, "file");

    assert_ok(do_make(c->root, &c->owner, "there", VFS_DIR, 0755));
    assert_status(do_link(file, c->root, &c->owner, "file"), VFS_EXIST);
    assert_status(do_link(file, c->root, &c->owner, "there"), VFS_EXIST);
    assert_int_equal(attr_of(file).nlink, 1);
    vfs_object_put(file);
}

static void removed_files_stay_removed(void **state)
{
    struct contract *c = *state;
    struct vfs_object *file = make_file(c, "file");

    assert_ok(do_remove(c->root, &c->owner, "file"));
    assert_status(do_link(file, c->root, &c->owner, "again"), VFS_STALE);
    assert_status(do_find(c->root, &c->owner, "again"), VFS_NOENT);
    vfs_object_put(file);
}

static void link_tells_the_change(void **state)
{
    struct contract *c = *state;
    struct vfs_object *file = make_file(c, "file");
    struct vfs_name name = name_of("link");
    uint64_t before = change_of(c->root);
    struct vfs_change_info info;

    assert_ok(c->fs->ops->link(file, c->root, &c->owner, &name, &info));
    assert_int_equal(info.before, before);
    assert_int_equal(info.after, change_of(c->root));
    assert_true(info.after > before);
    vfs_object_put(file);
}

static void link_needs_write_on_the_directory(void **state)
{
    struct contract *c = *state;
    struct vfs_object *dir = make_dir(c, "dir");
    struct vfs_object *file = make(c->root, &c->owner, "file", VFS_REG, 0666);

    assert_status(do_link(file, dir, &c->other, "link"), VFS_ACCESS);
    assert_ok(do_chmod(dir, &c->owner, 0776));
    assert_status(do_link(file, dir, &c->other, "link"), VFS_ACCESS);
    assert_ok(do_chmod(dir, &c->owner, 0777));
    assert_ok(do_link(file, dir, &c->owner, "link"));
    vfs_object_put(file);
    vfs_object_put(dir);
}

static void links_have_an_end(void **state)
{
    struct contract *c = *state;
    struct vfs_object *file;
    char name[16];

    contract_limit(c, 1 << 20, 10);
    file = make_file(c, "l1");
    for (uint32_t i = 2; i <= 10; i++) {
        (void)snprintf(name, sizeof(name), "l%u", i);
        assert_ok(do_link(file, c->root, &c->owner, name));
    }
    assert_status(do_link(file, c->root, &c->owner, "l11"), VFS_MLINK);
    assert_int_equal(attr_of(file).nlink, 10);
    assert_ok(do_remove(c->root, &c->owner, "l3"));
    assert_ok(do_link(file, c->root, &c->owner, "l11"));
    vfs_object_put(file);
}

/* Whoever changes a file waits until the change is told under each name. */
static void links_have_an_end_by_default(void **state)
{
    struct contract *c = *state;
    struct vfs_object *file = make_file(c, "file");
    enum vfs_status status = VFS_OK;
    char name[16];

    for (uint32_t i = 1; i <= LIMIT_MEM_LINKS && status == VFS_OK; i++) {
        (void)snprintf(name, sizeof(name), "l%u", i);
        status = do_link(file, c->root, &c->owner, name);
    }
    assert_status(status, c->fs->caps & VFS_CAP_PARENTS ? VFS_MLINK : VFS_OK);
    vfs_object_put(file);
}

static void subdirectories_have_an_end(void **state)
{
    struct contract *c = *state;
    struct vfs_object *dir, *sub;
    char name[16];

    contract_limit(c, 1 << 20, 10);
    dir = make_dir(c, "dir");
    for (uint32_t i = 2; i < 10; i++) {
        (void)snprintf(name, sizeof(name), "d%u", i);
        assert_ok(do_make(dir, &c->owner, name, VFS_DIR, 0755));
    }
    assert_status(do_make(dir, &c->owner, "over", VFS_DIR, 0755), VFS_MLINK);
    sub = make_dir(c, "sub");
    assert_status(do_rename(c->root, "sub", dir, "over", &c->owner), VFS_MLINK);
    assert_ok(do_rename(c->root, "sub", dir, "d2", &c->owner));
    assert_int_equal(attr_of(dir).nlink, 10);
    vfs_object_put(sub);
    vfs_object_put(dir);
}

static const struct contract_test tests[] = {
    CONTRACT_TEST(link_is_the_same_object, NEEDS_NOTHING),
    CONTRACT_TEST(links_of_other_types, NEEDS_NOTHING),
    CONTRACT_TEST(no_links_of_directories, NEEDS_NOTHING),
    CONTRACT_TEST(link_wants_a_free_name, NEEDS_NOTHING),
    CONTRACT_TEST(removed_files_stay_removed, NEEDS_NOTHING),
    CONTRACT_TEST(link_tells_the_change, NEEDS_NOTHING),
    CONTRACT_TEST(link_needs_write_on_the_directory, NEEDS_USERS),
    CONTRACT_TEST(links_have_an_end, NEEDS_LIMIT),
    CONTRACT_TEST(links_have_an_end_by_default, NEEDS_NOTHING),
    CONTRACT_TEST(subdirectories_have_an_end, NEEDS_LIMIT),
};

CONTRACT_GROUP(link, tests);
