/* SPDX-License-Identifier: Apache-2.0 */
/* read, write, commit, truncation, holes, statfs. */
#include <stdlib.h>
#include <unistd.h>

#include "backend/contract.h"

static uint64_t size_max_of(struct contract *c)
{
    struct vfs_statfs st = {0};

    assert_ok(c->fs->ops->statfs(c->root, &st));
    return st.file_size_max;
}

static bool all_zero(const unsigned char *data, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (data[i] != 0)
            return false;
    }
    return true;
}

static void written_data_is_read(void **state)
{
    struct contract *c = *state;
    struct vfs_object *file = make_file(c, "file");
    char buf[16];
    bool eof;

    put_bytes(c, file, 0, "hello, world", 12);
    assert_int_equal(attr_of(file).size, 12);
    assert_int_equal(get_bytes(c, file, 0, buf, 16, &eof), 12);
    assert_true(eof);
    assert_memory_equal(buf, "hello, world", 12);
    assert_int_equal(get_bytes(c, file, 7, buf, 3, &eof), 3);
    assert_false(eof);
    assert_memory_equal(buf, "wor", 3);
    vfs_object_put(file);
}

static void eof_is_told_at_the_last_byte(void **state)
{
    struct contract *c = *state;
    struct vfs_object *file = make_file(c, "file");
    char buf[16];
    bool eof;

    assert_int_equal(get_bytes(c, file, 0, buf, 16, &eof), 0);
    assert_true(eof);
    put_bytes(c, file, 0, "0123456789", 10);
    assert_int_equal(get_bytes(c, file, 0, buf, 9, &eof), 9);
    assert_false(eof);
    assert_int_equal(get_bytes(c, file, 0, buf, 10, &eof), 10);
    assert_true(eof);
    assert_int_equal(get_bytes(c, file, 10, buf, 4, &eof), 0);
    assert_true(eof);
    assert_int_equal(get_bytes(c, file, 1000, buf, 4, &eof), 0);
    assert_true(eof);
    assert_int_equal(get_bytes(c, file, INT64_MAX, buf, 4, &eof), 0);
    assert_true(eof);
    assert_int_equal(get_bytes(c, file, UINT64_MAX - 1, buf, 4, &eof), 0);
    assert_true(eof);
    vfs_object_put(file);
}

static void no_bytes_do_nothing(void **state)
{
    struct contract *c = *state;
    struct vfs_object *file = make_file(c, "file");
    uint64_t before;
    char buf[4];
    bool eof;

    put_bytes(c, file, 0, "abc", 3);
    before = change_of(file);
    put_bytes(c, file, 100, "", 0);
    assert_int_equal(attr_of(file).size, 3);
    assert_int_equal(change_of(file), before);
    assert_int_equal(get_bytes(c, file, 0, buf, 0, &eof), 0);
    vfs_object_put(file);
}

static void overwriting_keeps_the_rest(void **state)
{
    struct contract *c = *state;
    struct vfs_object *file = make_file(c, "file");
    static unsigned char want[20000], got[20000];
    bool eof;

    for (size_t i = 0; i < sizeof(want); i++)
        want[i] = (unsigned char)(i * 7 + i / 251);
    put_bytes(c, file, 0, want, sizeof(want));
    memset(want + 4090, 0xee, 8200);
    put_bytes(c, file, 4090, want + 4090, 8200);
    assert_int_equal(get_bytes(c, file, 0, got, sizeof(got), &eof), sizeof(got));
    assert_memory_equal(got, want, sizeof(want));
    assert_int_equal(attr_of(file).size, sizeof(want));
    vfs_object_put(file);
}

