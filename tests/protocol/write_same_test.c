/* SPDX-License-Identifier: Apache-2.0 */
/* WRITE_SAME (RFC 7862 §15.12, §8.1.1). */
#include <string.h>
#include <unistd.h>

#include "holder.h"

static struct client_fh dir;
static const uint8_t guard[] = {0xfe, 0xed, 0xfa, 0xce};

static int setup(void **state)
{
    script_minor = 2;
    return script_setup_default(state);
}

/* Blocks of 4 KiB with their number at 0 and a pattern at 8, as in RFC 7862 §8.3. */
static struct app_data_block4 blocks(uint64_t offset, uint64_t count)
{
    return (struct app_data_block4){.adb_offset = offset,
                                    .adb_block_size = 4096,
                                    .adb_block_count = count,
                                    .adb_reloff_blocknum = 0,
                                    .adb_block_num = 5,
                                    .adb_reloff_pattern = 8,
                                    .adb_pattern = {guard, sizeof(guard)}};
}

static void op_write_same(const struct stateid4 *stateid, enum stable_how4 stable,
                          const struct app_data_block4 *adb)
{
    struct nfs_argop4 op = {.argop = OP_WRITE_SAME, .opwrite_same = {*stateid, stable, *adb}};

    client_compound_add(C, &op);
}

static uint64_t write_same(const struct client_file *file, const struct app_data_block4 *adb)
{
    begin(&alice, &file->fh);
    op_write_same(&file->stateid, UNSTABLE4, adb);
    run(NFS4_OK);
    return result(OP_WRITE_SAME)->opwrite_same.wr_count;
}

static void refused(const struct client_file *file, const struct app_data_block4 *adb,
                    enum nfsstat4 status)
{
    begin(&alice, &file->fh);
    op_write_same(&file->stateid, FILE_SYNC4, adb);
    run(status);
}

static uint64_t size_of(const struct client_file *file)
{
    return attrs_of(&alice, &file->fh, CLIENT_BITS(FATTR4_SIZE)).size;
}

static void read_back(const struct client_file *file, uint64_t offset, uint8_t *data, uint32_t len)
{
    uint32_t got;
    bool eof;

    expect_status(client_file_read(&alice, file, offset, data, len, &got, &eof), NFS4_OK);
    assert_int_equal(got, len);
}

/* Is this the block of blocks() with that number? */
static void expect_block(const uint8_t *data, uint8_t number)
{
    uint8_t want[4096] = {[3] = number};

    memcpy(want + 8, guard, sizeof(guard));
    assert_memory_equal(data, want, sizeof(want));
}

/* Numbers and patterns are where they are asked for; all else is zero, whatever was there. */
static void numbered_blocks(void **state)
{
    static uint8_t data[5 * 4096];
    struct app_data_block4 adb = blocks(4096, 3);
    struct client_file file;
    uint32_t written;

    dir = script_dir(*state);
    file = make_open(&alice, &dir, "file");
    memset(data, 'x', sizeof(data));
    expect_status(client_file_write(&alice, &file, 0, UNSTABLE4, data, sizeof(data), &written),
                  NFS4_OK);
    assert_int_equal(write_same(&file, &adb), 3 * 4096);
    read_back(&file, 0, data, sizeof(data));
    for (uint8_t i = 0; i < 3; i++)
        expect_block(data + 4096 + 4096 * i, (uint8_t)(5 + i));
    assert_int_equal(data[4095], 'x');
    assert_int_equal(data[4 * 4096], 'x');
}

/* §8.4: without number and pattern, zeros. */
static void zeros(void **state)
{
    static uint8_t data[1000];
    struct app_data_block4 adb = {.adb_offset = 100,
                                  .adb_block_size = 7,
                                  .adb_block_count = 100,
                                  .adb_reloff_blocknum = NFS4_UINT64_MAX,
                                  .adb_reloff_pattern = NFS4_UINT64_MAX,
                                  .adb_pattern = {guard, sizeof(guard)}};
    struct client_file file;
    uint32_t written;

    dir = script_dir(*state);
    file = make_open(&alice, &dir, "file");
    memset(data, 'x', sizeof(data));
    expect_status(client_file_write(&alice, &file, 0, UNSTABLE4, data, sizeof(data), &written),
                  NFS4_OK);
    assert_int_equal(write_same(&file, &adb), 700);
    read_back(&file, 0, data, sizeof(data));
    for (size_t i = 0; i < sizeof(data); i++)
        assert_int_equal(data[i], i < 100 || i >= 800 ? 'x' : 0);
}

