/* SPDX-License-Identifier: Apache-2.0 */
/* READs of backend/mem that are answered from its blocks: what is lent stays as it was. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "backend/mem/mem.h"
#include "base/check.h"
#include "base/memory.h"
#include "lib/test.h"
#include "unit/backend/mem/mem_files.h"

enum {
    BLOCK = 4096,
    LENT_BYTES = 1 << 20,
    SPACE_BYTES = 3 << 20,
    ROUNDS = 400,
};

struct stage {
    struct vfs *fs;
    struct vfs_object *root, *file;
};

static enum vfs_status write_bytes(struct vfs_object *obj, uint64_t offset, const char *data,
                                   uint32_t len)
{
    enum vfs_stability reached;
    uint32_t written;

    return obj->fs->ops->write(obj, &mem_files_root, offset, data, len, VFS_UNSTABLE, &written,
                               &reached);
}

static enum vfs_status write_at(struct vfs_object *obj, uint64_t offset, uint32_t len, int byte)
{
    char *data = malloc(len);
    enum vfs_status status;

    CHECK(data);
    memset(data, byte, len);
    status = write_bytes(obj, offset, data, len);
    free(data);
    return status;
}

/* A file of LENT_BYTES ones. */
static void set_up(struct stage *stage)
{
    static const struct mem_options options = {.bytes_max = SPACE_BYTES};

    stage->fs = mem_create(&options);
    CHECK(stage->fs->ops->root(stage->fs, &stage->root) == VFS_OK);
    stage->file = mem_files_make(stage->root, "file");
    assert_int_equal(write_at(stage->file, 0, LENT_BYTES, 1), VFS_OK);
}

static void tear_down(struct stage *stage)
{
    vfs_object_put(stage->file);
    vfs_object_put(stage->root);
    stage->fs->ops->destroy(stage->fs);
}

static struct vfs_lent *lend(struct vfs_object *obj, uint64_t offset, uint32_t len)
{
    struct vfs_read io = {.offset = offset, .len = len, .fd_ok = true, .fd = -1};

    CHECK(obj->fs->ops->read(obj, &io) == VFS_OK);
    CHECK(io.lent && io.len == len);
    return io.lent;
}

/* All of it is `byte`. */
static void assert_lent(const struct vfs_lent *lent, uint32_t len, int byte)
{
    for (uint32_t i = 0; i < lent->count; i++) {
        const char *piece = lent->pieces[i].iov_base;

        CHECK(piece[0] == byte);
        CHECK(memcmp(piece, piece + 1, lent->pieces[i].iov_len - 1) == 0);
        CHECK(lent->pieces[i].iov_len <= len);
        len -= (uint32_t)lent->pieces[i].iov_len;
    }
    CHECK(len == 0);
}

static void assert_file(struct vfs_object *obj, uint64_t offset, uint32_t len, int byte)
{
    char *data = malloc(len);
    struct vfs_read io = {.offset = offset, .len = len, .buf = data, .fd = -1};

    CHECK(data);
    CHECK(obj->fs->ops->read(obj, &io) == VFS_OK);
    CHECK(io.len == len && !io.lent);
    for (uint32_t i = 0; i < len; i++)
        CHECK(data[i] == byte);
    free(data);
}

static void assert_same(const struct vfs_lent *lent, const char *data)
{
    for (uint32_t i = 0; i < lent->count; i++) {
        assert_memory_equal(lent->pieces[i].iov_base, data, lent->pieces[i].iov_len);
        data += lent->pieces[i].iov_len;
    }
}

static void any_range_is_lent(void **state)
{
    static const struct {
        uint32_t offset, len;
    } ranges[] = {{0, LENT_BYTES},
                  {1, LENT_BYTES - 1},
                  {BLOCK - 1, LENT_BYTES - 2 * BLOCK},
                  {BLOCK, LENT_BYTES / 2},
                  {5, LENT_BYTES - 10}};
    char *data = malloc(LENT_BYTES);
    struct stage stage;

    (void)state;
    assert_non_null(data);
    for (uint32_t i = 0; i < LENT_BYTES; i++)
        data[i] = (char)(i % 251);
    set_up(&stage);
    assert_int_equal(write_bytes(stage.file, 0, data, LENT_BYTES), VFS_OK);
    for (size_t i = 0; i < ARRAY_SIZE(ranges); i++) {
        struct vfs_lent *lent = lend(stage.file, ranges[i].offset, ranges[i].len);

        assert_same(lent, data + ranges[i].offset);
        lent->pieces[0].iov_len--; /* as whoever sends it may do */
        lent->done(lent);
    }
    tear_down(&stage);
    free(data);
}