static void holes_are_zero_and_cost_nothing(void **state)
{
    struct contract *c = *state;
    struct vfs_object *file = make_file(c, "file");
    unsigned char buf[9000];
    struct vfs_attr attr;
    bool eof;

    put_bytes(c, file, (1ull << 30) + 5, "end", 3);
    attr = attr_of(file);
    assert_int_equal(attr.size, (1ull << 30) + 8);
    assert_true(attr.space_used < 1 << 20);
    assert_int_equal(get_bytes(c, file, 12345, buf, sizeof(buf), &eof), sizeof(buf));
    assert_false(eof);
    assert_true(all_zero(buf, sizeof(buf)));
    assert_int_equal(get_bytes(c, file, 1ull << 30, buf, sizeof(buf), &eof), 8);
    assert_true(eof);
    assert_memory_equal(buf, "\0\0\0\0\0end", 8);
    vfs_object_put(file);
}

static void end_of_the_offsets(void **state)
{
    struct contract *c = *state;
    struct vfs_object *file = make_file(c, "file");
    uint64_t max = size_max_of(c);
    char buf[4];
    bool eof;

    assert_true(max > UINT32_MAX);
    put_bytes(c, file, max - 2, "ab", 2);
    assert_int_equal(attr_of(file).size, max);
    assert_int_equal(get_bytes(c, file, max - 2, buf, 4, &eof), 2);
    assert_true(eof);
    assert_memory_equal(buf, "ab", 2);
    assert_ok(c->fs->ops->open(file, &c->owner, VFS_WANT_WRITE, false));
    assert_status(do_write(file, &c->owner, max, "x", 1), VFS_FBIG);
    assert_status(do_write(file, &c->owner, UINT64_MAX, "x", 1), VFS_FBIG);
    assert_status(do_write(file, &c->owner, UINT64_MAX - 3, "xxxx", 4), VFS_FBIG);
    c->fs->ops->close(file, VFS_WANT_WRITE);
    assert_int_equal(attr_of(file).size, max);
    assert_status(do_truncate(file, &c->owner, UINT64_MAX), VFS_FBIG);
    assert_ok(do_truncate(file, &c->owner, 0));
    assert_ok(do_truncate(file, &c->owner, max));
    assert_int_equal(attr_of(file).size, max);
    vfs_object_put(file);
}

static void truncation_cuts_for_good(void **state)
{
    struct contract *c = *state;
    struct vfs_object *file = make_file(c, "file");
    static unsigned char data[12288], got[12288];
    bool eof;

    memset(data, 0x5a, sizeof(data));
    put_bytes(c, file, 0, data, sizeof(data));
    assert_ok(do_truncate(file, &c->owner, 5000));
    assert_int_equal(attr_of(file).size, 5000);
    assert_ok(do_truncate(file, &c->owner, sizeof(data)));
    assert_int_equal(get_bytes(c, file, 0, got, sizeof(got), &eof), sizeof(got));
    assert_memory_equal(got, data, 5000);
    assert_true(all_zero(got + 5000, sizeof(got) - 5000));
    assert_ok(do_truncate(file, &c->owner, 0));
    assert_int_equal(attr_of(file).space_used, 0);
    put_bytes(c, file, 100, "x", 1);
    assert_int_equal(get_bytes(c, file, 0, got, sizeof(got), &eof), 101);
    assert_true(all_zero(got, 100));
    vfs_object_put(file);
}

static void writing_behind_a_cut_finds_zeros(void **state)
{
    struct contract *c = *state;
    struct vfs_object *file = make_file(c, "file");
    unsigned char got[64];
    bool eof;

    put_bytes(c, file, 0, "0123456789", 10);
    assert_ok(do_truncate(file, &c->owner, 4));
    put_bytes(c, file, 8, "89", 2);
    assert_int_equal(get_bytes(c, file, 0, got, sizeof(got), &eof), 10);
    assert_memory_equal(got,
                        "0123\0\0\0\0"
                        "89",
                        10);
    vfs_object_put(file);
}