/* Fields that end at the end of the block and cross the pieces in which the server writes. */
static void odd_blocks(void **state)
{
    static uint8_t data[3 * 70001];
    struct app_data_block4 adb = blocks(1, 3);
    struct client_file file;

    dir = script_dir(*state);
    file = make_open(&alice, &dir, "file");
    adb.adb_block_size = 70001;
    adb.adb_block_num = UINT32_MAX - 2;
    adb.adb_reloff_blocknum = 65534; /* the first piece ends at 65536 */
    adb.adb_reloff_pattern = 70001 - sizeof(guard);
    assert_int_equal(write_same(&file, &adb), sizeof(data));
    read_back(&file, 1, data, sizeof(data));
    for (uint8_t i = 0; i < 3; i++) {
        const uint8_t number[] = {0xff, 0xff, 0xff, (uint8_t)(0xfd + i)};
        uint8_t *block = data + (size_t)i * 70001;

        assert_memory_equal(block + 65534, number, 4);
        assert_memory_equal(block + 70001 - sizeof(guard), guard, sizeof(guard));
        memset(block + 65534, 0, 4);
        memset(block + 70001 - sizeof(guard), 0, sizeof(guard));
    }
    for (size_t i = 0; i < sizeof(data); i++)
        assert_int_equal(data[i], 0);
}

/* A call writes LIMIT_WRITE_SAME_BYTES at most, in whole blocks, and says how much: the client goes
 * on from there. */
static void in_several_calls(void **state)
{
    static uint8_t block[4096];
    const uint64_t count = LIMIT_WRITE_SAME_BYTES / 4096 + 3;
    struct app_data_block4 adb = blocks(0, count);
    struct client_file file;
    unsigned calls = 0;

    dir = script_dir(*state);
    file = make_open(&alice, &dir, "file");
    adb.adb_block_num = 0;
    for (uint64_t done = 0; done < count; calls++) {
        adb.adb_offset = done * 4096;
        adb.adb_block_num = (uint32_t)done;
        adb.adb_block_count = count - done;
        done += write_same(&file, &adb) / 4096;
        assert_int_equal(size_of(&file), done * 4096);
    }
    assert_int_equal(calls, 2);
    read_back(&file, (count - 1) * 4096, block, sizeof(block));
    assert_int_equal(block[3], (count - 1) & 0xff);
    assert_int_equal(block[2], (count - 1) >> 8);
    /* A count as large as can be; and a block that is more than a call writes. */
    adb = blocks(0, UINT64_C(1) << 50);
    adb.adb_reloff_blocknum = NFS4_UINT64_MAX;
    assert_int_equal(write_same(&file, &adb), LIMIT_WRITE_SAME_BYTES);
    adb.adb_block_size = UINT64_C(1) << 62;
    adb.adb_block_count = 1;
    assert_int_equal(write_same(&file, &adb), LIMIT_WRITE_SAME_BYTES);
    adb = blocks(0, 1000000);
    adb.adb_block_size = 4095;
    assert_int_equal(write_same(&file, &adb), LIMIT_WRITE_SAME_BYTES / 4095 * 4095);
}

static void nothing_to_write(void **state)
{
    struct app_data_block4 adb = blocks(0, 0);
    struct client_file file;

    dir = script_dir(*state);
    file = make_open(&alice, &dir, "file");
    assert_int_equal(write_same(&file, &adb), 0);
    assert_int_equal(size_of(&file), 0);
}