static void little_is_copied(void **state)
{
    char data[BLOCK];
    struct vfs_read io = {.len = BLOCK, .buf = data, .fd_ok = true, .fd = -1};
    struct stage stage;

    (void)state;
    set_up(&stage);
    assert_int_equal(stage.fs->ops->read(stage.file, &io), VFS_OK);
    assert_null(io.lent);
    assert_int_equal(data[BLOCK - 1], 1);
    io = (struct vfs_read){.offset = LENT_BYTES, .len = LENT_BYTES, .fd_ok = true, .fd = -1};
    assert_int_equal(stage.fs->ops->read(stage.file, &io), VFS_OK);
    assert_null(io.lent);
    assert_int_equal(io.len, 0);
    tear_down(&stage);
}

static void what_is_lent_stays_as_it_was(void **state)
{
    struct vfs_lent *lent, *again;
    struct stage stage;

    (void)state;
    set_up(&stage);
    lent = lend(stage.file, 0, LENT_BYTES);
    assert_int_equal(write_at(stage.file, 0, LENT_BYTES / 2, 2), VFS_OK);
    assert_int_equal(write_at(stage.file, LENT_BYTES / 2 + 7, 1, 2), VFS_OK); /* in a block */
    again = lend(stage.file, 0, LENT_BYTES / 2);
    mem_files_resize(stage.file, 10);
    assert_lent(lent, LENT_BYTES, 1);
    assert_lent(again, LENT_BYTES / 2, 2);
    assert_file(stage.file, 0, 10, 2);
    mem_files_resize(stage.file, LENT_BYTES);
    assert_file(stage.file, 10, LENT_BYTES - 10, 0);
    lent->done(lent);
    again->done(again);
    tear_down(&stage);
}

static void holes_are_lent_as_zeros(void **state)
{
    struct stage stage;
    struct vfs_lent *lent;

    (void)state;
    set_up(&stage);
    mem_files_resize(stage.file, 0);
    mem_files_resize(stage.file, LENT_BYTES);
    lent = lend(stage.file, 3, LENT_BYTES - 3);
    assert_int_equal(write_at(stage.file, 0, LENT_BYTES, 2), VFS_OK);
    assert_lent(lent, LENT_BYTES - 3, 0);
    lent->done(lent);
    tear_down(&stage);
}

/* A full file system still has room to overwrite what is lent, and has it back afterwards. */
static void lending_takes_no_space(void **state)
{
    uint64_t before, left;
    struct stage stage;
    struct vfs_lent *lent;

    (void)state;
    set_up(&stage);
    before = mem_files_free(stage.root);
    lent = lend(stage.file, 0, LENT_BYTES);
    assert_int_equal(mem_files_free(stage.root), before);
    assert_int_equal(write_at(stage.file, LENT_BYTES, (uint32_t)before, 1), VFS_NOSPC);
    left = mem_files_free(stage.root);
    assert_true(left < BLOCK + 64);
    assert_int_equal(write_at(stage.file, 0, LENT_BYTES, 2), VFS_OK);
    assert_int_equal(mem_files_free(stage.root), 0);
    assert_int_equal(write_at(stage.file, 4 * LENT_BYTES, BLOCK, 2), VFS_NOSPC);
    assert_lent(lent, LENT_BYTES, 1);
    assert_file(stage.file, 0, LENT_BYTES, 2);
    lent->done(lent);
    assert_int_equal(mem_files_free(stage.root), left);
    tear_down(&stage);
}

