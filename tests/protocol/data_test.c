/* SPDX-License-Identifier: Apache-2.0 */
/* READ, WRITE and COMMIT: contents, holes, end of file, stability, and objects without contents. */
#include <stdlib.h>
#include <string.h>

#include "script.h"

#define MIB (1u << 20)

static struct client_file file;

static void open_file(const char *export)
{
    struct client_fh dir = script_dir(export);

    file = make_open(&alice, &dir, "file");
}

static void write_at(uint64_t offset, const void *data, uint32_t len)
{
    uint32_t written;

    expect_status(client_file_write(&alice, &file, offset, UNSTABLE4, data, len, &written),
                  NFS4_OK);
    assert_int_equal(written, len);
}

/* Read `len` bytes at `offset`; the result must be `want`, up to the end of the file. */
static void expect_read(uint64_t offset, uint32_t len, const void *want, uint32_t want_len,
                        bool want_eof)
{
    uint8_t *data = must_malloc(len + 1);
    uint32_t got;
    bool eof;

    expect_status(
        client_file_read(&bob, &(struct client_file){.fh = file.fh}, offset, data, len, &got, &eof),
        NFS4_OK);
    assert_int_equal(got, want_len);
    assert_int_equal(eof, want_eof);
    if (want_len)
        assert_memory_equal(data, want, want_len);
    free(data);
}

static void contents(void **state)
{
    open_file(*state);
    expect_read(0, 10, "", 0, true);
    write_at(0, "0123456789", 10);
    expect_read(0, 4, "0123", 4, false);
    expect_read(6, 4, "6789", 4, true);
    expect_read(6, 100, "6789", 4, true);
    expect_read(10, 5, "", 0, true);
    expect_read(1000, 5, "", 0, true);
    expect_read(3, 0, "", 0, false);
    write_at(4, "xy", 2);
    write_at(2, "", 0); /* no bytes: the size stays */
    expect_read(0, 100, "0123xy6789", 10, true);
}

static void holes_are_zeros(void **state)
{
    static const uint8_t zeros[4096];
    uint64_t far = (1ull << 33) + 1;

    open_file(*state);
    write_at(far, "end", 3);
    expect_read(0, sizeof(zeros), zeros, sizeof(zeros), false);
    expect_read(far - 100, 100, zeros, 100, false);
    expect_read(far, 10, "end", 3, true);
    assert_int_equal(attrs_of(&alice, &file.fh, CLIENT_BITS(FATTR4_SIZE)).size, far + 3);
    assert_true(attrs_of(&alice, &file.fh, CLIENT_BITS(FATTR4_SPACE_USED)).space_used < MIB);
}

/* Bytes that were cut off do not reappear. */
static void cut_and_lengthened(void **state)
{
    open_file(*state);
    write_at(0, "0123456789", 10);
    begin(&alice, &file.fh);
    client_op_setattr(C, &file.stateid, CLIENT_BITS(FATTR4_SIZE), &(struct nfs4_attrs){.size = 5});
    client_op_setattr(C, &file.stateid, CLIENT_BITS(FATTR4_SIZE), &(struct nfs4_attrs){.size = 9});
    run(NFS4_OK);
    expect_read(3, 100, "34\0\0\0\0", 6, true);
}

static void large(void **state)
{
    static const uint32_t sizes[] = {4095, 4097, 32768, 65537, 262144, MIB - 1, MIB};
    uint8_t *data = must_malloc(MIB);

    for (size_t i = 0; i < MIB; i++)
        data[i] = (uint8_t)(i * 31 + (i >> 8) * 7);
    for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
        open_file(*state);
        write_at(i, data, sizes[i]);
        expect_read(i, sizes[i], data, sizes[i], true);
        expect_read(i + 1, sizes[i], data + 1, sizes[i] - 1, true);
    }
    free(data);
}

/* L-13: data are at least as stable as requested, and WRITE and COMMIT return one verifier (RFC
 * 8881 §18.32, §18.3). */
static void stability(void **state)
{
    static const enum stable_how4 asked[] = {UNSTABLE4, DATA_SYNC4, FILE_SYNC4};
    uint8_t verifier[NFS4_VERIFIER_SIZE];

    open_file(*state);
    for (size_t i = 0; i < ARRAY_SIZE(asked); i++) {
        begin(&alice, &file.fh);
        client_op_write(C, &file.stateid, 0, asked[i], "data", 4);
        client_op_commit(C, 0, 0);
        run(NFS4_OK);
        assert_true(result(OP_WRITE)->opwrite.committed >= asked[i]);
        assert_memory_equal(result(OP_WRITE)->opwrite.writeverf,
                            result(OP_COMMIT)->opcommit.writeverf, NFS4_VERIFIER_SIZE);
        if (i > 0)
            assert_memory_equal(verifier, result(OP_COMMIT)->opcommit.writeverf,
                                NFS4_VERIFIER_SIZE);
        memcpy(verifier, result(OP_COMMIT)->opcommit.writeverf, NFS4_VERIFIER_SIZE);
    }
}

static void a_write_changes_attributes(void **state)
{
    struct bitmap4 bits = CLIENT_BITS(FATTR4_CHANGE, FATTR4_TIME_MODIFY, FATTR4_SIZE);
    struct nfs4_attrs before, after;

    open_file(*state);
    write_at(0, "data", 4);
    before = attrs_of(&bob, &file.fh, bits);
    for (int i = 0; i < 100; i++) {
        write_at(0, "DATA", 4);
        after = attrs_of(&bob, &file.fh, bits);
        assert_int_equal(after.size, 4);
        assert_true(after.change > before.change);
        assert_true(after.time_modify.seconds > before.time_modify.seconds ||
                    (after.time_modify.seconds == before.time_modify.seconds &&
                     after.time_modify.nseconds >= before.time_modify.nseconds));
        before = after;
    }
}