/* Bad blocks, and ends beyond the largest file: nothing changes. */
static void bad_arguments(void **state)
{
    const uint64_t top = UINT64_C(1) << 63;
    const struct {
        enum nfsstat4 status;
        uint64_t offset, size, count, number_at, pattern_at;
    } cases[] = {
        {NFS4ERR_INVAL, 0, 0, 1, NFS4_UINT64_MAX, NFS4_UINT64_MAX},
        {NFS4ERR_INVAL, 0, 0, 0, NFS4_UINT64_MAX, NFS4_UINT64_MAX},
        {NFS4ERR_INVAL, 0, 4096, 1, 4093, NFS4_UINT64_MAX},
        {NFS4ERR_INVAL, 0, 3, 1, 0, NFS4_UINT64_MAX},
        {NFS4ERR_INVAL, 0, 4096, 1, NFS4_UINT64_MAX - 1, NFS4_UINT64_MAX},
        {NFS4ERR_INVAL, 0, 4096, 1, NFS4_UINT64_MAX, 4093},
        {NFS4ERR_INVAL, 0, 4096, 1, NFS4_UINT64_MAX, NFS4_UINT64_MAX - 3},
        {NFS4ERR_INVAL, 0, 4096, 1, 8, 8},
        {NFS4ERR_INVAL, 0, 4096, 1, 11, 8},
        {NFS4ERR_INVAL, 0, 4096, 1, 8, 11},
        {NFS4ERR_INVAL, 0, 4096, (UINT64_C(1) << 32) + 1, 0, 8}, /* numbers have 32 bits */
        {NFS4ERR_FBIG, 0, 1, top, NFS4_UINT64_MAX, NFS4_UINT64_MAX},
        {NFS4ERR_FBIG, 0, top, 1, NFS4_UINT64_MAX, 8},
        {NFS4ERR_FBIG, 0, UINT64_C(1) << 32, UINT64_C(1) << 32, NFS4_UINT64_MAX, NFS4_UINT64_MAX},
        {NFS4ERR_FBIG, 0, UINT64_MAX, UINT64_MAX, NFS4_UINT64_MAX, NFS4_UINT64_MAX},
        {NFS4ERR_FBIG, INT64_MAX, 1, 1, NFS4_UINT64_MAX, NFS4_UINT64_MAX},
        {NFS4ERR_FBIG, top, 4096, 1, 0, 8},
        {NFS4ERR_FBIG, UINT64_MAX, 4096, 0, NFS4_UINT64_MAX, NFS4_UINT64_MAX},
    };
    struct client_file file;
    uint64_t change;

    dir = script_dir(*state);
    file = make_open(&alice, &dir, "file");
    change = attrs_of(&alice, &file.fh, CLIENT_BITS(FATTR4_CHANGE)).change;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        const struct app_data_block4 adb = {.adb_offset = cases[i].offset,
                                            .adb_block_size = cases[i].size,
                                            .adb_block_count = cases[i].count,
                                            .adb_reloff_blocknum = cases[i].number_at,
                                            .adb_reloff_pattern = cases[i].pattern_at,
                                            .adb_pattern = {guard, sizeof(guard)}};

        refused(&file, &adb, cases[i].status);
    }
    assert_int_equal(size_of(&file), 0);
    assert_int_equal(attrs_of(&alice, &file.fh, CLIENT_BITS(FATTR4_CHANGE)).change, change);
}

/* The stability is as it was asked for, and the verifier that of WRITE. */
static void stability(void **state)
{
    struct app_data_block4 adb = blocks(0, 2);
    struct client_file file;
    uint8_t verifier[NFS4_VERIFIER_SIZE];

    dir = script_dir(*state);
    file = make_open(&alice, &dir, "file");
    begin(&alice, &file.fh);
    client_op_write(C, &file.stateid, 0, UNSTABLE4, "x", 1);
    run(NFS4_OK);
    memcpy(verifier, result(OP_WRITE)->opwrite.writeverf, sizeof(verifier));
    for (uint32_t how = UNSTABLE4; how <= FILE_SYNC4; how++) {
        begin(&alice, &file.fh);
        op_write_same(&file.stateid, (enum stable_how4)how, &adb);
        client_op_commit(C, 0, 0);
        run(NFS4_OK);
        assert_int_equal(result(OP_WRITE_SAME)->opwrite_same.wr_committed, how);
        assert_memory_equal(result(OP_WRITE_SAME)->opwrite_same.wr_writeverf, verifier,
                            sizeof(verifier));
        assert_memory_equal(result(OP_COMMIT)->opcommit.writeverf, verifier, sizeof(verifier));
    }
}

static void tried(struct client_mount *by, const struct client_fh *fh,
                  const struct stateid4 *stateid, enum nfsstat4 status)
{
    const struct app_data_block4 adb = blocks(0, 1);

    begin(by, fh);
    op_write_same(stateid, UNSTABLE4, &adb);
    run_on(&by->conn, status);
}

static void stateids(void **state)
{
    struct client_file file, other, reading;
    struct client_open how = {.clientid = alice.session.clientid,
                              .owner = "reader",
                              .access = OPEN4_SHARE_ACCESS_READ,
                              .name = "file"};
    struct client_open denying = {.clientid = alice.session.clientid,
                                  .owner = "denier",
                                  .access = OPEN4_SHARE_ACCESS_READ,
                                  .deny = OPEN4_SHARE_DENY_WRITE,
                                  .name = "denied"};

    dir = script_dir(*state);
    file = make_open(&alice, &dir, "file");
    other = make_open(&alice, &dir, "other");
    expect_status(client_file_open(&alice, &dir, &how, &reading), NFS4_OK);
    tried(&alice, &file.fh, &file.stateid, NFS4_OK);
    tried(&bob, &file.fh, &client_stateid_anonymous, NFS4_OK);
    tried(&alice, &file.fh, &reading.stateid, NFS4ERR_OPENMODE);
    tried(&alice, &file.fh, &other.stateid, NFS4ERR_BAD_STATEID);
    tried(&bob, &file.fh, &file.stateid, NFS4ERR_BAD_STATEID);
    make_file(&alice, &dir, "denied");
    expect_status(client_file_open(&alice, &dir, &denying, &reading), NFS4_OK);
    tried(&bob, &reading.fh, &client_stateid_anonymous, NFS4ERR_LOCKED);
}

