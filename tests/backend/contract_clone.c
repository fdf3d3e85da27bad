/* SPDX-License-Identifier: Apache-2.0 */
/* clone().  RFC 7862 §15.13. */
#include <stdlib.h>

#include "backend/contract.h"

enum {
    BLOCKS = 20,
    TAIL = 77 /* bytes of the last block */
};

/* Two files; the first one has BLOCKS whole blocks of a pattern and a part of another one. */
struct pair {
    struct vfs_object *from, *to;
    unsigned char *data;
    uint32_t block, size;
};

static enum vfs_status clone(const struct contract *c, struct vfs_object *from,
                             uint64_t from_offset, struct vfs_object *to, uint64_t to_offset,
                             uint64_t length)
{
    return c->fs->ops->clone(from, from_offset, to, to_offset, length, &c->owner);
}

static void pair_make(struct contract *c, struct pair *pair)
{
    pair->block = c->fs->clone_blksize;
    assert_true(c->fs->caps & VFS_CAP_CLONE);
    assert_true(pair->block >= 512);
    pair->size = BLOCKS * pair->block + TAIL;
    pair->from = make_file(c, "from");
    pair->to = make_file(c, "to");
    pair->data = malloc(pair->size);
    assert_non_null(pair->data);
    for (uint32_t i = 0; i < pair->size; i++)
        pair->data[i] = (unsigned char)(i * 7 + i / 251 + 1);
    put_bytes(c, pair->from, 0, pair->data, pair->size);
}

static void pair_drop(struct pair *pair)
{
    vfs_object_put(pair->from);
    vfs_object_put(pair->to);
    free(pair->data);
}

static void assert_bytes(struct contract *c, struct vfs_object *file, uint64_t offset,
                         const void *want, uint32_t len)
{
    unsigned char *got = malloc(len ? len : 1);
    bool eof;

    assert_non_null(got);
    assert_int_equal(get_bytes(c, file, offset, got, len, &eof), len);
    if (len > 0)
        assert_memory_equal(got, want, len);
    free(got);
}

/* All bytes are `byte`. */
static void assert_filled(struct contract *c, struct vfs_object *file, uint64_t offset,
                          uint32_t len, int byte)
{
    unsigned char *want = malloc(len ? len : 1);

    assert_non_null(want);
    memset(want, byte, len);
    assert_bytes(c, file, offset, want, len);
    free(want);
}

static void fill(struct contract *c, struct vfs_object *file, uint64_t offset, uint32_t len,
                 int byte)
{
    unsigned char *data = malloc(len);

    assert_non_null(data);
    memset(data, byte, len);
    put_bytes(c, file, offset, data, len);
    free(data);
}

static void no_capability_no_clone(void **state)
{
    struct contract *c = *state;
    struct vfs_object *from, *to;

    assert_int_equal((c->fs->caps & VFS_CAP_CLONE) != 0, c->fs->clone_blksize > 0);
    if (c->fs->caps & VFS_CAP_CLONE)
        return; /* the other tests are for it */
    from = make_file(c, "from");
    to = make_file(c, "to");
    put_bytes(c, from, 0, "text", 4);
    assert_either(clone(c, from, 0, to, 0, 0), VFS_NOTSUPP, VFS_XDEV);
    assert_int_equal(attr_of(to).size, 0);
    vfs_object_put(from);
    vfs_object_put(to);
}

static void a_clone_has_the_bytes(void **state)
{
    struct contract *c = *state;
    struct pair pair;

    pair_make(c, &pair);
    assert_ok(clone(c, pair.from, 0, pair.to, 0, 0));
    assert_int_equal(attr_of(pair.to).size, pair.size);
    assert_bytes(c, pair.to, 0, pair.data, pair.size);
    assert_ok(do_truncate(pair.to, &c->owner, 0));
    assert_ok(clone(c, pair.from, 0, pair.to, 0, pair.size));
    assert_bytes(c, pair.to, 0, pair.data, pair.size);
    assert_bytes(c, pair.from, 0, pair.data, pair.size);
    pair_drop(&pair);
}

