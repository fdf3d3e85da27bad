/* SPDX-License-Identifier: Apache-2.0 */
/* Byte-range locks between the owners of two clients. */
#include <string.h>

#include "script.h"

static struct client_file of_alice, of_bob;

/* A lock owner, and the stateid of its locks. */
struct held {
    const char *owner;
    struct stateid4 stateid;
};

static void open_both(const char *export)
{
    struct client_fh dir = script_dir(export);

    of_alice = make_open(&alice, &dir, "file");
    expect_status(client_file_open_rw(&bob, &dir, "file", &of_bob), NFS4_OK);
}

static void close_both(void)
{
    expect_status(client_file_close(&alice, &of_alice), NFS4_OK);
    expect_status(client_file_close(&bob, &of_bob), NFS4_OK);
}

/* A first lock of `owner`; returns its stateid. */
static struct held lock_new(struct client_mount *mount, const char *owner, enum nfs_lock_type4 type,
                            uint64_t offset, uint64_t length)
{
    const struct client_file *file = mount == &alice ? &of_alice : &of_bob;

    begin(mount, &file->fh);
    script_op_lock_new(mount, file, owner, type, offset, length);
    run(NFS4_OK);
    return (struct held){owner, result(OP_LOCK)->oplock.lock_stateid};
}

static void lock_more(struct client_mount *mount, struct held *lock, enum nfs_lock_type4 type,
                      uint64_t offset, uint64_t length, enum nfsstat4 status)
{
    struct nfs_argop4 op = {.argop = OP_LOCK,
                            .oplock = {.locktype = type, .offset = offset, .length = length}};

    op.oplock.locker.lock_owner.lock_stateid = lock->stateid;
    begin(mount, &of_alice.fh);
    script_op_as(mount, lock->owner, &op);
    run(status);
    if (status == NFS4_OK)
        lock->stateid = result(OP_LOCK)->oplock.lock_stateid;
}

static void unlock(struct client_mount *mount, struct held *lock, uint64_t offset, uint64_t length)
{
    begin(mount, &of_alice.fh);
    script_op_as(mount, lock->owner,
                 &(struct nfs_argop4){
                     .argop = OP_LOCKU,
                     .oplocku = {WRITE_LT, 0, lock->stateid, offset, length},
                 });
    run(NFS4_OK);
    assert_int_equal(result(OP_LOCKU)->oplocku.lock_stateid.seqid, lock->stateid.seqid + 1);
    lock->stateid = result(OP_LOCKU)->oplocku.lock_stateid;
}

/* LOCKT; with DENIED the conflict is in result(OP_LOCKT). */
static void test_lock(struct client_mount *mount, const char *owner, enum nfs_lock_type4 type,
                      uint64_t offset, uint64_t length, enum nfsstat4 status)
{
    begin(mount, &of_alice.fh);
    client_compound_add(
        C,
        &(struct nfs_argop4){
            .argop = OP_LOCKT,
            .oplockt = {type, offset, length, {client_mount_clientid(mount), client_text(owner)}},
        });
    run(status);
}

/* Alice's locks cover exactly [offset, offset + length). */
static void expect_held(uint64_t offset, uint64_t length, enum nfs_lock_type4 type)
{
    const struct LOCK4denied *denied;

    test_lock(&bob, "prober", WRITE_LT, offset, 1, NFS4ERR_DENIED);
    denied = &result(OP_LOCKT)->denied;
    assert_int_equal(denied->offset, offset);
    assert_int_equal(denied->length, length);
    assert_int_equal(denied->locktype, type);
    if (offset > 0)
        test_lock(&bob, "prober", WRITE_LT, offset - 1, 1, NFS4_OK);
    if (length != NFS4_UINT64_MAX)
        test_lock(&bob, "prober", WRITE_LT, offset + length, 1, NFS4_OK);
}

