/* SPDX-License-Identifier: Apache-2.0 */
/* Clones and copies in backend/mem beside writes, truncations, renames and removals. */
#include <pthread.h>
#include <string.h>

#include "backend/mem/mem.h"
#include "base/check.h"
#include "lib/test.h"
#include "unit/backend/mem/mem_files.h"

enum {
    FILE_BYTES = 6 * 4096 + 100,
    ROUNDS = 2000,
};

/* The files of a test: all of their bytes are equal at any time.  Its threads use CHECK(), since
 * cmocka knows only one. */
struct stage {
    struct vfs *fs;
    struct vfs_object *root, *a, *b, *c;
};

static void add_name(const struct stage *stage, struct vfs_object *obj, const char *text)
{
    struct vfs_name name = mem_files_name(text);
    struct vfs_change_info info;

    CHECK(stage->fs->ops->link(obj, stage->root, &mem_files_root, &name, &info) == VFS_OK);
}

static void fill(struct vfs_object *obj, int byte)
{
    unsigned char data[FILE_BYTES];
    enum vfs_stability reached;
    uint32_t written;

    memset(data, byte, sizeof(data));
    CHECK(obj->fs->ops->write(obj, &mem_files_root, 0, data, sizeof(data), VFS_UNSTABLE, &written,
                              &reached) == VFS_OK);
}

static void set_up(struct stage *stage)
{
    stage->fs = mem_create(NULL);
    CHECK(stage->fs->ops->root(stage->fs, &stage->root) == VFS_OK);
    stage->a = mem_files_make(stage->root, "a");
    stage->b = mem_files_make(stage->root, "b");
    stage->c = mem_files_make(stage->root, "c");
    fill(stage->a, 1);
    fill(stage->b, 2);
}

/* mem_create() has counted the space: what is left is an error that destroy() finds. */
static void tear_down(struct stage *stage)
{
    vfs_object_put(stage->a);
    vfs_object_put(stage->b);
    vfs_object_put(stage->c);
    vfs_object_put(stage->root);
    stage->fs->ops->destroy(stage->fs);
}

static void assert_uniform(struct vfs_object *obj)
{
    unsigned char data[FILE_BYTES];
    struct vfs_read io = {.len = sizeof(data), .buf = data, .fd = -1};

    CHECK(obj->fs->ops->read(obj, &io) == VFS_OK);
    CHECK(io.len == 0 || io.len == sizeof(data));
    CHECK(io.len == 0 || memcmp(data, data + 1, sizeof(data) - 1) == 0);
}

static void clone_all(struct vfs_object *from, struct vfs_object *to)
{
    CHECK(from->fs->ops->clone(from, 0, to, 0, 0, &mem_files_root) == VFS_OK);
}

static void copy_all(struct vfs_object *from, struct vfs_object *to)
{
    uint64_t copied;

    CHECK(from->fs->ops->copy(from, 0, to, 0, FILE_BYTES, &mem_files_root, &copied) == VFS_OK);
    CHECK(copied == FILE_BYTES);
}

static void *write_a(void *arg)
{
    const struct stage *stage = arg;

    for (int i = 0; i < ROUNDS; i++)
        fill(stage->a, i & 0xff);
    return NULL;
}

static void *write_b(void *arg)
{
    const struct stage *stage = arg;

    for (int i = 0; i < ROUNDS; i++) {
        fill(stage->b, 255 - (i & 0xff));
        assert_uniform(stage->b);
    }
    return NULL;
}

static void *clone_both_ways(void *arg)
{
    const struct stage *stage = arg;

    for (int i = 0; i < ROUNDS; i++) {
        clone_all(stage->a, stage->b);
        assert_uniform(stage->a);
        clone_all(stage->b, stage->a);
        assert_uniform(stage->b);
    }
    return NULL;
}

static void *copy_both_ways(void *arg)
{
    const struct stage *stage = arg;

    for (int i = 0; i < ROUNDS; i++) {
        copy_all(stage->b, stage->a);
        copy_all(stage->a, stage->b);
    }
    return NULL;
}

