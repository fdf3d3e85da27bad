/* SPDX-License-Identifier: Apache-2.0 */
/* Stateids: the current one (W17), other clients' (L-10), TEST_STATEID and FREE_STATEID (SR-18,
 * SR-19). */
#include <string.h>

#include "script.h"

static void op_open(const char *name, enum opentype4 type)
{
    client_op_open(C, &(struct client_open){.clientid = alice.session.clientid,
                                            .owner = "stateids",
                                            .access = OPEN4_SHARE_ACCESS_BOTH,
                                            .name = name,
                                            .create = type == OPEN4_CREATE,
                                            .mode = 0644});
}

static void op_locku(const struct stateid4 *lock)
{
    client_compound_add(C, &(struct nfs_argop4){
                               .argop = OP_LOCKU,
                               .oplocku = {WRITE_LT, 0, *lock, 0, NFS4_UINT64_MAX},
                           });
}

static void op_free(const struct stateid4 *stateid)
{
    client_compound_add(
        C, &(struct nfs_argop4){.argop = OP_FREE_STATEID, .opfree_stateid = {*stateid}});
}

/* The code that TEST_STATEID returns for one stateid. */
static enum nfsstat4 test_one(struct client_mount *mount, const struct stateid4 *stateid)
{
    struct stateid4 copy = *stateid;

    begin(mount, NULL);
    client_compound_add(
        C, &(struct nfs_argop4){.argop = OP_TEST_STATEID, .optest_stateid = {&copy, 1}});
    run(NFS4_OK);
    assert_int_equal(result(OP_TEST_STATEID)->optest_stateid.tsr_status_codes_count, 1);
    return result(OP_TEST_STATEID)->optest_stateid.tsr_status_codes[0];
}

/* W17, L-08: open, write, lock, read, unlock and close in one compound. */
static void current(void **state)
{
    struct client_fh dir = script_dir(*state);

    begin(&alice, &dir);
    op_open("one go", OPEN4_CREATE);
    client_op_write(C, &client_stateid_current, 0, FILE_SYNC4, "text", 4);
    client_op_lock_new(C, &client_stateid_current, alice.session.clientid, "locker", WRITE_LT, 0,
                       NFS4_UINT64_MAX);
    client_op_read(C, &client_stateid_current, 0, 100);
    op_locku(&client_stateid_current);
    run(NFS4_OK);
    assert_int_equal(result(OP_READ)->opread.data.len, 4);
    begin(&alice, &dir);
    op_open("one go", OPEN4_NOCREATE);
    client_op_setattr(C, &client_stateid_current, CLIENT_BITS(FATTR4_SIZE),
                      &(struct nfs4_attrs){.size = 2});
    client_op_close(C, &client_stateid_current);
    run(NFS4_OK);
    /* The previous compound left none. */
    begin(&alice, &dir);
    client_op_lookup(C, "one go");
    client_op_read(C, &client_stateid_current, 0, 100);
    run(NFS4ERR_BAD_STATEID);
}

/* A new current filehandle clears the current stateid; after CLOSE it is invalid. */
static void current_lost(void **state)
{
    struct client_fh dir = script_dir(*state);
    struct client_file file;

    make_file(&alice, &dir, "file");
    begin(&alice, &dir);
    op_open("file", OPEN4_NOCREATE);
    client_op_putfh(C, &dir);
    client_op_lookup(C, "file");
    client_op_read(C, &client_stateid_current, 0, 1);
    run(NFS4ERR_BAD_STATEID);
    begin(&alice, &dir);
    op_open("file", OPEN4_NOCREATE);
    client_op_close(C, &client_stateid_current);
    client_op_read(C, &client_stateid_current, 0, 1);
    run(NFS4ERR_BAD_STATEID);
    expect_status(client_file_open_rw(&alice, &dir, "file", &file), NFS4_OK);
    expect_status(client_file_close(&alice, &file), NFS4_OK);
}

/* SAVEFH saves it, RESTOREFH restores it. */
static void current_saved(void **state)
{
    struct client_fh dir = script_dir(*state);

    begin(&alice, &dir);
    op_open("file", OPEN4_CREATE);
    client_op(C, OP_SAVEFH);
    client_op_putfh(C, &dir);
    client_op_getattr(C, CLIENT_BITS(FATTR4_CHANGE));
    client_op(C, OP_RESTOREFH);
    client_op_write(C, &client_stateid_current, 0, FILE_SYNC4, "back", 4);
    client_op_close(C, &client_stateid_current);
    run(NFS4_OK);
    begin(&alice, NULL);
    client_op(C, OP_RESTOREFH);
    run(NFS4ERR_NOFILEHANDLE);
    begin(&alice, NULL);
    client_op(C, OP_SAVEFH);
    run(NFS4ERR_NOFILEHANDLE);
}

