/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A silent client keeps its state until another client needs it (RFC 8881 §8.4.3): alice is silent
 * for longer than her lease, bob meets her state, and she comes back. L-04, SR-18, SR-19, W16.
 */
#include <string.h>

#include "script.h"

static struct client_fh dir;

static int setup(void **state)
{
    static char local[128];
    static const char *const options[] = {"--lease",  "1",   "--export", "/mem=mem:,no_root_squash",
                                          "--export", local, NULL};

    (void)state;
    if (!test_server_init(&script_server))
        return -1;
    (void)snprintf(local, sizeof(local), "/local=local:%s,no_root_squash", script_server.data);
    return script_setup(options) == 0 && script_open_to_all(script_mem) ? 0 : -1;
}

static uint32_t flags_of(struct client_mount *mount)
{
    begin(mount, NULL);
    run(NFS4_OK);
    return result(OP_SEQUENCE)->opsequence.sr_status_flags;
}

static struct client_file open_as(struct client_mount *mount, const char *owner, const char *name,
                                  uint32_t deny, enum nfsstat4 status)
{
    struct client_open how = {
        .owner = owner, .access = OPEN4_SHARE_ACCESS_BOTH, .deny = deny, .name = name};
    struct client_file file = {.fh = {.len = 0}};

    expect_status(client_file_open(mount, &dir, &how, &file), status);
    return file;
}

static struct client_file open_file(struct client_mount *mount, const char *name, uint32_t deny)
{
    make_file(mount, &dir, name);
    return open_as(mount, "owner", name, deny, NFS4_OK);
}

/* LOCK of ten bytes for writing by a new lock owner. */
static struct stateid4 lock_as(struct client_mount *mount, const struct client_file *file,
                               const char *owner, uint64_t offset)
{
    begin(mount, &file->fh);
    client_op_lock_new(C, &file->stateid, mount->session.clientid, owner, WRITE_LT, offset, 10);
    run(NFS4_OK);
    return result(OP_LOCK)->oplock.lock_stateid;
}

static void lockt(struct client_mount *mount, const struct client_fh *fh, uint64_t offset,
                  enum nfsstat4 status)
{
    begin(mount, fh);
    client_compound_add(
        C, &(struct nfs_argop4){
               .argop = OP_LOCKT,
               .oplockt = {WRITE_LT, offset, 1, {mount->session.clientid, client_text("tester")}},
           });
    run(status);
}

static void op_locku(const struct stateid4 *lock)
{
    client_compound_add(C, &(struct nfs_argop4){
                               .argop = OP_LOCKU,
                               .oplocku = {WRITE_LT, 0, *lock, 0, NFS4_UINT64_MAX},
                           });
}

static void op_lock_again(const struct stateid4 *lock)
{
    struct nfs_argop4 op = {.argop = OP_LOCK, .oplock = {.locktype = WRITE_LT, .length = 1}};

    op.oplock.locker.lock_owner.lock_stateid = *lock;
    client_compound_add(C, &op);
}

static void op_downgrade(const struct stateid4 *open)
{
    client_compound_add(
        C, &(struct nfs_argop4){.argop = OP_OPEN_DOWNGRADE,
                                .opopen_downgrade = {*open, 0, OPEN4_SHARE_ACCESS_READ, 0}});
}

static void free_stateid(struct client_mount *mount, const struct stateid4 *stateid,
                         enum nfsstat4 status)
{
    begin(mount, NULL);
    client_compound_add(
        C, &(struct nfs_argop4){.argop = OP_FREE_STATEID, .opfree_stateid = {*stateid}});
    run(status);
}

/* TEST_STATEID of several stateids returns a code for each. */
static void test_stateids(struct client_mount *mount, const struct stateid4 *stateids,
                          const enum nfsstat4 *codes, uint32_t count)
{
    const struct TEST_STATEID4resok *res;
    struct stateid4 copies[8];

    assert_true(count <= 8);
    memcpy(copies, stateids, count * sizeof(*stateids));
    begin(mount, NULL);
    client_compound_add(
        C, &(struct nfs_argop4){.argop = OP_TEST_STATEID, .optest_stateid = {copies, count}});
    run(NFS4_OK);
    res = &result(OP_TEST_STATEID)->optest_stateid;
    assert_int_equal(res->tsr_status_codes_count, count);
    for (uint32_t i = 0; i < count; i++)
        expect_status(res->tsr_status_codes[i], codes[i]);
}

