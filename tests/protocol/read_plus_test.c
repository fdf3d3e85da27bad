/* SPDX-License-Identifier: Apache-2.0 */
/*
 * READ_PLUS (RFC 7862 §15.10): the same bytes as READ, with the holes told apart. All clients speak
 * minor version 2.
 */
#include <stdlib.h>
#include <string.h>

#include "script.h"

enum {
    KIB = 1 << 10,
    MIB = 1 << 20,
    HOLE_MIN = LIMIT_READ_PLUS_HOLE,
};

static struct client_file file;

static int start(void **state)
{
    script_minor = 2;
    return script_setup_default(state);
}

static void open_file(const char *export)
{
    struct client_fh dir = script_dir(export);

    file = make_open(&alice, &dir, "file");
}

/* `len` times the same byte. */
static void fill(uint64_t offset, char byte, uint32_t len)
{
    uint8_t *data = must_malloc(len);
    uint32_t written;

    memset(data, byte, len);
    expect_status(client_file_write(&alice, &file, offset, UNSTABLE4, data, len, &written),
                  NFS4_OK);
    assert_int_equal(written, len);
    free(data);
}

static void set_size(uint64_t size)
{
    begin(&alice, &file.fh);
    client_op_setattr(C, &file.stateid, CLIENT_BITS(FATTR4_SIZE),
                      &(struct nfs4_attrs){.size = size});
    run(NFS4_OK);
}

static const struct read_plus_res4 *read_plus(uint64_t offset, uint32_t count)
{
    client_result_free(R);
    client_compound_free(C);
    client_mount_begin_uncached(&alice, C);
    client_op_putfh(C, &file.fh);
    client_op_read_plus(C, &file.stateid, offset, count);
    run(NFS4_OK);
    return &result(OP_READ_PLUS)->opread_plus;
}

static uint64_t length_of(const struct read_plus_content *content)
{
    return content->rpc_content == NFS4_CONTENT_HOLE ? content->rpc_hole.di_length
                                                     : content->rpc_data.d_data.len;
}

/* The bytes that the contents stand for. They must follow each other from `offset` on, be at most
 * `count`, and only one that stands alone may be empty. */
static uint32_t unpack(const struct read_plus_res4 *res, uint64_t offset, uint32_t count,
                       uint8_t *to)
{
    uint64_t at = offset;

    assert_true(res->rpr_contents_count > 0);
    assert_true(res->rpr_contents_count <= LIMIT_READ_PLUS_PARTS);
    for (uint32_t i = 0; i < res->rpr_contents_count; i++) {
        const struct read_plus_content *content = &res->rpr_contents[i];
        uint64_t len = length_of(content);

        assert_true(len > 0 || res->rpr_contents_count == 1);
        assert_true(at + len - offset <= count);
        if (content->rpc_content == NFS4_CONTENT_HOLE) {
            assert_int_equal(content->rpc_hole.di_offset, at);
            assert_true(len >= HOLE_MIN);
            memset(to + (at - offset), 0, len);
        } else {
            assert_int_equal(content->rpc_content, NFS4_CONTENT_DATA);
            assert_int_equal(content->rpc_data.d_offset, at);
            memcpy(to + (at - offset), content->rpc_data.d_data.data, len);
        }
        at += len;
    }
    return (uint32_t)(at - offset);
}

/* READ_PLUS returns what READ returns, in the same order. */
static void expect_as_read(uint64_t offset, uint32_t count)
{
    uint8_t *plain = must_malloc(count + 1), *plus = must_malloc(count + 1);
    const struct read_plus_res4 *res = read_plus(offset, count);
    uint32_t len = unpack(res, offset, count, plus), got;
    bool plus_eof = res->rpr_eof, eof;

    expect_status(client_file_read(&alice, &file, offset, plain, count, &got, &eof), NFS4_OK);
    assert_int_equal(len, got);
    assert_int_equal(plus_eof, eof);
    if (len)
        assert_memory_equal(plus, plain, len);
    free(plain);
    free(plus);
}

static void expect_part(const struct read_plus_res4 *res, uint32_t i, enum data_content4 what,
                        uint64_t offset, uint64_t len)
{
    const struct read_plus_content *content = &res->rpr_contents[i];

    assert_true(i < res->rpr_contents_count);
    assert_int_equal(content->rpc_content, what);
    assert_int_equal(what == NFS4_CONTENT_HOLE ? content->rpc_hole.di_offset
                                               : content->rpc_data.d_offset,
                     offset);
    assert_int_equal(length_of(content), len);
}