static void only_files_have_data(void **state)
{
    struct contract *c = *state;
    struct vfs_object *link = make_symlink(c, "link", "x");
    struct vfs_object *fifo = make(c->root, &c->owner, "fifo", VFS_FIFO, 0644);
    uint32_t got;
    char buf[4];
    bool eof;

    assert_status(do_read(c->root, 0, buf, 4, &got, &eof), VFS_ISDIR);
    assert_status(do_read(link, 0, buf, 4, &got, &eof), VFS_SYMLINK);
    assert_status(do_read(fifo, 0, buf, 4, &got, &eof), VFS_WRONG_TYPE);
    assert_status(do_write(c->root, &c->owner, 0, "x", 1), VFS_ISDIR);
    assert_status(do_write(link, &c->owner, 0, "x", 1), VFS_SYMLINK);
    assert_status(do_write(fifo, &c->owner, 0, "x", 1), VFS_WRONG_TYPE);
    assert_status(c->fs->ops->commit(c->root, &c->owner, 0, 0), VFS_ISDIR);
    assert_status(c->fs->ops->commit(link, &c->owner, 0, 0), VFS_SYMLINK);
    assert_status(c->fs->ops->commit(fifo, &c->owner, 0, 0), VFS_WRONG_TYPE);
    assert_status(do_truncate(c->root, &c->owner, 0), VFS_ISDIR);
    assert_status(do_truncate(link, &c->owner, 0), VFS_INVAL);
    assert_status(do_truncate(fifo, &c->owner, 0), VFS_INVAL);
    vfs_object_put(fifo);
    vfs_object_put(link);
}

static void stability_is_at_least_as_requested(void **state)
{
    struct contract *c = *state;
    const enum vfs_stability wants[] = {VFS_UNSTABLE, VFS_DATA_SYNC, VFS_FILE_SYNC};
    struct vfs_object *file = make_file(c, "file");
    uint64_t verifier = c->fs->write_verifier;

    assert_ok(c->fs->ops->open(file, &c->owner, VFS_WANT_WRITE, false));
    for (size_t i = 0; i < ARRAY_SIZE(wants); i++) {
        enum vfs_stability reached = VFS_UNSTABLE;
        uint32_t written = 0;

        assert_ok(c->fs->ops->write(file, &c->owner, i, "x", 1, wants[i], &written, &reached));
        assert_int_equal(written, 1);
        assert_true(reached >= wants[i]);
    }
    assert_ok(c->fs->ops->commit(file, &c->owner, 0, 0));
    assert_ok(c->fs->ops->commit(file, &c->owner, 1, 1));
    assert_ok(c->fs->ops->commit(file, &c->owner, 1000, 5));
    assert_int_equal(c->fs->write_verifier, verifier);
    c->fs->ops->close(file, VFS_WANT_WRITE);
    vfs_object_put(file);
}

static void large_writes_and_reads(void **state)
{
    struct contract *c = *state;
    struct vfs_object *file = make_file(c, "file");
    const uint32_t len = 1 << 20;
    unsigned char *data = malloc(len), *got = malloc(len);
    bool eof;

    assert_true(data && got);
    for (uint32_t i = 0; i < len; i++)
        data[i] = (unsigned char)(i ^ (i >> 8) ^ (i >> 16));
    put_bytes(c, file, 3, data, len);
    put_bytes(c, file, 3 + len, data, len);
    assert_int_equal(get_bytes(c, file, 3 + len / 2, got, len, &eof), len);
    assert_false(eof);
    assert_memory_equal(got, data + len / 2, len / 2);
    assert_memory_equal(got + len / 2, data, len / 2);
    assert_true(attr_of(file).space_used >= 2ull * len);
    free(data);
    free(got);
    vfs_object_put(file);
}

