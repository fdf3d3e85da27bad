/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ALLOCATE, DEALLOCATE and SEEK (RFC 7862 §15.1, §15.4, §15.11). All clients speak minor version 2.
 */
#include <stdlib.h>
#include <string.h>

#include "script.h"

enum {
    KIB = 1 << 10,
    MIB = 1 << 20,
};

static struct client_fh dir;
static struct client_file file;

static int start(void **state)
{
    script_minor = 2;
    return script_setup_default(state);
}

static void open_file(const char *export)
{
    dir = script_dir(export);
    file = make_open(&alice, &dir, "file");
}

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

static void allocate(uint64_t offset, uint64_t length, enum nfsstat4 status)
{
    begin(&alice, &file.fh);
    client_op_allocate(C, &file.stateid, offset, length);
    run(status);
}

static void deallocate(uint64_t offset, uint64_t length, enum nfsstat4 status)
{
    begin(&alice, &file.fh);
    client_op_deallocate(C, &file.stateid, offset, length);
    run(status);
}

static void seek(uint64_t offset, enum data_content4 what, enum nfsstat4 status)
{
    begin(&alice, &file.fh);
    client_op_seek(C, &file.stateid, offset, what);
    run(status);
}

static void expect_found(uint64_t offset, enum data_content4 what, uint64_t found, bool eof)
{
    seek(offset, what, NFS4_OK);
    assert_int_equal(result(OP_SEEK)->opseek.sr_offset, found);
    assert_int_equal(result(OP_SEEK)->opseek.sr_eof, eof);
}

static struct nfs4_attrs attrs(void)
{
    return attrs_of(&alice, &file.fh,
                    CLIENT_BITS(FATTR4_SIZE, FATTR4_SPACE_USED, FATTR4_CHANGE, FATTR4_TIME_MODIFY));
}

/* All bytes of the range are `byte`. */
static void expect_bytes(uint64_t offset, uint32_t len, char byte)
{
    uint8_t *data = must_malloc(len);
    uint32_t got;
    bool eof;

    expect_status(client_file_read(&alice, &file, offset, data, len, &got, &eof), NFS4_OK);
    assert_int_equal(got, len);
    for (uint32_t i = 0; i < len; i++)
        assert_int_equal(data[i], byte);
    free(data);
}

static void allocated(void **state)
{
    uint64_t change;

    open_file(*state);
    change = attrs().change;
    allocate(0, MIB, NFS4_OK);
    assert_int_equal(attrs().size, MIB);
    assert_true(attrs().space_used >= MIB);
    assert_int_not_equal(attrs().change, change);
    expect_bytes(0, MIB, 0);
    fill(0, 'a', 4 * KIB);
    allocate(1, 2 * KIB, NFS4_OK); /* changes no byte, and the size stays */
    expect_bytes(0, 4 * KIB, 'a');
    assert_int_equal(attrs().size, MIB);
    allocate(2 * MIB - 1, 2, NFS4_OK);
    assert_int_equal(attrs().size, 2 * MIB + 1);
    expect_bytes(MIB + 1, MIB, 0);
}

static void deallocated(void **state)
{
    uint64_t change, used;

    open_file(*state);
    fill(0, 'a', 256 * KIB);
    change = attrs().change;
    used = attrs().space_used;
    deallocate(64 * KIB, 64 * KIB, NFS4_OK);
    assert_int_not_equal(attrs().change, change);
    assert_int_equal(attrs().size, 256 * KIB);
    assert_true(attrs().space_used <= used - 64 * KIB);
    expect_bytes(0, 64 * KIB, 'a');
    expect_bytes(64 * KIB, 64 * KIB, 0);
    expect_bytes(128 * KIB, 128 * KIB, 'a');
    deallocate(1, 100, NFS4_OK); /* of a block some bytes only: zeros */
    expect_bytes(0, 1, 'a');
    expect_bytes(1, 100, 0);
    expect_bytes(101, 1000, 'a');
    deallocate(256 * KIB - 1, 2 * MIB, NFS4_OK); /* over the end */
    deallocate(4 * MIB, 1, NFS4_OK);             /* behind it */
    assert_int_equal(attrs().size, 256 * KIB);
    expect_bytes(256 * KIB - 1, 1, 0);
    deallocate(0, INT64_MAX, NFS4_OK); /* all of it */
    expect_bytes(0, 256 * KIB, 0);
    assert_int_equal(attrs().size, 256 * KIB);
    expect_found(0, NFS4_CONTENT_DATA, 256 * KIB, true);
}

static void found(void **state)
{
    open_file(*state);
    seek(0, NFS4_CONTENT_DATA, NFS4ERR_NXIO); /* an empty file */
    seek(0, NFS4_CONTENT_HOLE, NFS4ERR_NXIO);
    fill(64 * KIB, 'a', 64 * KIB);
    fill(256 * KIB, 'b', 64 * KIB - 1);
    expect_found(0, NFS4_CONTENT_HOLE, 0, false);
    expect_found(0, NFS4_CONTENT_DATA, 64 * KIB, false);
    expect_found(64 * KIB, NFS4_CONTENT_DATA, 64 * KIB, false);
    expect_found(70 * KIB + 1, NFS4_CONTENT_DATA, 70 * KIB + 1, false);
    expect_found(70 * KIB + 1, NFS4_CONTENT_HOLE, 128 * KIB, false);
    expect_found(128 * KIB, NFS4_CONTENT_HOLE, 128 * KIB, false);
    expect_found(128 * KIB + 1, NFS4_CONTENT_DATA, 256 * KIB, false);
    /* The end of the file is a hole. */
    expect_found(256 * KIB, NFS4_CONTENT_HOLE, 320 * KIB - 1, true);
    seek(320 * KIB - 1, NFS4_CONTENT_HOLE, NFS4ERR_NXIO);
    seek(320 * KIB - 1, NFS4_CONTENT_DATA, NFS4ERR_NXIO);
    seek(INT64_MAX, NFS4_CONTENT_DATA, NFS4ERR_NXIO);
    seek((uint64_t)INT64_MAX + 1, NFS4_CONTENT_DATA, NFS4ERR_NXIO);
    seek(UINT64_MAX, NFS4_CONTENT_HOLE, NFS4ERR_NXIO);
    seek(0, NFS4_CONTENT_HOLE + 1, NFS4ERR_UNION_NOTSUPP);
    seek(UINT64_MAX, UINT32_MAX, NFS4ERR_UNION_NOTSUPP);
}

/* space_freed (RFC 7862 §12.2.2): all that the file has, since it shares nothing; only in 4.2, and
 * not to be set. */
static void freed(void **state)
{
    struct nfs4_attrs got;

    open_file(*state);
    fill(0, 'a', 256 * KIB);
    begin(&alice, &file.fh);
    client_op_commit(C, 0, 0);
    run(NFS4_OK);
    got = attrs_of(&alice, &file.fh, CLIENT_BITS(FATTR4_SPACE_USED, FATTR4_SPACE_FREED));
    assert_true(got.space_freed >= 256 * KIB);
    assert_int_equal(got.space_freed, got.space_used);
    begin(&alice, &file.fh);
    client_op_setattr(C, &client_stateid_anonymous, CLIENT_BITS(FATTR4_SPACE_FREED), &got);
    run(NFS4ERR_INVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_BOTH(allocated),
        ON_BOTH(deallocated),
        ON_BOTH(found),
        ON_BOTH(freed),
    };

    return test_group_run_fixtures(tests, start, script_teardown);
}