/* L-10: alice's stateids are invalid for bob. */
static void of_another_client(void **state)
{
    struct client_fh dir = script_dir(*state);
    struct client_file file = make_open(&alice, &dir, "file");
    struct stateid4 lock;

    begin(&alice, &file.fh);
    client_op_lock_new(C, &file.stateid, alice.session.clientid, "locker", READ_LT, 0, 1);
    run(NFS4_OK);
    lock = result(OP_LOCK)->oplock.lock_stateid;
    begin(&bob, &file.fh);
    client_op_read(C, &file.stateid, 0, 1);
    run(NFS4ERR_BAD_STATEID);
    begin(&bob, &file.fh);
    client_op_write(C, &file.stateid, 0, FILE_SYNC4, "x", 1);
    run(NFS4ERR_BAD_STATEID);
    begin(&bob, &file.fh);
    client_op_setattr(C, &file.stateid, CLIENT_BITS(FATTR4_SIZE), &(struct nfs4_attrs){.size = 0});
    run(NFS4ERR_BAD_STATEID);
    begin(&bob, &file.fh);
    client_op_lock_new(C, &file.stateid, bob.session.clientid, "locker", READ_LT, 0, 1);
    run(NFS4ERR_BAD_STATEID);
    begin(&bob, &file.fh);
    op_locku(&lock);
    run(NFS4ERR_BAD_STATEID);
    begin(&bob, &file.fh);
    client_op_close(C, &file.stateid);
    run(NFS4ERR_BAD_STATEID);
    begin(&bob, NULL);
    op_free(&lock);
    run(NFS4ERR_BAD_STATEID);
    expect_status(test_one(&bob, &file.stateid), NFS4ERR_BAD_STATEID);
    expect_status(test_one(&bob, &lock), NFS4ERR_BAD_STATEID);
    expect_status(client_file_close(&alice, &file), NFS4_OK);
}

/* Each bit of a stateid matters, and it is valid for its own file alone. */
static void forged(void **state)
{
    struct client_fh dir = script_dir(*state);
    struct client_file file = make_open(&alice, &dir, "file");
    struct client_fh other = make_file(&alice, &dir, "other");

    for (size_t i = 0; i < NFS4_OTHER_SIZE * (size_t)8; i++) {
        struct stateid4 stateid = file.stateid;

        stateid.other[i / 8] ^= (uint8_t)(1u << i % 8);
        begin(&alice, &file.fh);
        client_op_read(C, &stateid, 0, 1);
        run(NFS4ERR_BAD_STATEID);
    }
    begin(&alice, &other);
    client_op_read(C, &file.stateid, 0, 1);
    run(NFS4ERR_BAD_STATEID);
    expect_status(client_file_close(&alice, &file), NFS4_OK);
}

static void seqids(void **state)
{
    struct client_fh dir = script_dir(*state);
    struct client_file file = make_open(&alice, &dir, "file");
    struct stateid4 old = file.stateid, future;

    expect_status(client_file_open_rw(&alice, &dir, "file", &file), NFS4_OK);
    assert_int_equal(file.stateid.seqid, old.seqid + 1);
    future = file.stateid;
    future.seqid++;
    begin(&alice, &file.fh);
    client_op_read(C, &old, 0, 1);
    run(NFS4ERR_OLD_STATEID);
    begin(&alice, &file.fh);
    client_op_read(C, &future, 0, 1);
    run(NFS4ERR_BAD_STATEID);
    old.seqid = 0; /* 0 means the latest */
    begin(&alice, &file.fh);
    client_op_read(C, &old, 0, 1);
    run(NFS4_OK);
    expect_status(client_file_close(&alice, &file), NFS4_OK);
}

static void test_codes(void **state)
{
    struct client_fh dir = script_dir(*state);
    struct client_file file = make_open(&alice, &dir, "file");
    struct stateid4 old = file.stateid;

    expect_status(test_one(&alice, &file.stateid), NFS4_OK);
    expect_status(client_file_open_rw(&alice, &dir, "file", &file), NFS4_OK);
    expect_status(test_one(&alice, &old), NFS4ERR_OLD_STATEID);
    expect_status(test_one(&alice, &client_stateid_anonymous), NFS4ERR_BAD_STATEID);
    expect_status(test_one(&alice, &client_stateid_bypass), NFS4ERR_BAD_STATEID);
    expect_status(client_file_close(&alice, &file), NFS4_OK);
    expect_status(test_one(&alice, &file.stateid), NFS4ERR_BAD_STATEID);
}

static void free_stateids(void **state)
{
    struct client_fh dir = script_dir(*state);
    struct client_file file = make_open(&alice, &dir, "file");
    struct stateid4 lock;

    begin(&alice, NULL);
    op_free(&file.stateid);
    run(NFS4ERR_LOCKS_HELD);
    begin(&alice, &file.fh);
    client_op_lock_new(C, &file.stateid, alice.session.clientid, "locker", WRITE_LT, 0,
                       NFS4_UINT64_MAX);
    run(NFS4_OK);
    lock = result(OP_LOCK)->oplock.lock_stateid;
    begin(&alice, NULL);
    op_free(&lock);
    run(NFS4ERR_LOCKS_HELD);
    begin(&alice, &file.fh);
    op_locku(&lock);
    run(NFS4_OK);
    lock = result(OP_LOCKU)->oplocku.lock_stateid;
    begin(&alice, NULL);
    op_free(&lock);
    run(NFS4_OK);
    expect_status(test_one(&alice, &lock), NFS4ERR_BAD_STATEID);
    expect_status(client_file_close(&alice, &file), NFS4_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_BOTH(current),    ON_BOTH(current_lost),  ON_BOTH(current_saved),
        ON_BOTH(forged),     ON_BOTH(seqids),        ON_BOTH(of_another_client),
        ON_BOTH(test_codes), ON_BOTH(free_stateids),
    };

    return test_group_run_fixtures(tests, script_setup_default, script_teardown);
}