/* A read that returns a descriptor yields the same bytes. */
static void read_by_descriptor(void **state)
{
    struct contract *c = *state;
    struct vfs_object *file = make_file(c, "file");
    struct vfs_read io = {.offset = 2, .len = 100, .fd_ok = true, .fd = -1};
    char buf[100];

    put_bytes(c, file, 0, "0123456789", 10);
    io.buf = buf;
    assert_ok(c->fs->ops->open(file, &c->owner, VFS_WANT_READ, false));
    assert_ok(c->fs->ops->read(file, &io));
    assert_int_equal(io.len, 8);
    assert_true(io.eof);
    if (io.fd >= 0) {
        assert_true(c->fs->caps & VFS_CAP_READ_FD);
        assert_int_equal(pread(io.fd, buf, 8, (off_t)io.offset), 8);
        c->fs->ops->read_done(file, io.fd);
    }
    assert_memory_equal(buf, "23456789", 8);
    c->fs->ops->close(file, VFS_WANT_READ);
    vfs_object_put(file);
}

static void statfs_makes_sense(void **state)
{
    struct contract *c = *state;
    struct vfs_statfs st;

    memset(&st, 0, sizeof(st));
    assert_ok(c->fs->ops->statfs(c->root, &st));
    assert_true(st.bytes_total > 0);
    assert_true(st.bytes_free <= st.bytes_total);
    assert_true(st.bytes_avail <= st.bytes_free);
    assert_true(st.files_free <= st.files_total);
    assert_int_equal(st.name_max, LIMIT_NAME_BYTES);
    assert_true(st.link_max >= 1000);
    assert_true(st.file_size_max > UINT32_MAX);
}

static void full_file_system_writes_no_more(void **state)
{
    struct contract *c = *state;
    static char block[65536];
    struct vfs_statfs before, full, after;
    struct vfs_object *file;
    enum vfs_status status = VFS_OK;
    enum vfs_stability reached;
    uint32_t written = 0;
    uint64_t at = 0;

    contract_limit(c, 1100 << 10, 0);
    assert_ok(c->fs->ops->statfs(c->root, &before));
    file = make_file(c, "file");
    while (status == VFS_OK && at < 2 << 20) {
        status = c->fs->ops->write(file, &c->owner, at, block, sizeof(block), VFS_UNSTABLE,
                                   &written, &reached);
        at += written;
    }
    assert_status(status, VFS_NOSPC);
    assert_int_equal(attr_of(file).size, at);
    assert_true(at > 512 << 10);
    assert_true(at <= 1100 << 10);
    assert_ok(c->fs->ops->statfs(c->root, &full));
    assert_true(full.bytes_free < 8192);
    assert_ok(do_truncate(file, &c->owner, 1000));
    put_bytes(c, file, 0, block, sizeof(block));
    assert_ok(do_remove(c->root, &c->owner, "file"));
    vfs_object_put(file);
    assert_ok(c->fs->ops->statfs(c->root, &after));
    assert_true(after.bytes_free + 4096 >= before.bytes_free);
}

static const struct contract_test tests[] = {
    CONTRACT_TEST(written_data_is_read, NEEDS_NOTHING),
    CONTRACT_TEST(eof_is_told_at_the_last_byte, NEEDS_NOTHING),
    CONTRACT_TEST(no_bytes_do_nothing, NEEDS_NOTHING),
    CONTRACT_TEST(overwriting_keeps_the_rest, NEEDS_NOTHING),
    CONTRACT_TEST(holes_are_zero_and_cost_nothing, NEEDS_NOTHING),
    CONTRACT_TEST(end_of_the_offsets, NEEDS_NOTHING),
    CONTRACT_TEST(truncation_cuts_for_good, NEEDS_NOTHING),
    CONTRACT_TEST(writing_behind_a_cut_finds_zeros, NEEDS_NOTHING),
    CONTRACT_TEST(only_files_have_data, NEEDS_NOTHING),
    CONTRACT_TEST(stability_is_at_least_as_requested, NEEDS_NOTHING),
    CONTRACT_TEST(large_writes_and_reads, NEEDS_NOTHING),
    CONTRACT_TEST(read_by_descriptor, NEEDS_NOTHING),
    CONTRACT_TEST(statfs_makes_sense, NEEDS_NOTHING),
    CONTRACT_TEST(full_file_system_writes_no_more, NEEDS_LIMIT),
};

CONTRACT_GROUP(data, tests);