/* L-13: special stateids permit reading and writing unless a share reservation denies it. */
static void special_stateids(void **state)
{
    open_file(*state);
    begin(&bob, &file.fh);
    client_op_write(C, &client_stateid_anonymous, 0, FILE_SYNC4, "data", 4);
    client_op_read(C, &client_stateid_anonymous, 0, 4);
    client_op_read(C, &client_stateid_bypass, 0, 4);
    run(NFS4_OK);
    assert_int_equal(result(OP_READ)->opread.data.len, 4);
}

/* Offsets have 64 unsigned bits; files are not that long. */
static void beyond_all_ends(void **state)
{
    static const uint64_t ends[] = {(1ull << 63) - 1, 1ull << 63, NFS4_UINT64_MAX - 1,
                                    NFS4_UINT64_MAX};

    open_file(*state);
    write_at(0, "x", 1);
    for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
        expect_read(ends[i], 4, "", 0, true);
        begin(&alice, &file.fh);
        client_op_write(C, &file.stateid, ends[i], UNSTABLE4, "y", 1);
        run(NFS4ERR_FBIG);
    }
    begin(&alice, &file.fh);
    client_op_commit(C, NFS4_UINT64_MAX, 2);
    run(NFS4ERR_INVAL);
    assert_int_equal(attrs_of(&alice, &file.fh, CLIENT_BITS(FATTR4_SIZE)).size, 1);
}

static void no_contents(void **state)
{
    const struct {
        const char *name;
        enum nfs_ftype4 type;
        enum nfsstat4 status;
    } kinds[] = {
        {"directory", NF4DIR, NFS4ERR_ISDIR},
        {"symlink", NF4LNK, NFS4ERR_SYMLINK},
        {"fifo", NF4FIFO, V40_OR(NFS4ERR_INVAL, NFS4ERR_WRONG_TYPE)},
    };
    struct client_fh dir = script_dir(*state);

    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
        struct client_fh fh;

        begin(&alice, &dir);
        client_op_create(C, kinds[i].name, kinds[i].type, "target", 0755);
        client_op_getfh(C);
        run(NFS4_OK);
        fh = result_fh();
        begin(&alice, &fh);
        client_op_read(C, &client_stateid_anonymous, 0, 1);
        run(kinds[i].status);
        begin(&alice, &fh);
        client_op_write(C, &client_stateid_anonymous, 0, UNSTABLE4, "x", 1);
        run(kinds[i].status);
        begin(&alice, &fh);
        client_op_commit(C, 0, 0);
        run(kinds[i].status);
    }
    begin(&alice, NULL);
    client_op_read(C, &client_stateid_anonymous, 0, 1);
    run(NFS4ERR_NOFILEHANDLE);
    begin(&alice, NULL);
    client_op_write(C, &client_stateid_anonymous, 0, UNSTABLE4, "x", 1);
    run(NFS4ERR_NOFILEHANDLE);
}

static void open_mode(void **state)
{
    struct client_fh dir = script_dir(*state);
    struct client_open how = {.owner = "reader", .access = OPEN4_SHARE_ACCESS_READ, .name = "file"};

    make_file(&alice, &dir, "file");
    expect_status(client_file_open(&alice, &dir, &how, &file), NFS4_OK);
    begin(&alice, &file.fh);
    client_op_write(C, &file.stateid, 0, UNSTABLE4, "x", 1);
    run(NFS4ERR_OPENMODE);
    expect_status(client_file_close(&alice, &file), NFS4_OK);
}

/* No user reads or writes what the mode denies (L-10). */
static void permission(void **state)
{
    struct client_cred cred = alice.conn.cred, stranger = script_stranger();

    open_file(*state); /* 0644 */
    write_at(0, "data", 4);
    alice.conn.cred = stranger;
    begin(&alice, &file.fh);
    client_op_write(C, &client_stateid_anonymous, 0, UNSTABLE4, "x", 1);
    run(NFS4ERR_ACCESS);
    begin(&alice, &file.fh);
    client_op_read(C, &client_stateid_anonymous, 0, 4);
    run(NFS4_OK);
    alice.conn.cred = cred;
    begin(&alice, &file.fh);
    client_op_setattr(C, &client_stateid_anonymous, CLIENT_BITS(FATTR4_MODE),
                      &(struct nfs4_attrs){.mode = 0600});
    run(NFS4_OK);
    alice.conn.cred = stranger;
    begin(&alice, &file.fh);
    client_op_read(C, &client_stateid_anonymous, 0, 4);
    run(NFS4ERR_ACCESS);
    alice.conn.cred = cred;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_BOTH(contents),
        ON_BOTH(holes_are_zeros),
        ON_BOTH(cut_and_lengthened),
        ON_BOTH(large),
        ON_BOTH(stability),
        ON_BOTH(a_write_changes_attributes),
        ON_BOTH(special_stateids),
        ON_BOTH(beyond_all_ends),
        ON_BOTH(no_contents),
        ON_BOTH(open_mode),
        {"permission on mem", permission, NULL, NULL, script_mem},
    };

    return test_group_run_fixtures(tests, script_setup_default, script_teardown);
}