/* No operation with its stateid succeeds: I/O, locks, changes of the open. */
static void expect_expired(const struct client_file *file, const struct stateid4 *lock)
{
    begin(&alice, &file->fh);
    client_op_read(C, &file->stateid, 0, 1);
    run(NFS4ERR_EXPIRED);
    begin(&alice, &file->fh);
    client_op_write(C, &file->stateid, 0, FILE_SYNC4, "x", 1);
    run(NFS4ERR_EXPIRED);
    begin(&alice, &file->fh);
    client_op_write(C, lock, 0, FILE_SYNC4, "x", 1);
    run(NFS4ERR_EXPIRED);
    begin(&alice, &file->fh);
    client_op_setattr(C, &file->stateid, CLIENT_BITS(FATTR4_SIZE), &(struct nfs4_attrs){.size = 0});
    run(NFS4ERR_EXPIRED);
    begin(&alice, &file->fh);
    client_op_lock_new(C, &file->stateid, alice.session.clientid, "other", READ_LT, 50, 1);
    run(NFS4ERR_EXPIRED);
    begin(&alice, &file->fh);
    op_lock_again(lock);
    run(NFS4ERR_EXPIRED);
    begin(&alice, &file->fh);
    op_locku(lock);
    run(NFS4ERR_EXPIRED);
    begin(&alice, &file->fh);
    op_downgrade(&file->stateid);
    run(NFS4ERR_EXPIRED);
    begin(&alice, &file->fh);
    client_op_close(C, &file->stateid);
    run(NFS4ERR_EXPIRED);
    /* A wrong filehandle is found first (§8.2.4), as for a good stateid. */
    begin(&alice, &dir);
    client_op_lookup(C, "free");
    client_op_read(C, &file->stateid, 0, 1);
    run(NFS4ERR_BAD_STATEID);
}