static void neither_file_sees_what_the_other_writes(void **state)
{
    struct contract *c = *state;
    unsigned char *theirs;
    struct pair pair;

    pair_make(c, &pair);
    assert_ok(clone(c, pair.from, 0, pair.to, 0, 0));
    theirs = malloc(pair.size);
    assert_non_null(theirs);
    memcpy(theirs, pair.data, pair.size);
    fill(c, pair.from, 100, 3 * pair.block, 0xee);
    memset(pair.data + 100, 0xee, 3 * pair.block);
    fill(c, pair.to, 2 * pair.block + 5, 5 * pair.block, 0xdd);
    memset(theirs + 2 * pair.block + 5, 0xdd, 5 * pair.block);
    assert_bytes(c, pair.from, 0, pair.data, pair.size);
    assert_bytes(c, pair.to, 0, theirs, pair.size);
    free(theirs);
    pair_drop(&pair);
}

static void a_clone_outlives_its_source(void **state)
{
    struct contract *c = *state;
    struct pair pair;
    uint32_t half;

    pair_make(c, &pair);
    half = pair.size / 2 + 11;
    assert_ok(clone(c, pair.from, 0, pair.to, 0, 0));
    assert_ok(do_truncate(pair.from, &c->owner, half));
    assert_ok(do_truncate(pair.from, &c->owner, pair.size));
    assert_bytes(c, pair.from, 0, pair.data, half);
    assert_filled(c, pair.from, half, pair.size - half, 0);
    assert_bytes(c, pair.to, 0, pair.data, pair.size);
    assert_ok(do_remove(c->root, &c->owner, "from"));
    vfs_object_put(pair.from);
    pair.from = NULL;
    assert_bytes(c, pair.to, 0, pair.data, pair.size);
    pair_drop(&pair);
}

static void what_is_around_the_target_stays(void **state)
{
    struct contract *c = *state;
    struct pair pair;
    uint32_t b;

    pair_make(c, &pair);
    b = pair.block;
    fill(c, pair.to, 0, BLOCKS * b, 0xee);
    assert_ok(clone(c, pair.from, 2 * b, pair.to, 5 * b, 3 * b));
    assert_int_equal(attr_of(pair.to).size, BLOCKS * b);
    assert_filled(c, pair.to, 0, 5 * b, 0xee);
    assert_bytes(c, pair.to, 5 * b, pair.data + 2 * b, 3 * b);
    assert_filled(c, pair.to, 8 * b, (BLOCKS - 8) * b, 0xee);
    /* Behind the end: what is in between reads as zeros. */
    assert_ok(clone(c, pair.from, b, pair.to, (BLOCKS + 10) * b, 2 * b));
    assert_int_equal(attr_of(pair.to).size, (BLOCKS + 12) * b);
    assert_filled(c, pair.to, BLOCKS * b, 10 * b, 0);
    assert_bytes(c, pair.to, (BLOCKS + 10) * b, pair.data + b, 2 * b);
    pair_drop(&pair);
}

static void holes_are_cloned(void **state)
{
    struct contract *c = *state;
    struct pair pair;
    uint32_t b;

    pair_make(c, &pair);
    b = pair.block;
    assert_ok(do_truncate(pair.from, &c->owner, 0));
    put_bytes(c, pair.from, 300 * b, pair.data, 2 * b);
    put_bytes(c, pair.from, 5000 * b, pair.data, b);
    assert_ok(do_truncate(pair.from, &c->owner, 9000 * b));
    fill(c, pair.to, 0, 310 * b, 0xee);
    put_bytes(c, pair.to, 4999 * b, pair.data, 4 * b);
    assert_ok(clone(c, pair.from, b, pair.to, 0, 8999 * b));
    assert_int_equal(attr_of(pair.to).size, 8999 * b);
    assert_filled(c, pair.to, 0, 299 * b, 0);
    assert_bytes(c, pair.to, 299 * b, pair.data, 2 * b);
    assert_filled(c, pair.to, 301 * b, 9 * b, 0);
    assert_bytes(c, pair.to, 4999 * b, pair.data, b);
    assert_filled(c, pair.to, 5000 * b, 4 * b, 0);
    assert_true(attr_of(pair.to).space_used <= 8ull * b);
    pair_drop(&pair);
}

