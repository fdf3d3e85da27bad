/* SPDX-License-Identifier: Apache-2.0 */
/* resolve: handles of existing objects, of removed ones, and forged ones. */
#include "backend/contract.h"

static void handle_finds_the_same_object(void **state)
{
    struct contract *c = *state;
    const enum vfs_type types[] = {VFS_REG, VFS_DIR, VFS_LNK, VFS_FIFO};
    struct vfs_object *found;

    assert_ok(do_resolve(c->fs, &c->root->handle, &found));
    assert_ptr_equal(found, c->root);
    vfs_object_put(found);
    for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
        char name[] = {(char)('a' + i), 0};
        struct vfs_object *obj = make(c->root, &c->owner, name, types[i], 0644);

        assert_ok(do_resolve(c->fs, &obj->handle, &found));
        assert_ptr_equal(found, obj);
        vfs_object_put(found);
        vfs_object_put(obj);
    }
}

static void handle_outlives_the_references(void **state)
{
    struct contract *c = *state;
    struct vfs_object *dir = make_dir(c, "dir");
    struct vfs_object *file = make(dir, &c->owner, "file", VFS_REG, 0644), *found;
    struct vfs_handle handle = file->handle;
    uint64_t fileid = file->fileid;

    put_bytes(c, file, 0, "abc", 3);
    vfs_object_put(file);
    vfs_object_put(dir);
    assert_ok(do_resolve(c->fs, &handle, &found));
    assert_int_equal(found->fileid, fileid);
    assert_int_equal(attr_of(found).size, 3);
    assert_int_equal(found->handle.len, handle.len);
    assert_memory_equal(found->handle.data, handle.data, handle.len);
    vfs_object_put(found);
}

static void handle_outlives_a_rename(void **state)
{
    struct contract *c = *state;
    struct vfs_object *dir = make_dir(c, "dir");
    struct vfs_object *file = make_file(c, "file"), *found;
    struct vfs_handle handle = file->handle;
    uint64_t fileid = file->fileid;

    vfs_object_put(file);
    assert_ok(do_rename(c->root, "file", dir, "moved", &c->owner));
    assert_ok(do_resolve(c->fs, &handle, &found));
    assert_int_equal(found->fileid, fileid);
    vfs_object_put(found);
    vfs_object_put(dir);
}

static void dead_handles_are_stale(void **state)
{
    struct contract *c = *state;
    struct vfs_object *file = make_file(c, "file"), *dir = make_dir(c, "dir"), *found;
    struct vfs_handle file_handle = file->handle, dir_handle = dir->handle;

    vfs_object_put(file);
    vfs_object_put(dir);
    assert_ok(do_remove(c->root, &c->owner, "file"));
    assert_ok(do_remove(c->root, &c->owner, "dir"));
    assert_status(do_resolve(c->fs, &file_handle, &found), VFS_STALE);
    assert_status(do_resolve(c->fs, &dir_handle, &found), VFS_STALE);
    /* A new object of the same name is another object. */
    assert_ok(do_make(c->root, &c->owner, "file", VFS_REG, 0644));
    assert_ok(do_make(c->root, &c->owner, "dir", VFS_DIR, 0755));
    assert_status(do_resolve(c->fs, &file_handle, &found), VFS_STALE);
    assert_status(do_resolve(c->fs, &dir_handle, &found), VFS_STALE);
}

static void replaced_handles_are_stale(void **state)
{
    struct contract *c = *state;
    struct vfs_object *file = make_file(c, "file"), *found;
    struct vfs_handle handle = file->handle;

    vfs_object_put(file);
    assert_ok(do_make(c->root, &c->owner, "new", VFS_REG, 0644));
    assert_ok(do_rename(c->root, "new", c->root, "file", &c->owner));
    assert_status(do_resolve(c->fs, &handle, &found), VFS_STALE);
}

static void held_handles_resolve_until_the_end(void **state)
{
    struct contract *c = *state;
    struct vfs_object *file = make_file(c, "file"), *found;
    struct vfs_handle handle = file->handle;

    assert_ok(c->fs->ops->open(file, &c->owner, VFS_WANT_READ, false));
    assert_ok(do_remove(c->root, &c->owner, "file"));
    assert_ok(do_resolve(c->fs, &handle, &found));
    assert_ptr_equal(found, file);
    vfs_object_put(found);
    c->fs->ops->close(file, VFS_WANT_READ);
    vfs_object_put(file);
    assert_status(do_resolve(c->fs, &handle, &found), VFS_STALE);
}

/* A REMOVE overtakes an OPEN: what was opened can be closed again by its handle. */
static void a_remove_overtakes_an_open(void **state)
{
    struct contract *c = *state;
    struct vfs_object *file = make_file(c, "file"), *found;
    enum vfs_status opened;

    assert_ok(do_remove(c->root, &c->owner, "file"));
    opened = c->fs->ops->open(file, &c->owner, VFS_WANT_READ, false);
    assert_status(do_resolve(c->fs, &file->handle, &found), opened);
    if (opened == VFS_OK) {
        vfs_object_put(found);
        c->fs->ops->close(file, VFS_WANT_READ);
    }
    vfs_object_put(file);
}

static void a_link_keeps_the_handle(void **state)
{
    struct contract *c = *state;
    struct vfs_object *file = make_file(c, "file"), *found;
    struct vfs_handle handle = file->handle;

    assert_ok(do_link(file, c->root, &c->owner, "link"));
    vfs_object_put(file);
    assert_ok(do_remove(c->root, &c->owner, "file"));
    assert_ok(do_resolve(c->fs, &handle, &found));
    vfs_object_put(found);
    assert_ok(do_remove(c->root, &c->owner, "link"));
    assert_status(do_resolve(c->fs, &handle, &found), VFS_STALE);
}