/* A third file, which is cut in the middle of a shared block, and freed. */
static void *clone_and_cut(void *arg)
{
    const struct stage *stage = arg;

    for (int i = 0; i < ROUNDS; i++) {
        struct vfs_object *other = mem_files_make(stage->root, "other");

        clone_all(stage->a, stage->c);
        clone_all(stage->b, other);
        mem_files_resize(stage->c, 4096 + 10);
        mem_files_resize(stage->c, FILE_BYTES);
        clone_all(stage->b, stage->c);
        assert_uniform(stage->c);
        fill(other, 7);
        mem_files_remove(stage->root, "other");
        vfs_object_put(other);
    }
    return NULL;
}

/* A rename locks both files, as copies in either direction do. */
static void *rename_one_over_the_other(void *arg)
{
    const struct stage *stage = arg;

    for (int i = 0; i < ROUNDS; i++) {
        struct vfs_name from = mem_files_name("from"), to = mem_files_name("to");
        struct vfs_change_info from_info, to_info;

        add_name(stage, i % 2 ? stage->a : stage->b, "from");
        add_name(stage, i % 2 ? stage->b : stage->a, "to");
        CHECK(stage->fs->ops->rename(stage->root, &from, stage->root, &to, &mem_files_root,
                                     &from_info, &to_info) == VFS_OK);
        mem_files_remove(stage->root, "to");
    }
    return NULL;
}

static void all_at_once(void **state)
{
    static void *(*const parts[])(void *) = {write_a,         write_b,
                                             clone_both_ways, clone_and_cut,
                                             copy_both_ways,  rename_one_over_the_other};
    pthread_t threads[ARRAY_SIZE(parts)];
    struct stage stage;

    (void)state;
    set_up(&stage);
    for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, parts[i], &stage), 0);
    for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_uniform(stage.a);
    assert_uniform(stage.b);
    tear_down(&stage);
}

/* RFC 7862 §15.13.3: CLONE is atomic, also when there is no space for all of it. */
static void no_space_clones_nothing(void **state)
{
    struct mem_options options = {.bytes_max = 600 << 10};
    struct stage stage = {.fs = mem_create(&options)};
    unsigned char byte = 0;
    uint64_t left;

    (void)state;
    assert_int_equal(stage.fs->ops->root(stage.fs, &stage.root), VFS_OK);
    stage.a = mem_files_make(stage.root, "a");
    stage.b = mem_files_make(stage.root, "b");
    stage.c = mem_files_make(stage.root, "c");
    fill(stage.b, 2);
    /* Each of these blocks takes several nodes of the tree. */
    for (uint64_t i = 0; i < 40; i++) {
        enum vfs_stability reached;
        uint32_t written;

        assert_int_equal(stage.fs->ops->write(stage.a, &mem_files_root, i << 33, &byte, 1,
                                              VFS_UNSTABLE, &written, &reached),
                         VFS_OK);
    }
    left = mem_files_free(stage.root);
    while (left > 8000) { /* fill up the rest */
        enum vfs_stability reached;
        uint32_t written;

        (void)stage.fs->ops->write(stage.c, &mem_files_root, left, &byte, 1, VFS_UNSTABLE, &written,
                                   &reached);
        left = mem_files_free(stage.root);
    }
    assert_int_equal(stage.fs->ops->clone(stage.a, 0, stage.b, 0, 0, &mem_files_root), VFS_NOSPC);
    assert_uniform(stage.b);
    /* But for the spare nodes of its tree. */
    assert_true(mem_files_free(stage.root) + 2048 >= left);
    tear_down(&stage);
}

static void two_exports_share_nothing(void **state)
{
    struct stage here, there;
    uint64_t copied;

    (void)state;
    set_up(&here);
    set_up(&there);
    assert_int_equal(here.fs->ops->clone(here.a, 0, there.c, 0, 0, &mem_files_root), VFS_XDEV);
    assert_int_equal(
        here.fs->ops->copy(here.a, 0, there.c, 0, FILE_BYTES, &mem_files_root, &copied), VFS_OK);
    assert_int_equal(copied, FILE_BYTES);
    assert_uniform(there.c);
    tear_down(&here);
    tear_down(&there);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_at_once),
        cmocka_unit_test(no_space_clones_nothing),
        cmocka_unit_test(two_exports_share_nothing),
    };

    return test_group_run(tests);
}