static void ranges_must_be_aligned_and_there(void **state)
{
    struct contract *c = *state;
    uint64_t before;
    struct pair pair;
    uint32_t b;

    pair_make(c, &pair);
    b = pair.block;
    fill(c, pair.to, 0, 3 * b, 0xee);
    before = change_of(pair.to);
    assert_status(clone(c, pair.from, 1, pair.to, 0, b), VFS_INVAL);
    assert_status(clone(c, pair.from, 0, pair.to, b - 1, b), VFS_INVAL);
    assert_status(clone(c, pair.from, 0, pair.to, 0, b - 1), VFS_INVAL);
    assert_status(clone(c, pair.from, 0, pair.to, 0, pair.size - 1), VFS_INVAL);
    assert_status(clone(c, pair.from, 0, pair.to, 0, pair.size + 1), VFS_INVAL);
    assert_status(clone(c, pair.from, BLOCKS * b, pair.to, 0, b), VFS_INVAL);
    assert_status(clone(c, pair.from, (BLOCKS + 1) * b, pair.to, 0, b), VFS_INVAL);
    assert_status(clone(c, pair.from, (BLOCKS + 1) * b, pair.to, 0, 0), VFS_INVAL);
    assert_status(clone(c, pair.from, INT64_MAX - b + 1, pair.to, 0, 0), VFS_INVAL);
    assert_status(clone(c, pair.from, 0, pair.to, 0, INT64_MAX - b + 1), VFS_INVAL);
    assert_int_equal(change_of(pair.to), before);
    assert_filled(c, pair.to, 0, 3 * b, 0xee);
    assert_int_equal(attr_of(pair.to).size, 3 * b);
    pair_drop(&pair);
}

static void nothing_is_cloned_from_the_end(void **state)
{
    struct contract *c = *state;
    struct vfs_object *empty = make_file(c, "empty");
    struct pair pair;

    pair_make(c, &pair);
    assert_ok(clone(c, empty, 0, pair.to, 0, 0));
    assert_int_equal(attr_of(pair.to).size, 0);
    assert_ok(do_truncate(pair.from, &c->owner, 2 * pair.block));
    assert_ok(clone(c, pair.from, 2 * pair.block, pair.to, 0, 0));
    assert_int_equal(attr_of(pair.to).size, 0);
    vfs_object_put(empty);
    pair_drop(&pair);
}

static void ranges_of_one_file(void **state)
{
    struct contract *c = *state;
    struct pair pair;
    uint32_t b;

    pair_make(c, &pair);
    b = pair.block;
    assert_status(clone(c, pair.from, 0, pair.from, 0, 2 * b), VFS_INVAL);
    assert_status(clone(c, pair.from, 0, pair.from, b, 2 * b), VFS_INVAL);
    assert_status(clone(c, pair.from, b, pair.from, 0, 2 * b), VFS_INVAL);
    assert_status(clone(c, pair.from, b, pair.from, 5 * b, 0), VFS_INVAL);
    assert_bytes(c, pair.from, 0, pair.data, pair.size);
    assert_ok(clone(c, pair.from, 0, pair.from, 2 * b, 2 * b));
    assert_ok(clone(c, pair.from, 9 * b, pair.from, 5 * b, b));
    memmove(pair.data + 2 * b, pair.data, 2 * b);
    memmove(pair.data + 5 * b, pair.data + 9 * b, b);
    assert_bytes(c, pair.from, 0, pair.data, pair.size);
    fill(c, pair.from, 9 * b + 1, 10, 0xee);
    memset(pair.data + 9 * b + 1, 0xee, 10);
    assert_bytes(c, pair.from, 0, pair.data, pair.size);
    /* Its end, behind itself. */
    assert_ok(clone(c, pair.from, BLOCKS * b, pair.from, (BLOCKS + 1) * b, 0));
    assert_int_equal(attr_of(pair.from).size, (BLOCKS + 1) * b + TAIL);
    assert_bytes(c, pair.from, (BLOCKS + 1) * b, pair.data + BLOCKS * b, TAIL);
    pair_drop(&pair);
}