static void wrong_objects(void **state)
{
    struct client_fh made;

    dir = script_dir(*state);
    tried(&alice, &dir, &client_stateid_anonymous, NFS4ERR_ISDIR);
    expect_status(client_file_symlink(&alice, &dir, "link", "dir", &made), NFS4_OK);
    tried(&alice, &made, &client_stateid_anonymous, NFS4ERR_SYMLINK);
    begin(&alice, &dir);
    client_op_create(C, "fifo", NF4FIFO, NULL, 0600);
    run(NFS4_OK);
    made = look(&alice, &dir, "fifo");
    tried(&alice, &made, &client_stateid_anonymous, NFS4ERR_WRONG_TYPE);
    tried(&alice, NULL, &client_stateid_anonymous, NFS4ERR_NOFILEHANDLE);
}

static void without_the_right(void **state)
{
    /* A server without privileges acts as one user. */
    const bool may = *state == script_local && geteuid() != 0;
    struct client_fh file;

    dir = script_dir(*state);
    file = make_file(&alice, &dir, "file");
    bob.conn.cred = script_stranger();
    tried(&bob, &file, &client_stateid_anonymous, may ? NFS4_OK : NFS4ERR_ACCESS);
    bob.conn.cred = script_cred();
    assert_int_equal(attrs_of(&alice, &file, CLIENT_BITS(FATTR4_SIZE)).size, may ? 4096 : 0);
}

/* It recalls what a WRITE recalls, before anything is written. */
static void delegated(void **state)
{
    struct holder holder;
    struct client_file file;

    dir = script_dir(*state);
    holder_open(&holder, 2);
    file = holder_delegated(&holder, &dir, "file", OPEN_DELEGATE_READ);
    expect_status(client_file_close(&holder.mount, &file), NFS4_OK);
    tried(&alice, &file.fh, &client_stateid_anonymous, NFS4ERR_DELAY);
    holder_wait_recall(&holder, &file);
    assert_int_equal(attrs_of(&alice, &file.fh, CLIENT_BITS(FATTR4_SIZE)).size, 0);
    holder_return(&holder, &file);
    tried(&alice, &file.fh, &client_stateid_anonymous, NFS4_OK);
    assert_int_equal(attrs_of(&alice, &file.fh, CLIENT_BITS(FATTR4_SIZE)).size, 4096);
    holder_close(&holder);
}

/* A reply that was lost comes again, and the blocks are not written again. */
static void lost_reply(void **state)
{
    struct app_data_block4 adb = blocks(0, 1);
    struct client_file file;
    uint8_t back[5];
    uint32_t written;

    dir = script_dir(*state);
    file = make_open(&alice, &dir, "file");
    begin(&alice, &file.fh);
    op_write_same(&file.stateid, FILE_SYNC4, &adb);
    run(NFS4_OK);
    expect_status(client_file_write(&bob, &(struct client_file){.fh = file.fh}, 0, FILE_SYNC4,
                                    "other", 5, &written),
                  NFS4_OK);
    replay_on(NULL);
    expect_status(client_file_read(&bob, &(struct client_file){.fh = file.fh}, 0, back, 5, &written,
                                   &(bool){false}),
                  NFS4_OK);
    assert_memory_equal(back, "other", 5);
}

/* After a restart of the server; the last test, since alice and bob have no sessions any more. */
static void in_grace(void **state)
{
    struct client_mount carol;
    struct client_fh file;

    dir = script_dir(*state);
    file = make_file(&alice, &dir, "file");
    test_server_kill(&script_server);
    assert_true(test_server_start(&script_server, NULL));
    script_mount_v42(&carol);
    tried(&carol, &file, &client_stateid_anonymous, NFS4ERR_GRACE);
    client_mount_close(&carol);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_BOTH(numbered_blocks),
        ON_BOTH(zeros),
        ON_BOTH(odd_blocks),
        ON_BOTH(in_several_calls),
        ON_BOTH(nothing_to_write),
        ON_BOTH(bad_arguments),
        ON_BOTH(stability),
        ON_BOTH(stateids),
        ON_BOTH(wrong_objects),
        ON_BOTH(without_the_right),
        ON_BOTH(delegated),
        ON_BOTH(lost_reply),
        {"in_grace on local", in_grace, NULL, NULL, script_local},
    };

    return test_group_run_fixtures(tests, setup, script_teardown);
}
