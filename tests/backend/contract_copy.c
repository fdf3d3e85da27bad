/* SPDX-License-Identifier: Apache-2.0 */
/* copy(), and what vfs_copy() does without it.  RFC 7862 §4, §15.2. */
#include <stdlib.h>

#include "backend/contract.h"
#include "vfs/vfs_copy.h"

typedef enum vfs_status copy_fn(struct vfs_object *from, uint64_t from_offset,
                                struct vfs_object *to, uint64_t to_offset, uint64_t length,
                                const struct vfs_cred *cred, uint64_t *copied);

/* Both must do the same. */
static copy_fn *const ways[] = {vfs_copy, vfs_copy_by_hand};

enum {
    SIZE = 50000,
    BIG = LIMIT_COPY_BYTES + (3 << 20) + 17,
};

/* Two files; the first one has SIZE bytes of a pattern. */
struct pair {
    struct vfs_object *from, *to;
    unsigned char *data;
};

static void fill(unsigned char *data, size_t len)
{
    for (size_t i = 0; i < len; i++)
        data[i] = (unsigned char)(i * 7 + i / 251 + 1);
}

static void pair_make(struct contract *c, struct pair *pair, uint32_t size)
{
    pair->from = make_file(c, "from");
    pair->to = make_file(c, "to");
    pair->data = malloc(size);
    assert_non_null(pair->data);
    fill(pair->data, size);
    put_bytes(c, pair->from, 0, pair->data, size);
}