/* The rest of the block becomes zeros; or it is refused, as Linux does. */
static void the_last_block_into_the_middle(void **state)
{
    struct contract *c = *state;
    enum vfs_status status;
    struct pair pair;
    uint32_t b;

    pair_make(c, &pair);
    b = pair.block;
    fill(c, pair.to, 0, 5 * b, 0xee);
    status = clone(c, pair.from, BLOCKS * b, pair.to, 2 * b, TAIL);
    assert_int_equal(attr_of(pair.to).size, 5 * b);
    assert_filled(c, pair.to, 0, 2 * b, 0xee);
    assert_filled(c, pair.to, 3 * b, 2 * b, 0xee);
    if (status == VFS_OK) {
        assert_bytes(c, pair.to, 2 * b, pair.data + BLOCKS * b, TAIL);
        assert_filled(c, pair.to, 2 * b + TAIL, b - TAIL, 0);
    } else {
        assert_status(status, VFS_INVAL);
        assert_filled(c, pair.to, 2 * b, b, 0xee);
    }
    pair_drop(&pair);
}

static void no_file_becomes_too_large(void **state)
{
    struct contract *c = *state;
    struct vfs_statfs st;
    struct pair pair;
    uint64_t beyond;

    pair_make(c, &pair);
    assert_ok(c->fs->ops->statfs(c->root, &st));
    beyond = st.file_size_max / pair.block * pair.block;
    assert_either(clone(c, pair.from, 0, pair.to, beyond, 2ull * pair.block), VFS_FBIG, VFS_INVAL);
    assert_either(clone(c, pair.from, 0, pair.to, 1ull << 63, pair.block), VFS_FBIG, VFS_INVAL);
    assert_int_equal(attr_of(pair.to).size, 0);
    pair_drop(&pair);
}

static void only_files_can_be_cloned(void **state)
{
    struct contract *c = *state;
    struct vfs_object *link = make_symlink(c, "link", "x");
    struct vfs_object *fifo = make(c->root, &c->owner, "fifo", VFS_FIFO, 0644);
    struct pair pair;

    pair_make(c, &pair);
    assert_status(clone(c, c->root, 0, pair.to, 0, 0), VFS_ISDIR);
    assert_status(clone(c, pair.from, 0, c->root, 0, 0), VFS_ISDIR);
    assert_status(clone(c, link, 0, pair.to, 0, 0), VFS_SYMLINK);
    assert_status(clone(c, pair.from, 0, link, 0, 0), VFS_SYMLINK);
    assert_status(clone(c, fifo, 0, pair.to, 0, 0), VFS_WRONG_TYPE);
    assert_status(clone(c, pair.from, 0, fifo, 0, 0), VFS_WRONG_TYPE);
    vfs_object_put(link);
    vfs_object_put(fifo);
    pair_drop(&pair);
}

static void a_clone_is_a_change_like_a_write(void **state)
{
    struct contract *c = *state;
    struct pair pair;
    uint64_t before, source;

    pair_make(c, &pair);
    before = change_of(pair.to);
    source = change_of(pair.from);
    assert_ok(clone(c, pair.from, 0, pair.to, 0, 0));
    assert_int_not_equal(change_of(pair.to), before);
    assert_int_equal(change_of(pair.from), source);
    pair_drop(&pair);
}

static void a_clone_drops_suid_like_a_write(void **state)
{
    struct contract *c = *state;
    struct pair pair;

    pair_make(c, &pair);
    assert_ok(do_chmod(pair.to, &c->super, 04777)); /* whose writes keep it */
    assert_ok(c->fs->ops->clone(pair.from, 0, pair.to, 0, 0, &c->other));
    assert_int_equal(attr_of(pair.to).mode, 0777);
    pair_drop(&pair);
}

/* Two exports may share blocks only if they are of one file system. */
static void to_another_file_system(void **state)
{
    struct contract *c = *state;
    struct vfs *second = c->backend->create();
    struct vfs_object *root, *to;
    enum vfs_status status;
    struct pair pair;

    pair_make(c, &pair);
    second->fsid = 2;
    assert_ok(second->ops->root(second, &root));
    to = make(root, &c->owner, "to", VFS_REG, 0644);
    status = clone(c, pair.from, 0, to, 0, 0);
    assert_int_equal(attr_of(to).size, status == VFS_OK ? pair.size : 0);
    if (status == VFS_OK)
        assert_bytes(c, to, 0, pair.data, pair.size);
    else
        assert_status(status, VFS_XDEV);
    vfs_object_put(to);
    vfs_object_put(root);
    c->backend->destroy(second);
    pair_drop(&pair);
}