/* With any bit changed the handle is invalid. */
static void forged_handles_lead_nowhere(void **state)
{
    struct contract *c = *state;
    struct vfs_object *file = make_file(c, "file"), *found = NULL;

    for (uint32_t bit = 0; bit < file->handle.len * 8u; bit++) {
        struct vfs_handle forged = file->handle;

        forged.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_either(do_resolve(c->fs, &forged, &found), VFS_BADHANDLE, VFS_STALE);
        assert_null(found);
    }
    vfs_object_put(file);
}

static void cut_and_stretched_handles(void **state)
{
    struct contract *c = *state;
    struct vfs_object *file = make_file(c, "file"), *found = NULL;
    struct vfs_handle handle;

    assert_true(file->handle.len > 0);
    assert_true(file->handle.len <= VFS_HANDLE_BYTES_MAX);
    for (uint32_t len = 0; len <= VFS_HANDLE_BYTES_MAX; len++) {
        if (len == file->handle.len)
            continue;
        handle = file->handle;
        handle.len = (uint8_t)len;
        assert_status(do_resolve(c->fs, &handle, &found), VFS_BADHANDLE);
        assert_null(found);
    }
    vfs_object_put(file);
}

static void random_bytes_are_no_handle(void **state)
{
    struct contract *c = *state;
    struct vfs_object *found = NULL;
    uint64_t x = 88172645463325252ull;

    for (uint32_t i = 0; i < 20000; i++) {
        struct vfs_handle handle = {.len = 0};

        for (uint32_t b = 0; b < VFS_HANDLE_BYTES_MAX; b++) {
            x ^= x << 13;
            x ^= x >> 7;
            x ^= x << 17;
            handle.data[b] = i % 2 ? (uint8_t)x : (uint8_t)(x & 3);
        }
        handle.len = i % 3 ? c->root->handle.len : (uint8_t)(x % (VFS_HANDLE_BYTES_MAX + 1));
        assert_either(do_resolve(c->fs, &handle, &found), VFS_BADHANDLE, VFS_STALE);
        assert_null(found);
    }
}

static void handles_survive_a_restart(void **state)
{
    struct contract *c = *state;
    struct vfs_object *dir = make_dir(c, "dir"), *found;
    struct vfs_object *file = make(dir, &c->owner, "file", VFS_REG, 0644);
    struct vfs_object *gone = make_file(c, "gone");
    struct vfs_handle root = c->root->handle, d = dir->handle, f = file->handle, g = gone->handle;
    uint64_t fileid = file->fileid;
    char buf[4];
    bool eof;

    put_bytes(c, file, 0, "abc", 3);
    vfs_object_put(gone);
    vfs_object_put(file);
    vfs_object_put(dir);
    assert_ok(do_rename(c->root, "dir", c->root, "moved", &c->owner));
    assert_ok(do_remove(c->root, &c->owner, "gone"));
    contract_reopen(c);
    assert_ok(do_resolve(c->fs, &root, &found));
    assert_ptr_equal(found, c->root);
    vfs_object_put(found);
    assert_ok(do_resolve(c->fs, &f, &found));
    assert_int_equal(found->fileid, fileid);
    assert_int_equal(get_bytes(c, found, 0, buf, 4, &eof), 3);
    vfs_object_put(found);
    assert_ok(do_resolve(c->fs, &d, &found));
    assert_int_equal(found->type, VFS_DIR);
    vfs_object_put(found);
    assert_status(do_resolve(c->fs, &g, &found), VFS_STALE);
}

static void exclusive_retry_after_a_restart(void **state)
{
    struct contract *c = *state;
    struct vfs_attr attr = {.mask = VFS_ATTR_MODE, .mode = 0600};
    struct vfs_create create = {.type = VFS_REG,
                                .mode = VFS_CREATE_EXCLUSIVE,
                                .attr = &attr,
                                .verifier = 0xfedcba9876543210};
    struct vfs_object *file;

    assert_ok(do_create(c->root, &c->owner, "file", &create, &file));
    vfs_object_put(file);
    contract_reopen(c);
    assert_ok(do_create(c->root, &c->owner, "file", &create, &file));
    assert_false(create.created);
    vfs_object_put(file);
    create.verifier++;
    assert_status(do_create(c->root, &c->owner, "file", &create, &file), VFS_EXIST);
}

static const struct contract_test tests[] = {
    CONTRACT_TEST(handle_finds_the_same_object, NEEDS_NOTHING),
    CONTRACT_TEST(handle_outlives_the_references, NEEDS_NOTHING),
    CONTRACT_TEST(handle_outlives_a_rename, NEEDS_NOTHING),
    CONTRACT_TEST(dead_handles_are_stale, NEEDS_NOTHING),
    CONTRACT_TEST(replaced_handles_are_stale, NEEDS_NOTHING),
    CONTRACT_TEST(held_handles_resolve_until_the_end, NEEDS_NOTHING),
    CONTRACT_TEST(a_remove_overtakes_an_open, NEEDS_NOTHING),
    CONTRACT_TEST(a_link_keeps_the_handle, NEEDS_NOTHING),
    CONTRACT_TEST(forged_handles_lead_nowhere, NEEDS_NOTHING),
    CONTRACT_TEST(cut_and_stretched_handles, NEEDS_NOTHING),
    CONTRACT_TEST(random_bytes_are_no_handle, NEEDS_NOTHING),
    CONTRACT_TEST(handles_survive_a_restart, NEEDS_REOPEN),
    CONTRACT_TEST(exclusive_retry_after_a_restart, NEEDS_REOPEN),
};

CONTRACT_GROUP(handle, tests);
