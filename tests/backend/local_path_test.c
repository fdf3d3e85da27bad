/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The paths of objects when local users move them: nothing is shown that does not lie in the
 * exported directory, or that is another file by now.
 */
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backend/local/sweep.h"
#include "backend/local_fixture.h"

static const struct vfs_cred self = {.uid = 0};

static struct vfs_object *root_of(struct local_dir *dir)
{
    struct vfs_object *root;

    assert_ok(dir->fs->ops->root(dir->fs, &root));
    return root;
}

static void assert_path(struct vfs_object *obj, const char *want)
{
    char path[VFS_PATH_BYTES];
    size_t len;

    assert_ok(obj->fs->ops->path(obj, path, sizeof(path), &len));
    assert_int_equal(len, strlen(want));
    assert_memory_equal(path, want, len);
}

static void assert_nowhere(struct vfs_object *obj)
{
    char path[VFS_PATH_BYTES];
    size_t len;

    assert_status(obj->fs->ops->path(obj, path, sizeof(path), &len), VFS_STALE);
}

static void what_is_moved_out_has_no_path(void **state)
{
    struct local_dir *dir = *state;
    struct vfs_object *root = root_of(dir), *sub = make(root, &self, "sub", VFS_DIR, 0755);
    struct vfs_object *file = make(sub, &self, "file", VFS_REG, 0644);

    assert_path(file, "sub/file");
    assert_int_equal(rename(local_path(dir, "sub/file"), local_outside(dir, "file")), 0);
    assert_nowhere(file);
    assert_int_equal(rename(local_outside(dir, "file"), local_path(dir, "back")), 0);
    assert_path(file, "back");
    assert_int_equal(rename(local_path(dir, "back"), local_path(dir, "sub/file")), 0);
    assert_int_equal(rename(local_path(dir, "sub"), local_outside(dir, "sub")), 0);
    assert_nowhere(sub);
    assert_nowhere(file);
    vfs_object_put(file);
    vfs_object_put(sub);
    vfs_object_put(root);
}

/* A directory beside the export whose name begins with the export's. */
static void a_neighbour_is_not_below(void **state)
{
    struct local_dir *dir = *state;
    struct vfs_object *root = root_of(dir), *file = make(root, &self, "file", VFS_REG, 0644);

    assert_int_equal(mkdir(local_outside(dir, "export2"), 0755), 0);
    assert_int_equal(rename(local_path(dir, "file"), local_outside(dir, "export2/file")), 0);
    assert_nowhere(file);
    vfs_object_put(file);
    vfs_object_put(root);
}

/* The kernel calls a removed file "NAME (deleted)", which may be another file's name. */
static void a_file_named_deleted_is_not_a_deleted_file(void **state)
{
    struct local_dir *dir = *state;
    struct vfs_object *root = root_of(dir), *file = make(root, &self, "file", VFS_REG, 0644);
    struct vfs_object *named = make(root, &self, "file (deleted)", VFS_REG, 0644);

    assert_path(named, "file (deleted)");
    assert_int_equal(unlink(local_path(dir, "file")), 0);
    assert_nowhere(file);
    assert_path(named, "file (deleted)");
    vfs_object_put(named);
    vfs_object_put(file);
    vfs_object_put(root);
}

/* The path of an object that has given up its descriptors. */
static void objects_without_descriptors_have_paths(void **state)
{
    enum {
        FILES = 200
    };
    struct local_dir *dir = *state;
    struct vfs_object *root = root_of(dir), *files[FILES];
    char name[16];

    for (int i = 0; i < FILES; i++) {
        (void)snprintf(name, sizeof(name), "f%d", i);
        files[i] = make(root, &self, name, VFS_REG, 0644);
    }
    local_sweep(CONTAINER_OF(dir->fs, struct local_fs, base));
    for (int i = 0; i < FILES; i++) {
        (void)snprintf(name, sizeof(name), "f%d", i);
        assert_path(files[i], name);
        vfs_object_put(files[i]);
    }
    vfs_object_put(root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOCAL_TEST(what_is_moved_out_has_no_path),
        LOCAL_TEST(a_neighbour_is_not_below),
        LOCAL_TEST(a_file_named_deleted_is_not_a_deleted_file),
        LOCAL_TEST(objects_without_descriptors_have_paths),
    };

    local_setting.descriptors_max = 16; /* fewer than there are files */
    return local_group_run(tests);
}