/* Nor does the limit of all mem exports together forbid it. */
static void lending_takes_no_store(void **state)
{
    struct stage stage;
    struct vfs_lent *lent;

    (void)state;
    set_up(&stage);
    lent = lend(stage.file, 0, LENT_BYTES);
    memory_store_set(1);
    assert_int_equal(write_at(stage.file, LENT_BYTES, BLOCK, 2), VFS_NOSPC);
    assert_int_equal(write_at(stage.file, 0, LENT_BYTES, 2), VFS_OK);
    memory_store_set(0);
    assert_lent(lent, LENT_BYTES, 1);
    lent->done(lent);
    tear_down(&stage);
}

/* Files that share blocks need space to write to them, lent or not. */
static void clones_need_space_all_the_same(void **state)
{
    struct stage stage;
    struct vfs_object *clone;
    struct vfs_lent *lent;

    (void)state;
    set_up(&stage);
    clone = mem_files_make(stage.root, "clone");
    assert_int_equal(stage.fs->ops->clone(stage.file, 0, clone, 0, 0, &mem_files_root), VFS_OK);
    assert_int_equal(write_at(stage.file, LENT_BYTES, SPACE_BYTES, 1), VFS_NOSPC);
    lent = lend(stage.file, 0, LENT_BYTES);
    assert_int_equal(write_at(stage.file, 0, LENT_BYTES, 2), VFS_NOSPC);
    mem_files_resize(clone, 0);
    assert_int_equal(write_at(stage.file, 0, LENT_BYTES, 2), VFS_OK);
    assert_lent(lent, LENT_BYTES, 1);
    lent->done(lent);
    vfs_object_put(clone);
    tear_down(&stage);
}

/* What is lent of a removed file stays, and no more of it. */
static void a_removed_file_leaves_what_is_lent(void **state)
{
    struct vfs_lent *lent;
    struct stage stage;
    uint64_t before;

    (void)state;
    set_up(&stage);
    before = mem_files_free(stage.root);
    lent = lend(stage.file, 0, LENT_BYTES / 4);
    mem_files_remove(stage.root, "file");
    vfs_object_put(stage.file);
    assert_in_range(mem_files_free(stage.root), before + LENT_BYTES / 4 * 3,
                    before + LENT_BYTES - 1);
    assert_lent(lent, LENT_BYTES / 4, 1);
    lent->done(lent);
    assert_true(mem_files_free(stage.root) >= before + LENT_BYTES);
    stage.file = mem_files_make(stage.root, "file");
    tear_down(&stage);
}

static void *overwrite(void *arg)
{
    const struct stage *stage = arg;

    for (int i = 0; i < ROUNDS; i++)
        CHECK(write_at(stage->file, 0, LENT_BYTES, i % 100) == VFS_OK);
    return NULL;
}

/* Each READ sees one of the writes, and keeps it. */
static void *borrow(void *arg)
{
    const struct stage *stage = arg;

    for (int i = 0; i < ROUNDS; i++) {
        struct vfs_lent *lent = lend(stage->file, 0, LENT_BYTES);

        assert_lent(lent, LENT_BYTES, *(const char *)lent->pieces[0].iov_base);
        lent->done(lent);
    }
    return NULL;
}

static void many_threads_lend_and_write(void **state)
{
    void *(*const runs[])(void *) = {overwrite, borrow, borrow};
    pthread_t threads[ARRAY_SIZE(runs)];
    struct stage stage;

    (void)state;
    set_up(&stage);
    for (size_t i = 0; i < ARRAY_SIZE(runs); i++)
        CHECK(pthread_create(&threads[i], NULL, runs[i], &stage) == 0);
    for (size_t i = 0; i < ARRAY_SIZE(runs); i++)
        CHECK(pthread_join(threads[i], NULL) == 0);
    tear_down(&stage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_range_is_lent),
        cmocka_unit_test(little_is_copied),
        cmocka_unit_test(what_is_lent_stays_as_it_was),
        cmocka_unit_test(holes_are_lent_as_zeros),
        cmocka_unit_test(lending_takes_no_space),
        cmocka_unit_test(lending_takes_no_store),
        cmocka_unit_test(clones_need_space_all_the_same),
        cmocka_unit_test(a_removed_file_leaves_what_is_lent),
        cmocka_unit_test(many_threads_lend_and_write),
    };

    return test_group_run(tests);
}
