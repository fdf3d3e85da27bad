/* SPDX-License-Identifier: Apache-2.0 */
/* Paths of the name space: to objects, and back. */
#include "export/export_path.h"

#include <stdio.h>
#include <string.h>

#include "backend/mem/mem.h"
#include "export/export_table.h"
#include "lib/test.h"

static const struct vfs_cred root_cred = {.uid = 0};

static struct vfs *add(struct export_table *table, const char *text)
{
    struct vfs *fs = mem_create(NULL);
    struct export_spec spec;
    char error[256];

    assert_true(export_spec_parse(text, &spec, error, sizeof(error)));
    if (!export_table_add(table, &spec, fs, error, sizeof(error)))
        fail_msg("%s: %s", text, error);
    export_spec_fini(&spec);
    return fs;
}

static struct vfs_object *make_in(struct vfs_object *dir, const char *name, enum vfs_type type)
{
    const struct vfs_name n = {.data = name, .len = strlen(name)};
    const struct vfs_attr attr = {.mask = VFS_ATTR_MODE, .mode = 0700};
    struct vfs_create create = {.type = type, .mode = VFS_CREATE_GUARDED, .attr = &attr};
    struct vfs_change_info info;
    struct vfs_object *out;

    assert_int_equal(dir->fs->ops->create(dir, &root_cred, &n, &create, &info, &out), VFS_OK);
    return out;
}

/* With a directory "d", and a file "f" in it. */
static void fill(struct vfs *fs)
{
    struct vfs_object *root, *dir;

    assert_int_equal(fs->ops->root(fs, &root), VFS_OK);
    dir = make_in(root, "d", VFS_DIR);
    vfs_object_put(make_in(dir, "f", VFS_REG));
    vfs_object_put(dir);
    vfs_object_put(root);
}

static void assert_leads(struct export_table *table, const char *path, const char *back)
{
    char text[EXPORT_PATH_BYTES];
    struct vfs_object *obj;
    size_t len;

    if (export_path_lookup(table, path, strlen(path), &obj) != VFS_OK)
        fail_msg("%s leads nowhere", path);
    assert_int_equal(export_path_of(table, obj, text, sizeof(text), &len), VFS_OK);
    assert_int_equal(len, strlen(back));
    assert_memory_equal(text, back, len);
    vfs_object_put(obj);
}

static void paths_lead_to_objects_and_back(void **state)
{
    struct export_table *table = export_table_create();

    (void)state;
    fill(add(table, "/=mem:"));
    fill(add(table, "/data=mem:,client=192.0.2.1")); /* whoever may use it */
    fill(add(table, "/a/b=mem:"));
    assert_leads(table, "/", "/");
    assert_leads(table, "/d/f", "/d/f");
    assert_leads(table, "/data", "/data");
    assert_leads(table, "/data/d/f", "/data/d/f");
    assert_leads(table, "//data///d/f/", "/data/d/f");
    assert_leads(table, "/a/b/d", "/a/b/d");
    export_table_destroy(table);
}

/* With room for all of the path or for less, of which nothing is written behind the end. */
static void paths_fit_or_not(void **state)
{
    static const char path[] = "/data/d/f";
    struct export_table *table = export_table_create();
    char text[sizeof(path) + 1];
    struct vfs_object *obj;
    size_t len;

    (void)state;
    fill(add(table, "/data=mem:"));
    assert_int_equal(export_path_lookup(table, path, strlen(path), &obj), VFS_OK);
    for (size_t size = 1; size <= sizeof(path); size++) {
        memset(text, '#', sizeof(text));
        assert_int_equal(export_path_of(table, obj, text, size, &len),
                         size < strlen(path) ? VFS_NAMETOOLONG : VFS_OK);
        assert_int_equal(text[size], '#');
    }
    vfs_object_put(obj);
    export_table_destroy(table);
}

static void other_paths_lead_nowhere(void **state)
{
    static const struct {
        const char *path;
        enum vfs_status status;
    } cases[] = {
        {"", VFS_INVAL},          {"data/d", VFS_INVAL},    {"/none", VFS_NOENT},
        {"/data/x", VFS_NOENT},   {"/data/d/x", VFS_NOENT}, {"/data/d/f/x", VFS_NOTDIR},
        {"/d", VFS_NOENT},        {"/a/none", VFS_NOENT},   {"/data/../data", VFS_NOENT},
        {"/data/./d", VFS_NOENT},
    };
    struct export_table *table = export_table_create();
    struct vfs_object *obj;
    char longer[LIMIT_NAME_BYTES + 16];

    (void)state;
    fill(add(table, "/data=mem:"));
    fill(add(table, "/a/b=mem:"));
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        enum vfs_status status =
            export_path_lookup(table, cases[i].path, strlen(cases[i].path), &obj);

        if (status != cases[i].status)
            fail_msg("'%s': %#x, not %#x", cases[i].path, status, cases[i].status);
    }
    (void)snprintf(longer, sizeof(longer), "/data/%0*d", LIMIT_NAME_BYTES + 1, 0);
    assert_int_equal(export_path_lookup(table, longer, strlen(longer), &obj), VFS_NAMETOOLONG);
    export_table_destroy(table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_lead_to_objects_and_back),
        cmocka_unit_test(paths_fit_or_not),
        cmocka_unit_test(other_paths_lead_nowhere),
    };

    return test_group_run(tests);
}