/* Bob takes one of four files; alice loses nothing else. */
static void some_is_lost(void **state)
{
    struct client_file shares, io, locks, kept, of_bob, again;
    struct stateid4 in_shares, in_locks, beside, in_kept;

    dir = script_dir(*state);
    make_file(&alice, &dir, "free");
    shares = open_file(&alice, "shares", OPEN4_SHARE_DENY_WRITE);
    io = open_file(&alice, "io", OPEN4_SHARE_DENY_WRITE);
    locks = open_file(&alice, "locks", OPEN4_SHARE_DENY_NONE);
    kept = open_file(&alice, "kept", OPEN4_SHARE_DENY_NONE);
    in_shares = lock_as(&alice, &shares, "locker", 0);
    in_locks = lock_as(&alice, &locks, "locker", 0);
    beside = lock_as(&alice, &locks, "beside", 100);
    in_kept = lock_as(&alice, &kept, "locker", 0);
    /* While her lease is good her state blocks bob. */
    open_as(&bob, "bob", "shares", OPEN4_SHARE_DENY_NONE, NFS4ERR_SHARE_DENIED);
    lockt(&bob, &locks.fh, 0, NFS4ERR_DENIED);
    script_outlast_leases(&bob, &dir);
    of_bob = open_as(&bob, "bob", "shares", OPEN4_SHARE_DENY_NONE, NFS4_OK);
    expect_status(client_file_close(&bob, &of_bob), NFS4_OK);
    begin(&bob, &io.fh);
    client_op_write(C, &client_stateid_anonymous, 0, FILE_SYNC4, "bob", 3);
    run(NFS4_OK);
    of_bob = open_as(&bob, "bob", "locks", OPEN4_SHARE_DENY_NONE, NFS4_OK);
    (void)lock_as(&bob, &of_bob, "bob", 5);
    lockt(&bob, &kept.fh, 50, NFS4_OK); /* outside of the locked range */

    assert_int_equal(flags_of(&alice), SEQ4_STATUS_EXPIRED_SOME_STATE_REVOKED);
    expect_expired(&shares, &in_shares);
    expect_expired(&locks, &in_locks); /* the open with all its locks */
    test_stateids(&alice,
                  (struct stateid4[]){shares.stateid, in_shares, io.stateid, in_locks, beside,
                                      locks.stateid, kept.stateid, in_kept},
                  (enum nfsstat4[]){NFS4ERR_EXPIRED, NFS4ERR_EXPIRED, NFS4ERR_EXPIRED,
                                    NFS4ERR_EXPIRED, NFS4ERR_EXPIRED, NFS4ERR_EXPIRED, NFS4_OK,
                                    NFS4_OK},
                  8);
    /* What is lost stays lost: bob has it, and a lease. */
    (void)flags_of(&bob);
    again = open_as(&alice, "again", "locks", OPEN4_SHARE_DENY_NONE, NFS4_OK);
    begin(&alice, &again.fh);
    client_op_lock_new(C, &again.stateid, alice.session.clientid, "again", WRITE_LT, 0, 10);
    run(NFS4ERR_DENIED);
    /* Only alice can acknowledge the losses, one by one, and an open with its locks. */
    free_stateid(&bob, &shares.stateid, NFS4ERR_BAD_STATEID);
    free_stateid(&alice, &in_shares, NFS4_OK);
    free_stateid(&alice, &in_shares, NFS4ERR_BAD_STATEID);
    free_stateid(&alice, &shares.stateid, NFS4_OK);
    free_stateid(&alice, &io.stateid, NFS4_OK);
    assert_int_equal(flags_of(&alice), SEQ4_STATUS_EXPIRED_SOME_STATE_REVOKED);
    free_stateid(&alice, &locks.stateid, NFS4_OK);
    assert_int_equal(flags_of(&alice), 0);
    free_stateid(&alice, &beside, NFS4ERR_BAD_STATEID);
    test_stateids(&alice, &in_locks, (enum nfsstat4[]){NFS4ERR_BAD_STATEID}, 1);
    /* Alice goes on. */
    begin(&alice, &kept.fh);
    client_op_write(C, &in_kept, 0, FILE_SYNC4, "mine", 4);
    run(NFS4_OK);
    expect_status(client_file_close(&bob, &of_bob), NFS4_OK);
    (void)lock_as(&alice, &again, "locker", 0);
    expect_status(client_file_close(&alice, &again), NFS4_OK);
    expect_status(client_file_close(&alice, &kept), NFS4_OK);
    shares = open_as(&alice, "owner", "shares", OPEN4_SHARE_DENY_WRITE, NFS4_OK);
    expect_status(client_file_close(&alice, &shares), NFS4_OK);
}

/* All her state is gone: the flag is set until she acknowledges (W16). */
static void all_is_lost(void **state)
{
    struct client_file file, of_bob;

    dir = script_dir(*state);
    file = open_file(&alice, "file", OPEN4_SHARE_DENY_BOTH);
    script_outlast_leases(&bob, &dir);
    of_bob = open_as(&bob, "bob", "file", OPEN4_SHARE_DENY_BOTH, NFS4_OK);
    assert_int_equal(flags_of(&alice), SEQ4_STATUS_EXPIRED_SOME_STATE_REVOKED);
    assert_int_equal(flags_of(&alice), SEQ4_STATUS_EXPIRED_SOME_STATE_REVOKED);
    test_stateids(&alice, &file.stateid, (enum nfsstat4[]){NFS4ERR_EXPIRED}, 1);
    free_stateid(&alice, &file.stateid, NFS4_OK);
    assert_int_equal(flags_of(&alice), 0);
    expect_status(client_file_close(&bob, &of_bob), NFS4_OK);
    file = open_as(&alice, "owner", "file", OPEN4_SHARE_DENY_BOTH, NFS4_OK);
    open_as(&bob, "bob", "file", OPEN4_SHARE_DENY_NONE, NFS4ERR_SHARE_DENIED);
    expect_status(client_file_close(&alice, &file), NFS4_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_BOTH(some_is_lost),
        ON_BOTH(all_is_lost),
    };

    return test_group_run_fixtures(tests, setup, script_teardown);
}