static void conflicts(void **state)
{
    const struct LOCK4denied *denied;

    open_both(*state);
    lock_new(&alice, "a", WRITE_LT, 100, 50);
    begin(&bob, &of_bob.fh);
    script_op_lock_new(&bob, &of_bob, "b", READ_LT, 149, 10);
    run(NFS4ERR_DENIED);
    denied = &result(OP_LOCK)->denied;
    assert_int_equal(denied->offset, 100);
    assert_int_equal(denied->length, 50);
    assert_int_equal(denied->locktype, WRITE_LT);
    assert_int_equal(denied->owner.clientid, client_mount_clientid(&alice));
    assert_int_equal(denied->owner.owner.len, 1);
    assert_int_equal(denied->owner.owner.data[0], 'a');
    lock_new(&bob, "b", READ_LT, 150, 10);
    test_lock(&alice, "a", READ_LT, 0, NFS4_UINT64_MAX, NFS4_OK); /* readers share */
    test_lock(&alice, "a", WRITE_LT, 0, NFS4_UINT64_MAX, NFS4ERR_DENIED);
    assert_int_equal(result(OP_LOCKT)->denied.owner.clientid, client_mount_clientid(&bob));
    /* Another owner of the same client is another owner; so is one of the same name at another
     * client. */
    test_lock(&alice, "a2", READ_LT, 100, 1, NFS4ERR_DENIED);
    test_lock(&bob, "a", READ_LT, 100, 1, NFS4ERR_DENIED);
    /* A file's locks end with its open (RFC 8881 §18.2.3). */
    expect_status(client_file_close(&alice, &of_alice), NFS4_OK);
    test_lock(&bob, "b", WRITE_LT, 0, NFS4_UINT64_MAX, NFS4_OK);
    expect_status(client_file_close(&bob, &of_bob), NFS4_OK);
}

static void split_and_merge(void **state)
{
    struct held lock;

    open_both(*state);
    lock = lock_new(&alice, "a", WRITE_LT, 100, 100);
    unlock(&alice, &lock, 140, 20);
    expect_held(100, 40, WRITE_LT);
    expect_held(160, 40, WRITE_LT);
    lock_more(&alice, &lock, WRITE_LT, 140, 20, NFS4_OK);
    expect_held(100, 100, WRITE_LT);
    lock_more(&alice, &lock, READ_LT, 150, 10, NFS4_OK); /* downgraded in the middle */
    test_lock(&bob, "prober", READ_LT, 150, 10, NFS4_OK);
    test_lock(&bob, "prober", READ_LT, 149, 1, NFS4ERR_DENIED);
    test_lock(&bob, "prober", READ_LT, 160, 1, NFS4ERR_DENIED);
    lock_more(&alice, &lock, WRITE_LT, 0, NFS4_UINT64_MAX, NFS4_OK); /* absorbs the other locks */
    expect_held(0, NFS4_UINT64_MAX, WRITE_LT);
    unlock(&alice, &lock, 0, NFS4_UINT64_MAX);
    test_lock(&bob, "prober", WRITE_LT, 0, NFS4_UINT64_MAX, NFS4_OK);
    close_both();
}

static void upgrade(void **state)
{
    struct held of_a, of_b;

    open_both(*state);
    of_a = lock_new(&alice, "a", READ_LT, 0, 10);
    of_b = lock_new(&bob, "b", READ_LT, 5, 10);
    lock_more(&alice, &of_a, WRITE_LT, 0, 10, NFS4ERR_DENIED);
    lock_more(&alice, &of_a, WRITE_LT, 0, 5, NFS4_OK);
    unlock(&bob, &of_b, 0, NFS4_UINT64_MAX);
    lock_more(&alice, &of_a, WRITE_LT, 0, 10, NFS4_OK);
    expect_held(0, 10, WRITE_LT);
    unlock(&alice, &of_a, 0, NFS4_UINT64_MAX);
    close_both();
}

static void ranges(void **state)
{
    struct held lock;

    open_both(*state);
    test_lock(&alice, "a", READ_LT, 0, 0, NFS4ERR_INVAL);
    test_lock(&alice, "a", READ_LT, 2, NFS4_UINT64_MAX - 1, NFS4ERR_INVAL);
    lock = lock_new(&alice, "a", WRITE_LT, NFS4_UINT64_MAX - 1, 1);
    test_lock(&bob, "b", READ_LT, NFS4_UINT64_MAX - 1, 1, NFS4ERR_DENIED);
    test_lock(&bob, "b", READ_LT, NFS4_UINT64_MAX - 2, 1, NFS4_OK);
    unlock(&alice, &lock, 0, NFS4_UINT64_MAX);
    close_both();
}

