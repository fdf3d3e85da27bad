/* SPDX-License-Identifier: Apache-2.0 */
/* path: where an object is, for people. */
#include "backend/contract.h"

static enum vfs_status path_into(struct vfs_object *obj, char *buf, size_t size)
{
    size_t len;
    enum vfs_status status = obj->fs->ops->path(obj, buf, size - 1, &len);

    if (status == VFS_OK) {
        assert_true(len < size);
        buf[len] = '\0';
    }
    return status;
}

static void assert_path_at(struct vfs_object *obj, const char *want, int line)
{
    char path[VFS_PATH_BYTES + 1];
    enum vfs_status status = path_into(obj, path, sizeof(path));

    if (status != VFS_OK || strcmp(path, want) != 0)
        fail_msg("line %d: status %#x, path '%s', not '%s'", line, status,
                 status == VFS_OK ? path : "", want);
}
#define assert_path(obj, want) assert_path_at((obj), (want), __LINE__)

static void assert_nowhere(struct vfs_object *obj)
{
    char path[VFS_PATH_BYTES + 1];

    assert_status(path_into(obj, path, sizeof(path)), VFS_STALE);
}

/* Bytes that are not UTF-8 are given as they are. */
static void follows_names(void **state)
{
    struct contract *c = *state;
    struct vfs_object *dir = make_dir(c, "dir"), *other = make_dir(c, "other");
    struct vfs_object *file = make(dir, &c->owner, "file", VFS_REG, 0644);
    struct vfs_object *odd = make(dir, &c->owner, "\xff \n\xc3", VFS_REG, 0644);

    assert_path(c->root, "");
    assert_path(dir, "dir");
    assert_path(file, "dir/file");
    assert_path(odd, "dir/\xff \n\xc3");
    assert_ok(do_rename(dir, "file", dir, "again", &c->owner));
    assert_path(file, "dir/again");
    assert_ok(do_rename(dir, "again", other, "file", &c->owner));
    assert_path(file, "other/file");
    assert_ok(do_rename(c->root, "other", dir, "below", &c->owner));
    assert_path(file, "dir/below/file");
    assert_path(other, "dir/below");
    vfs_object_put(odd);
    vfs_object_put(file);
    vfs_object_put(other);
    vfs_object_put(dir);
}

static void ends_with_the_last_name(void **state)
{
    struct contract *c = *state;
    struct vfs_object *removed = make_file(c, "removed"), *dir = make_dir(c, "dir");
    struct vfs_object *replaced = make_file(c, "replaced"), *by = make_file(c, "by");

    assert_ok(do_remove(c->root, &c->owner, "removed"));
    assert_nowhere(removed);
    vfs_object_put(make_file(c, "removed"));
    assert_nowhere(removed); /* the name is another file's */
    assert_ok(do_remove(c->root, &c->owner, "dir"));
    assert_nowhere(dir);
    assert_ok(do_rename(c->root, "by", c->root, "replaced", &c->owner));
    assert_nowhere(replaced);
    assert_path(by, "replaced");
    vfs_object_put(by);
    vfs_object_put(replaced);
    vfs_object_put(dir);
    vfs_object_put(removed);
}

/* Of several names it is any that there is. */
static void is_one_of_the_names(void **state)
{
    struct contract *c = *state;
    struct vfs_object *file = make_file(c, "one");
    char path[VFS_PATH_BYTES + 1];

    assert_ok(do_link(file, c->root, &c->owner, "two"));
    assert_ok(path_into(file, path, sizeof(path)));
    assert_true(strcmp(path, "one") == 0 || strcmp(path, "two") == 0);
    assert_ok(do_remove(c->root, &c->owner, "two"));
    assert_path(file, "one");
    vfs_object_put(file);
}

static void a_short_buffer_is_refused(void **state)
{
    struct contract *c = *state;
    struct vfs_object *dir = make_dir(c, "dir");
    struct vfs_object *file = make(dir, &c->owner, "file", VFS_REG, 0644);
    char path[9];
    size_t len;

    assert_status(file->fs->ops->path(file, path, 7, &len), VFS_NAMETOOLONG);
    assert_ok(file->fs->ops->path(file, path, 8, &len));
    assert_int_equal(len, 8);
    assert_memory_equal(path, "dir/file", 8);
    vfs_object_put(file);
    vfs_object_put(dir);
}

static void an_attribute_has_none(void **state)
{
    struct contract *c = *state;
    struct vfs_object *file = make_file(c, "file"), *dir, *attr;
    char path[VFS_PATH_BYTES + 1];

    assert_ok(file->fs->ops->openattr(file, &c->owner, true, &dir));
    attr = make(dir, &c->owner, "attr", VFS_REG, 0644);
    assert_status(path_into(dir, path, sizeof(path)), VFS_NOTSUPP);
    assert_status(path_into(attr, path, sizeof(path)), VFS_NOTSUPP);
    assert_path(file, "file");
    assert_ok(do_remove(dir, &c->owner, "attr"));
    vfs_object_put(attr);
    vfs_object_put(dir);
    vfs_object_put(file);
}

static const struct contract_test tests[] = {
    CONTRACT_TEST(follows_names, NEEDS_NOTHING),
    CONTRACT_TEST(ends_with_the_last_name, NEEDS_NOTHING),
    CONTRACT_TEST(is_one_of_the_names, NEEDS_NOTHING),
    CONTRACT_TEST(a_short_buffer_is_refused, NEEDS_NOTHING),
    CONTRACT_TEST(an_attribute_has_none, NEEDS_NAMED_ATTR),
};

CONTRACT_GROUP(path, tests);