static void pair_drop(struct contract *c, struct pair *pair)
{
    assert_ok(do_remove(c->root, &c->owner, "from"));
    assert_ok(do_remove(c->root, &c->owner, "to"));
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

static void assert_zeros(struct contract *c, struct vfs_object *file, uint64_t offset, uint32_t len)
{
    unsigned char *zeros = calloc(1, len);

    assert_non_null(zeros);
    assert_bytes(c, file, offset, zeros, len);
    free(zeros);
}

/* Repeats the call until all is copied or the source has ended. */
static uint64_t copy_all(struct contract *c, copy_fn *copy, struct vfs_object *from,
                         uint64_t from_offset, struct vfs_object *to, uint64_t to_offset,
                         uint64_t length)
{
    uint64_t done = 0, copied = 1;

    while (done < length && copied > 0) {
        assert_ok(copy(from, from_offset + done, to, to_offset + done, length - done, &c->owner,
                       &copied));
        assert_true(copied <= length - done);
        done += copied;
    }
    return done;
}

static void bytes_arrive_at_any_offset(void **state)
{
    static const uint32_t offsets[] = {0, 1, 4095, 4096, 4097, 12288, 20001};
    struct contract *c = *state;

    for (size_t way = 0; way < ARRAY_SIZE(ways); way++) {
        struct pair pair;

        pair_make(c, &pair, SIZE);
        for (size_t i = 0; i < ARRAY_SIZE(offsets); i++) {
            for (size_t j = 0; j < ARRAY_SIZE(offsets); j++) {
                uint32_t from = offsets[i], to = offsets[j];

                assert_ok(do_truncate(pair.to, &c->owner, 0));
                assert_int_equal(copy_all(c, ways[way], pair.from, from, pair.to, to, 9999), 9999);
                assert_int_equal(attr_of(pair.to).size, to + 9999);
                assert_bytes(c, pair.to, to, pair.data + from, 9999);
                assert_zeros(c, pair.to, 0, to);
            }
        }
        pair_drop(c, &pair);
    }
}

static void what_is_around_the_target_stays(void **state)
{
    struct contract *c = *state;

    for (size_t way = 0; way < ARRAY_SIZE(ways); way++) {
        unsigned char old[SIZE];
        struct pair pair;

        pair_make(c, &pair, SIZE);
        memset(old, 0xee, sizeof(old));
        put_bytes(c, pair.to, 0, old, sizeof(old));
        assert_int_equal(copy_all(c, ways[way], pair.from, 100, pair.to, 10000, 20000), 20000);
        assert_int_equal(attr_of(pair.to).size, SIZE);
        assert_bytes(c, pair.to, 0, old, 10000);
        assert_bytes(c, pair.to, 10000, pair.data + 100, 20000);
        assert_bytes(c, pair.to, 30000, old, SIZE - 30000);
        assert_bytes(c, pair.from, 0, pair.data, SIZE);
        pair_drop(c, &pair);
    }
}

static void the_end_of_the_source_ends_the_copy(void **state)
{
    struct contract *c = *state;

    for (size_t way = 0; way < ARRAY_SIZE(ways); way++) {
        struct pair pair;
        uint64_t copied = 99;

        pair_make(c, &pair, SIZE);
        assert_int_equal(copy_all(c, ways[way], pair.from, SIZE - 10, pair.to, 5, 1000), 10);
        assert_int_equal(attr_of(pair.to).size, 15);
        assert_ok(ways[way](pair.from, SIZE, pair.to, 0, 10, &c->owner, &copied));
        assert_int_equal(copied, 0);
        assert_ok(ways[way](pair.from, INT64_MAX, pair.to, 0, 10, &c->owner, &copied));
        assert_int_equal(copied, 0);
        assert_ok(ways[way](pair.from, 0, pair.to, 0, 0, &c->owner, &copied));
        assert_int_equal(copied, 0);
        assert_int_equal(attr_of(pair.to).size, 15);
        assert_int_equal(copy_all(c, ways[way], pair.from, 0, pair.to, 0, INT64_MAX), SIZE);
        pair_drop(c, &pair);
    }
}

/* The work of a call is bounded. */
static void a_long_copy_takes_several_calls(void **state)
{
    struct contract *c = *state;

    for (size_t way = 0; way < ARRAY_SIZE(ways); way++) {
        struct pair pair;
        uint64_t copied;

        pair_make(c, &pair, BIG);
        assert_ok(ways[way](pair.from, 0, pair.to, 1, BIG, &c->owner, &copied));
        assert_in_range(copied, 1, LIMIT_COPY_BYTES);
        assert_int_equal(attr_of(pair.to).size, 1 + copied);
        assert_int_equal(
            copy_all(c, ways[way], pair.from, copied, pair.to, 1 + copied, BIG - copied),
            BIG - copied);
        assert_bytes(c, pair.to, 1, pair.data, BIG);
        pair_drop(c, &pair);
    }
}

static void ranges_of_one_file(void **state)
{
    struct contract *c = *state;

    for (size_t way = 0; way < ARRAY_SIZE(ways); way++) {
        struct vfs_object *file;
        struct pair pair;
        uint64_t copied = 99;

        pair_make(c, &pair, SIZE);
        file = pair.from;
        assert_int_equal(copy_all(c, ways[way], file, 100, file, 10100, 10000), 10000);
        assert_bytes(c, file, 10100, pair.data + 100, 10000);
        memmove(pair.data + 10100, pair.data + 100, 10000);
        assert_int_equal(copy_all(c, ways[way], file, 40001, file, 3, 5000), 5000);
        memmove(pair.data + 3, pair.data + 40001, 5000);
        assert_bytes(c, file, 0, pair.data, SIZE);
        assert_status(ways[way](file, 0, file, 9999, 10000, &c->owner, &copied), VFS_INVAL);
        assert_status(ways[way](file, 9999, file, 0, 10000, &c->owner, &copied), VFS_INVAL);
        assert_status(ways[way](file, 5, file, 5, 1, &c->owner, &copied), VFS_INVAL);
        assert_int_equal(copied, 0);
        assert_bytes(c, file, 0, pair.data, SIZE);
        /* Appending the last bytes: the ranges meet, although the request reaches further. */
        assert_int_equal(copy_all(c, ways[way], file, SIZE - 10, file, SIZE, 10), 10);
        assert_bytes(c, file, SIZE, pair.data + SIZE - 10, 10);
        pair_drop(c, &pair);
    }
}

static void holes_are_copied_as_zeros(void **state)
{
    struct contract *c = *state;
    const uint32_t far = 3 << 20;

    for (size_t way = 0; way < ARRAY_SIZE(ways); way++) {
        unsigned char *old = malloc(2 * far);
        struct pair pair;

        assert_non_null(old);
        memset(old, 0xee, 2 * far);
        pair_make(c, &pair, SIZE);
        put_bytes(c, pair.from, far, pair.data, 5);
        assert_ok(do_truncate(pair.from, &c->owner, 2 * far - 77));
        put_bytes(c, pair.to, 0, old, 1 << 20);
        put_bytes(c, pair.to, 1 << 20, old, 2 * far - (1 << 20));
        assert_int_equal(copy_all(c, ways[way], pair.from, 0, pair.to, 33, 2 * far), 2 * far - 77);
        assert_int_equal(attr_of(pair.to).size, 2 * far);
        assert_bytes(c, pair.to, 0, old, 33);
        assert_bytes(c, pair.to, 33, pair.data, SIZE);
        assert_zeros(c, pair.to, 33 + SIZE, far - SIZE);
        assert_bytes(c, pair.to, 33 + far, pair.data, 5);
        assert_zeros(c, pair.to, 33 + far + 5, far - 77 - 5);
        assert_bytes(c, pair.to, 2 * far - 77 + 33, old, 77 - 33);
        free(old);
        pair_drop(c, &pair);
    }
}

/* A hole of any length costs neither time nor space, also at the end. */
static void sparse_files_stay_sparse(void **state)
{
    const uint64_t far = 1ull << 40, end = far + (1ull << 39);
    struct contract *c = *state;

    for (size_t way = 0; way < ARRAY_SIZE(ways); way++) {
        struct pair pair;

        if (ways[way] == vfs_copy_by_hand && !(c->fs->caps & VFS_CAP_SPACE))
            continue; /* it knows no holes */
        pair_make(c, &pair, SIZE);
        if (do_truncate(pair.from, &c->owner, end) == VFS_FBIG)
            test_skip_part("files cannot be so large here");
        else {
            put_bytes(c, pair.from, far, pair.data, 100);
            assert_int_equal(copy_all(c, ways[way], pair.from, 0, pair.to, 0, INT64_MAX), end);
            assert_int_equal(attr_of(pair.to).size, end);
            assert_bytes(c, pair.to, far, pair.data, 100);
            assert_zeros(c, pair.to, end - 1000, 1000);
            assert_true(attr_of(pair.to).space_used < 4 << 20);
            /* A hole over data frees it. */
            put_bytes(c, pair.to, 1 << 20, pair.data, SIZE);
            assert_int_equal(copy_all(c, ways[way], pair.from, SIZE, pair.to, SIZE, 8 << 20),
                             8 << 20);
            assert_zeros(c, pair.to, 1 << 20, SIZE);
        }
        pair_drop(c, &pair);
    }
}

static void only_files_can_be_copied(void **state)
{
    struct contract *c = *state;

    for (size_t way = 0; way < ARRAY_SIZE(ways); way++) {
        struct vfs_object *link = make_symlink(c, "link", "x");
        struct vfs_object *fifo = make(c->root, &c->owner, "fifo", VFS_FIFO, 0644);
        uint64_t copied;
        struct pair pair;

        pair_make(c, &pair, SIZE);
        assert_status(ways[way](c->root, 0, pair.to, 0, 1, &c->owner, &copied), VFS_ISDIR);
        assert_status(ways[way](pair.from, 0, c->root, 0, 1, &c->owner, &copied), VFS_ISDIR);
        assert_status(ways[way](link, 0, pair.to, 0, 1, &c->owner, &copied), VFS_SYMLINK);
        assert_status(ways[way](pair.from, 0, link, 0, 1, &c->owner, &copied), VFS_SYMLINK);
        assert_status(ways[way](fifo, 0, pair.to, 0, 1, &c->owner, &copied), VFS_WRONG_TYPE);
        assert_status(ways[way](pair.from, 0, fifo, 0, 1, &c->owner, &copied), VFS_WRONG_TYPE);
        assert_int_equal(attr_of(pair.to).size, 0);
        assert_ok(do_remove(c->root, &c->owner, "link"));
        assert_ok(do_remove(c->root, &c->owner, "fifo"));
        vfs_object_put(link);
        vfs_object_put(fifo);
        pair_drop(c, &pair);
    }
}

static void no_file_becomes_too_large(void **state)
{
    struct contract *c = *state;
    struct vfs_statfs st;

    assert_ok(c->fs->ops->statfs(c->root, &st));
    for (size_t way = 0; way < ARRAY_SIZE(ways); way++) {
        uint64_t copied = 99;
        struct pair pair;

        pair_make(c, &pair, SIZE);
        assert_status(ways[way](pair.from, 0, pair.to, st.file_size_max, 10, &c->owner, &copied),
                      VFS_FBIG);
        assert_status(ways[way](pair.from, 0, pair.to, UINT64_MAX, 10, &c->owner, &copied),
                      VFS_FBIG);
        assert_status(ways[way](pair.from, 0, pair.to, INT64_MAX - 5, 10, &c->owner, &copied),
                      VFS_FBIG);
        assert_int_equal(copied, 0);
        assert_int_equal(attr_of(pair.to).size, 0);
        pair_drop(c, &pair);
    }
}

static void a_copy_is_a_change_like_a_write(void **state)
{
    struct contract *c = *state;

    for (size_t way = 0; way < ARRAY_SIZE(ways); way++) {
        uint64_t before, copied;
        struct pair pair;

        pair_make(c, &pair, SIZE);
        before = change_of(pair.to);
        assert_ok(ways[way](pair.from, SIZE, pair.to, 0, 10, &c->owner, &copied));
        assert_int_equal(change_of(pair.to), before);
        assert_int_equal(copy_all(c, ways[way], pair.from, 0, pair.to, 0, 10), 10);
        assert_int_not_equal(change_of(pair.to), before);
        pair_drop(c, &pair);
    }
}

static void a_copy_drops_suid_like_a_write(void **state)
{
    struct contract *c = *state;

    for (size_t way = 0; way < ARRAY_SIZE(ways); way++) {
        struct pair pair;
        uint64_t copied;

        pair_make(c, &pair, SIZE);
        assert_ok(do_chmod(pair.to, &c->super, 04777)); /* whose writes keep it */
        assert_ok(ways[way](pair.from, 0, pair.to, 0, 10, &c->other, &copied));
        assert_int_equal(attr_of(pair.to).mode, 0777);
        pair_drop(c, &pair);
    }
}

static void a_full_file_system_copies_what_fits(void **state)
{
    struct contract *c = *state;

    for (size_t way = 0; way < ARRAY_SIZE(ways); way++) {
        uint64_t copied = 1, done = 0;
        enum vfs_status status;
        struct pair pair;

        contract_limit(c, 1100 << 10, 0);
        pair_make(c, &pair, 700 << 10);
        do {
            status =
                ways[way](pair.from, done, pair.to, done, (700 << 10) - done, &c->owner, &copied);
            done += copied;
        } while (status == VFS_OK);
        assert_status(status, VFS_NOSPC);
        assert_int_equal(copied, 0);
        assert_in_range(done, 200 << 10, 400 << 10);
        assert_int_equal(attr_of(pair.to).size, done);
        assert_bytes(c, pair.to, 0, pair.data, (uint32_t)done);
        pair_drop(c, &pair);
    }
}

static const struct contract_test tests[] = {
    CONTRACT_TEST(bytes_arrive_at_any_offset, NEEDS_NOTHING),
    CONTRACT_TEST(what_is_around_the_target_stays, NEEDS_NOTHING),
    CONTRACT_TEST(the_end_of_the_source_ends_the_copy, NEEDS_NOTHING),
    CONTRACT_TEST(a_long_copy_takes_several_calls, NEEDS_NOTHING),
    CONTRACT_TEST(ranges_of_one_file, NEEDS_NOTHING),
    CONTRACT_TEST(holes_are_copied_as_zeros, NEEDS_NOTHING),
    CONTRACT_TEST(sparse_files_stay_sparse, NEEDS_NOTHING),
    CONTRACT_TEST(only_files_can_be_copied, NEEDS_NOTHING),
    CONTRACT_TEST(no_file_becomes_too_large, NEEDS_NOTHING),
    CONTRACT_TEST(a_copy_is_a_change_like_a_write, NEEDS_NOTHING),
    CONTRACT_TEST(a_copy_drops_suid_like_a_write, NEEDS_USERS),
    CONTRACT_TEST(a_full_file_system_copies_what_fits, NEEDS_LIMIT),
};

CONTRACT_GROUP(copy, tests);
