/* SPDX-License-Identifier: Apache-2.0 */
/* The name space over several exports, and filehandles. */
#include "export/export.h"

#include <netinet/in.h>
#include <string.h>

#include "backend/mem/mem.h"
#include "export/export_table.h"
#include "lib/test.h"

static struct sockaddr_in peer_in = {.sin_family = AF_INET};
static const struct export_caller caller = {
    .peer = (const struct sockaddr *)&peer_in,
    .flavor = SECURITY_SYS,
    .bit = 1u << SECURITY_SYS, /* plain, and not from a reserved port */
};

static void add(struct export_table *table, const char *text)
{
    struct export_spec spec;
    char error[256];

    assert_true(export_spec_parse(text, &spec, error, sizeof(error)));
    if (!export_table_add(table, &spec, mem_create(NULL), error, sizeof(error)))
        fail_msg("%s: %s", text, error);
    export_spec_fini(&spec);
}

static bool step(struct export_table *table, struct vfs_object **obj, struct export **export,
                 const char *name)
{
    struct vfs_name n = {.data = name, .len = strlen(name)};
    struct vfs_object *next;
    struct export *next_export;

    if (export_cross_down(table, *export, *obj, &n, &caller, &next, &next_export) != VFS_OK ||
        !next)
        return false;
    vfs_object_put(*obj);
    *obj = next;
    *export = next_export;
    return true;
}

static void pseudo_leads_to_exports(void **state)
{
    struct export_table *table = export_table_create();
    struct vfs_object *obj, *up;
    struct export *export, *up_export;

    (void)state;
    add(table, "/a/b=mem:");
    add(table, "/a/c=mem:,client=192.0.2.1");
    assert_int_equal(export_root(table, &caller, &obj, &export), VFS_OK);
    assert_true(export->pseudo);
    assert_true(step(table, &obj, &export, "a"));
    assert_true(export->pseudo);
    assert_false(step(table, &obj, &export, "c")); /* does not admit this peer */
    assert_true(step(table, &obj, &export, "b"));
    assert_string_equal(export->path, "/a/b");
    assert_true(export_mounted_on_fileid(export, obj) != obj->fileid);
    assert_int_equal(export_cross_up(table, export, obj, &caller, &up, &up_export), VFS_OK);
    assert_non_null(up);
    assert_true(up_export->pseudo);
    vfs_object_put(up);
    vfs_object_put(obj);
    export_table_destroy(table);
}

static void export_below_export(void **state)
{
    struct export_table *table = export_table_create();
    struct vfs_object *obj, *child;
    struct export *export, *child_export;
    struct vfs_name name;
    uint32_t cookie = 0;

    (void)state;
    add(table, "/=mem:");
    add(table, "/data=mem:");
    assert_int_equal(export_root(table, &caller, &obj, &export), VFS_OK);
    assert_false(export->pseudo);
    assert_true(export_has_place(export, obj));
    assert_true(
        export_child_next(table, export, obj, &caller, &cookie, &name, &child, &child_export));
    assert_int_equal(name.len, 4);
    vfs_object_put(child);
    assert_false(
        export_child_next(table, export, obj, &caller, &cookie, &name, &child, &child_export));
    assert_true(step(table, &obj, &export, "data"));
    assert_string_equal(export->path, "/data");
    vfs_object_put(obj);
    export_table_destroy(table);
}

/* A client that the upper export does not admit sees only the directories that lead to the lower
 * one. */
static void export_below_restricted_export(void **state)
{
    struct export_table *table = export_table_create();
    struct vfs_object *obj, *up, *child;
    struct export *export, *up_export, *child_export;
    struct vfs_name name;
    uint32_t cookie = 0;

    (void)state;
    add(table, "/=mem:,client=192.0.2.1");
    assert_int_equal(export_root(table, &caller, &obj, &export), VFS_ACCESS);
    add(table, "/a/b=mem:,client=192.0.2.1");
    add(table, "/a/b/open=mem:");
    add(table, "/a/shut=mem:,client=192.0.2.1");
    assert_int_equal(export_root(table, &caller, &obj, &export), VFS_OK);
    assert_true(export->pseudo);
    assert_true(step(table, &obj, &export, "a"));
    assert_false(step(table, &obj, &export, "shut"));
    assert_true(
        export_child_next(table, export, obj, &caller, &cookie, &name, &child, &child_export));
    assert_memory_equal(name.data, "b", 1);
    assert_true(child_export->pseudo);
    vfs_object_put(child);
    assert_false(
        export_child_next(table, export, obj, &caller, &cookie, &name, &child, &child_export));
    assert_true(step(table, &obj, &export, "b"));
    assert_true(export->pseudo);
    assert_true(step(table, &obj, &export, "open"));
    assert_string_equal(export->path, "/a/b/open");
    /* And there is no way from below into the upper export. */
    assert_int_equal(export_cross_up(table, export, obj, &caller, &up, &up_export), VFS_OK);
    assert_true(up_export->pseudo);
    vfs_object_put(up);
    vfs_object_put(obj);
    export_table_destroy(table);
}

static enum vfs_status resolve(struct export_table *table, const struct nfs_fh4 *fh,
                               struct vfs_object **obj, struct export **export)
{
    enum vfs_status status = export_fh_export(table, fh, export);

    return status == VFS_OK ? export_fh_resolve(*export, fh, obj) : status;
}

static void handles_return(void **state)
{
    struct export_table *table = export_table_create();
    struct vfs_object *obj, *again = NULL;
    struct export *export, *again_export = NULL;
    uint8_t bytes[LIMIT_FH_BYTES];
    struct nfs_fh4 fh = {.data = bytes};

    (void)state;
    add(table, "/a=mem:");
    assert_int_equal(export_root(table, &caller, &obj, &export), VFS_OK);
    for (int i = 0; i < 2; i++) {
        fh.len = export_fh_build(export, &obj->handle, bytes);
        assert_int_equal(resolve(table, &fh, &again, &again_export), VFS_OK);
        assert_ptr_equal(again, obj);
        assert_ptr_equal(again_export, export);
        vfs_object_put(again);
        if (i == 0)
            assert_true(step(table, &obj, &export, "a"));
    }
    bytes[0] = 9;
    assert_int_equal(resolve(table, &fh, &again, &again_export), VFS_BADHANDLE);
    bytes[0] = 1;
    bytes[1] ^= 0x40;
    assert_int_equal(resolve(table, &fh, &again, &again_export), VFS_STALE);
    fh.len = 3;
    assert_int_equal(resolve(table, &fh, &again, &again_export), VFS_BADHANDLE);
    vfs_object_put(obj);
    export_table_destroy(table);
}

static void twice_is_refused(void **state)
{
    struct export_table *table = export_table_create();
    struct export_spec spec;
    struct vfs *fs = mem_create(NULL);
    char error[256];

    (void)state;
    add(table, "/a=mem:,fsid=5");
    assert_true(export_spec_parse("/a=mem:", &spec, error, sizeof(error)));
    assert_false(export_table_add(table, &spec, fs, error, sizeof(error)));
    export_spec_fini(&spec);
    assert_true(export_spec_parse("/b=mem:,fsid=5", &spec, error, sizeof(error)));
    assert_false(export_table_add(table, &spec, fs, error, sizeof(error)));
    export_spec_fini(&spec);
    fs->ops->destroy(fs);
    export_table_destroy(table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pseudo_leads_to_exports),
        cmocka_unit_test(export_below_export),
        cmocka_unit_test(export_below_restricted_export),
        cmocka_unit_test(handles_return),
        cmocka_unit_test(twice_is_refused),
    };

    return test_group_run(tests);
}