/* At the end of the file and behind it, and with nothing asked for, there are data of no length
 * (RFC 7862 §15.10.3). */
static void expect_nothing(uint64_t offset, uint32_t count, bool eof)
{
    const struct read_plus_res4 *res = read_plus(offset, count);

    assert_int_equal(res->rpr_contents_count, 1);
    expect_part(res, 0, NFS4_CONTENT_DATA, offset, 0);
    assert_int_equal(res->rpr_eof, eof);
}

static void data_only(void **state)
{
    const struct read_plus_res4 *res;

    open_file(*state);
    expect_nothing(0, 10, true);
    expect_nothing(0, 0, true);
    fill(0, 'a', 10);
    res = read_plus(0, 4);
    assert_int_equal(res->rpr_contents_count, 1);
    expect_part(res, 0, NFS4_CONTENT_DATA, 0, 4);
    assert_false(res->rpr_eof);
    res = read_plus(6, 4);
    expect_part(res, 0, NFS4_CONTENT_DATA, 6, 4);
    assert_true(res->rpr_eof);
    res = read_plus(7, UINT32_MAX);
    expect_part(res, 0, NFS4_CONTENT_DATA, 7, 3);
    assert_true(res->rpr_eof);
    expect_nothing(3, 0, false);
    expect_nothing(10, 5, true);
    expect_nothing(11, 5, true);
    expect_nothing(INT64_MAX, 5, true);
    expect_nothing(UINT64_MAX, UINT32_MAX, true);
}

/* Data, a hole, data, and a hole at the end; each request gets its part of them, and no more. */
static void holes(void **state)
{
    const struct read_plus_res4 *res;

    open_file(*state);
    fill(0, 'a', 64 * KIB);
    fill(256 * KIB, 'b', 64 * KIB);
    set_size(640 * KIB);
    res = read_plus(0, MIB);
    assert_int_equal(res->rpr_contents_count, 4);
    expect_part(res, 0, NFS4_CONTENT_DATA, 0, 64 * KIB);
    expect_part(res, 1, NFS4_CONTENT_HOLE, 64 * KIB, 192 * KIB);
    expect_part(res, 2, NFS4_CONTENT_DATA, 256 * KIB, 64 * KIB);
    expect_part(res, 3, NFS4_CONTENT_HOLE, 320 * KIB, 320 * KIB);
    assert_true(res->rpr_eof);
    res = read_plus(100 * KIB, 64 * KIB);
    assert_int_equal(res->rpr_contents_count, 1);
    expect_part(res, 0, NFS4_CONTENT_HOLE, 100 * KIB, 64 * KIB);
    assert_false(res->rpr_eof);
    res = read_plus(320 * KIB, 320 * KIB);
    expect_part(res, 0, NFS4_CONTENT_HOLE, 320 * KIB, 320 * KIB);
    assert_true(res->rpr_eof);
    res = read_plus(320 * KIB, 320 * KIB - 1);
    assert_false(res->rpr_eof);
    for (uint32_t at = 0; at < 640 * KIB; at += 37 * KIB + 1)
        expect_as_read(at, 99 * KIB + 3);
    expect_as_read(0, MIB);
}

/* A hole that is shorter than its description is worth is sent as zeros: at the beginning of the
 * range, at its end, and at that of the file. */
static void short_holes(void **state)
{
    const struct read_plus_res4 *res;

    open_file(*state);
    fill(64 * KIB, 'a', 64 * KIB);
    set_size(256 * KIB + 1);
    res = read_plus(64 * KIB - 1, 128 * KIB);
    assert_int_equal(res->rpr_contents_count, 2);
    expect_part(res, 0, NFS4_CONTENT_DATA, 64 * KIB - 1, 64 * KIB + 1);
    expect_part(res, 1, NFS4_CONTENT_HOLE, 128 * KIB, 64 * KIB - 1);
    for (uint32_t less = 1; less < HOLE_MIN; less += less) {
        expect_as_read(64 * KIB - less, 64 * KIB + less + less);
        expect_as_read(256 * KIB + 1 - less, 64 * KIB);
        assert_int_equal(read_plus(256 * KIB + 1 - less, 64 * KIB)->rpr_contents[0].rpc_content,
                         NFS4_CONTENT_DATA);
    }
    expect_as_read(0, MIB);
}

/* More holes than one reply tells: the last part has the rest of the range, so no reply is
 * short. */