/* What a LOCK needs; it is refused without (RFC 8881 §18.10.3). */
static void refused(void **state)
{
    struct client_file reader;
    struct nfs_argop4 op = {.argop = OP_LOCK, .oplock = {.locktype = READ_LT, .length = 1}};
    struct client_fh dir = script_dir(*state);
    struct client_open how = {.owner = "reader", .access = OPEN4_SHARE_ACCESS_READ, .name = "file"};

    make_file(&alice, &dir, "file");
    expect_status(client_file_open(&alice, &dir, &how, &reader), NFS4_OK);
    begin(&alice, &reader.fh);
    script_op_lock_new(&alice, &reader, "a", WRITE_LT, 0, 1);
    run(NFS4ERR_OPENMODE);
    begin(&alice, &dir);
    script_op_lock_new(&alice, &reader, "a", READ_LT, 0, 1);
    run(NFS4ERR_ISDIR);
    op.oplock.locker.lock_owner.lock_stateid = reader.stateid; /* not a lock stateid */
    begin(&alice, &reader.fh);
    script_op_as(&alice, "a", &op);
    run(NFS4ERR_BAD_STATEID);
    op.oplock.reclaim = true;
    begin(&alice, &reader.fh);
    script_op_as(&alice, "a", &op);
    run(V40_OR(NFS4ERR_BAD_STATEID, NFS4ERR_NO_GRACE));
    expect_status(client_file_close(&alice, &reader), NFS4_OK);
}

/* LOCK for writing by an owner that has no lock state yet. */
static void ask(struct client_mount *mount, const char *owner, enum nfs_lock_type4 type,
                enum nfsstat4 status)
{
    const struct client_file *file = mount == &alice ? &of_alice : &of_bob;

    begin(mount, &file->fh);
    script_op_lock_new(mount, file, owner, type, 0, 10);
    run(status);
}

/* A waiter retries again and again (§9.6). unit.state's lock_wait_test covers the time for which it
 * has precedence. */
static void waiting(void **state)
{
    const struct LOCK4denied *denied;
    struct held lock;

    open_both(*state);
    lock = lock_new(&alice, "holder", WRITE_LT, 0, 10);
    ask(&bob, "waiter", WRITEW_LT, NFS4ERR_DENIED);
    denied = &result(OP_LOCK)->denied;
    assert_int_equal(denied->owner.clientid, client_mount_clientid(&alice));
    assert_int_equal(denied->owner.owner.len, strlen("holder"));
    assert_int_equal(denied->locktype, WRITE_LT);
    ask(&alice, "late", READW_LT, NFS4ERR_DENIED);
    /* A denied request that does not wait gets no place in the queue. */
    ask(&alice, "late", READ_LT, NFS4ERR_DENIED);
    unlock(&alice, &lock, 0, NFS4_UINT64_MAX);
    lock_more(&alice, &lock, WRITE_LT, 10, 10, NFS4_OK);
    test_lock(&alice, "late", WRITE_LT, 0, 10, NFS4_OK); /* LOCKT sees locks only, no waiters */
    ask(&bob, "waiter", WRITEW_LT, NFS4_OK);
    ask(&alice, "late", READ_LT, NFS4ERR_DENIED);
    expect_status(client_file_close(&bob, &of_bob), NFS4_OK);
    lock_more(&alice, &lock, WRITE_LT, 0, 10, NFS4_OK);
    expect_status(client_file_close(&alice, &of_alice), NFS4_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_BOTH(conflicts), ON_BOTH(split_and_merge), ON_BOTH(upgrade),
        ON_BOTH(ranges),    ON_BOTH(refused),         ON_BOTH(waiting),
    };

    return test_group_run_fixtures(tests, script_setup_default, script_teardown);
}