static uint64_t free_bytes(const struct contract *c)
{
    struct vfs_statfs st;

    assert_ok(c->fs->ops->statfs(c->root, &st));
    return st.bytes_free;
}

/* Only what differs takes space; so a write to a clone may find none. */
static void clones_take_no_space(void **state)
{
    const uint32_t size = 700 << 10;
    struct contract *c = *state;
    uint64_t before, filled;
    struct pair pair;

    contract_limit(c, 1100 << 10, 0);
    before = free_bytes(c);
    pair_make(c, &pair);
    fill(c, pair.from, 0, size, 0xaa);
    filled = free_bytes(c);
    assert_ok(clone(c, pair.from, 0, pair.to, 0, 0));
    assert_true(free_bytes(c) + (8 << 10) >= filled);
    assert_int_equal(attr_of(pair.to).space_used, attr_of(pair.from).space_used);
    assert_true(free_bytes(c) < size);
    for (uint32_t at = 0; at < size; at += pair.block) {
        enum vfs_status status = do_write(pair.to, &c->owner, at, "b", 1);

        if (status == VFS_OK)
            continue;
        assert_status(status, VFS_NOSPC);
        assert_true(at > 200 << 10);
        assert_filled(c, pair.to, at, pair.block, 0xaa);
        assert_status(do_truncate(pair.to, &c->owner, at + 1), VFS_NOSPC);
        assert_int_equal(attr_of(pair.to).size, size);
        break;
    }
    assert_filled(c, pair.from, 0, size, 0xaa);
    /* Without the other one the blocks are its own: it can write. */
    assert_ok(do_truncate(pair.from, &c->owner, 0));
    assert_ok(do_truncate(pair.to, &c->owner, size - 5));
    fill(c, pair.to, 0, size, 0xcc);
    assert_filled(c, pair.to, 0, size, 0xcc);
    assert_ok(do_remove(c->root, &c->owner, "from"));
    assert_ok(do_remove(c->root, &c->owner, "to"));
    pair_drop(&pair);
    assert_true(free_bytes(c) + (4 << 10) >= before);
}

static const struct contract_test tests[] = {
    CONTRACT_TEST(no_capability_no_clone, NEEDS_NOTHING),
    CONTRACT_TEST(a_clone_has_the_bytes, NEEDS_CLONE),
    CONTRACT_TEST(neither_file_sees_what_the_other_writes, NEEDS_CLONE),
    CONTRACT_TEST(a_clone_outlives_its_source, NEEDS_CLONE),
    CONTRACT_TEST(what_is_around_the_target_stays, NEEDS_CLONE),
    CONTRACT_TEST(holes_are_cloned, NEEDS_CLONE),
    CONTRACT_TEST(ranges_must_be_aligned_and_there, NEEDS_CLONE),
    CONTRACT_TEST(nothing_is_cloned_from_the_end, NEEDS_CLONE),
    CONTRACT_TEST(ranges_of_one_file, NEEDS_CLONE),
    CONTRACT_TEST(the_last_block_into_the_middle, NEEDS_CLONE),
    CONTRACT_TEST(no_file_becomes_too_large, NEEDS_CLONE),
    CONTRACT_TEST(only_files_can_be_cloned, NEEDS_CLONE),
    CONTRACT_TEST(a_clone_is_a_change_like_a_write, NEEDS_CLONE),
    CONTRACT_TEST(a_clone_drops_suid_like_a_write, NEEDS_CLONE | NEEDS_USERS),
    CONTRACT_TEST(to_another_file_system, NEEDS_CLONE),
    CONTRACT_TEST(clones_take_no_space, NEEDS_CLONE | NEEDS_LIMIT),
};

CONTRACT_GROUP(clone, tests);