static void many_holes(void **state)
{
    const struct read_plus_res4 *res;

    open_file(*state);
    for (uint32_t i = 0; i < 2 * LIMIT_READ_PLUS_PARTS; i++)
        fill(i * 8192, (char)('a' + i % 26), 4096);
    set_size(2 * LIMIT_READ_PLUS_PARTS * 8192);
    res = read_plus(0, MIB);
    assert_int_equal(res->rpr_contents_count, LIMIT_READ_PLUS_PARTS - 1); /* the last one is data */
    res = read_plus(4096, MIB);
    assert_int_equal(res->rpr_contents_count, LIMIT_READ_PLUS_PARTS);
    expect_as_read(0, MIB);
    expect_as_read(4096, MIB - 4096);
    expect_as_read(4099, 555555);
}

/* The bytes of large data come from a descriptor where the backend has one, and then the reply is
 * not kept. */
static void large(void **state)
{
    static const uint32_t sizes[] = {32 * KIB, 64 * KIB, 64 * KIB + 1, 512 * KIB + 3, MIB};
    struct client_fh dir = script_dir(*state);

    for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
        file = make_open(&alice, &dir, (char[]){(char)('a' + i), 0});
        fill(128 * KIB, 'x', sizes[i]);
        expect_as_read(128 * KIB, sizes[i]);
        expect_as_read(128 * KIB + 1, sizes[i]);
        expect_as_read(0, MIB);
        expect_as_read(64 * KIB, MIB);
    }
}

/* Data that are not in the server's memory any more, and end within the range. */
static void not_cached(void **state)
{
    struct nfs_argop4 advice = {.argop = OP_IO_ADVISE};
    const struct read_plus_res4 *res;

    open_file(*state);
    fill(0, 'a', 100001);
    advice.opio_advise.iaa_stateid = file.stateid;
    bitmap4_set(&advice.opio_advise.iaa_hints, IO_ADVISE4_DONTNEED);
    begin(&alice, &file.fh);
    client_op_commit(C, 0, 0);
    client_compound_add(C, &advice);
    run(NFS4_OK);
    res = read_plus(1, MIB);
    assert_int_equal(res->rpr_contents_count, 1);
    expect_part(res, 0, NFS4_CONTENT_DATA, 1, 100000);
    assert_true(res->rpr_eof);
    expect_as_read(0, MIB);
}

/* What was written to a hole is there, what was cut off is not, and a hole that was made is one. */
static void changes(void **state)
{
    open_file(*state);
    set_size(MIB);
    expect_as_read(0, MIB);
    fill(512 * KIB, 'a', 4096);
    expect_as_read(0, MIB);
    fill(0, 'b', 256 * KIB);
    fill(256 * KIB, 'c', 768 * KIB);
    expect_as_read(0, MIB);
    begin(&alice, &file.fh);
    client_op_deallocate(C, &file.stateid, 300 * KIB, 300 * KIB);
    run(NFS4_OK);
    expect_as_read(0, MIB);
    expect_part(read_plus(0, MIB), 1, NFS4_CONTENT_HOLE, 300 * KIB, 300 * KIB);
    set_size(100 * KIB);
    set_size(MIB);
    expect_as_read(0, MIB);
    expect_part(read_plus(0, MIB), 1, NFS4_CONTENT_HOLE, 100 * KIB, 924 * KIB);
}

/* The special stateids are those of READ; others are refused. */
static void stateids(void **state)
{
    struct stateid4 wrong;

    open_file(*state);
    fill(0, 'a', 10);
    begin(&bob, &file.fh);
    client_op_read_plus(C, &client_stateid_anonymous, 0, 10);
    client_op_read_plus(C, &client_stateid_bypass, 0, 10);
    run(NFS4_OK);
    assert_int_equal(R->count, 4);
    begin(&alice, &file.fh);
    client_op_read_plus(C, &client_stateid_current, 0, 10);
    run(NFS4ERR_BAD_STATEID);
    wrong = file.stateid;
    wrong.other[3] ^= 1;
    begin(&alice, &file.fh);
    client_op_read_plus(C, &wrong, 0, 10);
    run(NFS4ERR_BAD_STATEID);
    wrong = file.stateid;
    wrong.seqid += 1;
    begin(&alice, &file.fh);
    client_op_read_plus(C, &wrong, 0, 10);
    run(NFS4ERR_BAD_STATEID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_BOTH(data_only), ON_BOTH(holes),      ON_BOTH(short_holes), ON_BOTH(many_holes),
        ON_BOTH(large),     ON_BOTH(not_cached), ON_BOTH(changes),     ON_BOTH(stateids),
    };

    return test_group_run_fixtures(tests, start, script_teardown);
}
