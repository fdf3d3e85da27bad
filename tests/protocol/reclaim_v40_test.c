/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Restarts of the server with clients of 4.0 that have state, alone and beside one of 4.1 (P-06,
 * P-12, SR-29; RFC 7530 §9.6.2, §9.6.3).  Each test has a state directory of its own.
 */
#include <string.h>

#include "lib/wait.h"
#include "lives.h"

static const char *const long_grace[] = {"--lease",  "60",        "--grace", "60",
                                         "--export", lives_local, NULL};
static const char *const short_grace[] = {"--lease",  "60",        "--grace", "4",
                                          "--export", lives_local, NULL};

static void come_as(struct client_mount *mount, const char *owner, uint8_t verifier)
{
    struct client_id_wish wish = client_id_wish_default(owner);

    memset(wish.verifier, verifier, sizeof(wish.verifier));
    client_conn_close(&mount->conn);
    script_mount_v40_as(mount, &wish);
}

static void come(struct client_mount *mount)
{
    come_as(mount, mount == &alice ? "alice" : "bob", 1);
}

/* Carol in 4.1, under alice's name, in one life after the other. */
static void carol_comes(bool complete)
{
    lives_come(&carol, "alice", 1);
    if (complete)
        lives_complete(&carol);
}

static void both_come(void)
{
    come(&alice);
    come(&bob);
}

static int start_long(void **state)
{
    (void)state;
    return lives_begin(long_grace, both_come);
}

static int start_short(void **state)
{
    (void)state;
    return lives_begin(short_grace, both_come);
}

static void reconnect(struct client_mount *mount)
{
    const struct client_cred cred = mount->conn.cred;

    client_conn_close(&mount->conn);
    script_connect(&mount->conn);
    mount->conn.cred = cred;
}

/* Reclaim; on failure `file` stays as it is. */
static enum nfsstat4 reclaim_as(struct client_mount *mount, const char *owner,
                                struct client_file *file)
{
    struct client_file again = *file;
    enum nfsstat4 status = client_file_reclaim(mount, owner, &again);

    if (status == NFS4_OK)
        *file = again;
    return status;
}

static enum nfsstat4 reclaim(struct client_mount *mount, struct client_file *file)
{
    return reclaim_as(mount, "file", file);
}

/* A new open of an existing file. */
static enum nfsstat4 new_open(struct client_mount *mount, const char *name)
{
    const struct client_open how = {
        .owner = "new", .access = OPEN4_SHARE_ACCESS_BOTH, .name = name};
    struct client_file file;

    return client_file_open(mount, &lives_dir, &how, &file);
}

static void lock_is(struct client_mount *mount, const struct client_file *file, bool again,
                    const char *owner, uint64_t offset, enum nfsstat4 status)
{
    struct nfs_argop4 op = {
        .argop = OP_LOCK,
        .oplock = {.locktype = WRITE_LT, .reclaim = again, .offset = offset, .length = 10}};

    op.oplock.locker.new_lock_owner = true;
    op.oplock.locker.open_owner.open_stateid = file->stateid;
    op.oplock.locker.open_owner.lock_owner.owner = client_text(owner);
    begin(mount, &file->fh);
    script_op_as(mount, "file", &op);
    run_on(&mount->conn, status);
}

static void grace_is_over(struct client_mount *mount, const char *name)
{
    enum nfsstat4 status = NFS4ERR_GRACE;

    wait_until_every(50, (status = new_open(mount, name)) != NFS4ERR_GRACE);
    expect_status(status, NFS4_OK);
}

/* The whole sequence for one client that had an open and a lock: ids of the former life are stale,
 * the client reclaims its state, and no other client gets new state before the end of the grace
 * period. */
static void comes_back(void **state)
{
    struct client_file file = make_open(&alice, &lives_dir, "file"), same;
    const struct client_id old = alice.id;

    (void)state;
    lock_is(&alice, &file, false, "locker", 0, NFS4_OK);
    same = file;
    crash();
    reconnect(&alice);
    begin(&alice, NULL);
    client_id_op_renew(C, old.clientid);
    run(NFS4ERR_STALE_CLIENTID);
    script_read_is(&alice, &file, NFS4ERR_STALE_STATEID);
    expect_status(new_open(&alice, "file"), NFS4ERR_STALE_CLIENTID);
    come(&alice);
    come(&bob);
    assert_true(alice.id.clientid != old.clientid);
    expect_status(new_open(&alice, "file"), NFS4ERR_GRACE);
    expect_status(new_open(&bob, "file"), NFS4ERR_GRACE);
    expect_status(reclaim(&alice, &file), NFS4_OK);
    lock_is(&alice, &file, true, "locker", 0, NFS4_OK);
    lock_is(&alice, &file, false, "another", 100, NFS4ERR_GRACE);
    script_read_is(&alice, &file, NFS4_OK);
    expect_status(reclaim(&bob, &same), NFS4ERR_NO_GRACE);
    grace_is_over(&bob, "file");
    expect_status(reclaim(&alice, &same), NFS4ERR_NO_GRACE);
    lock_is(&alice, &file, false, "third", 100, NFS4_OK);
    /* Both have something to reclaim now. */
    crash();
    come(&alice);
    come(&bob);
    expect_status(reclaim(&alice, &file), NFS4_OK);
    expect_status(reclaim_as(&bob, "new", &same), NFS4_OK);
}

/* RFC 7530 §9.6.3.4.2: two restarts while the client was away. */
static void stays_away(void **state)
{
    struct client_file file = make_open(&alice, &lives_dir, "file");

    (void)state;
    crash();
    come(&bob);
    grace_is_over(&bob, "file");
    crash();
    come(&alice);
    expect_status(reclaim(&alice, &file), NFS4ERR_NO_GRACE);
    expect_status(new_open(&alice, "file"), NFS4ERR_GRACE); /* alice waits for bob */
}

/* A client that returned after the grace period. */
static void too_late(void **state)
{
    struct client_file file = make_open(&alice, &lives_dir, "file");

    (void)state;
    crash();
    come(&bob);
    grace_is_over(&bob, "file");
    come(&alice);
    expect_status(reclaim(&alice, &file), NFS4ERR_NO_GRACE);
    expect_status(new_open(&alice, "file"), NFS4_OK);
}

/* A reboot of the client: nothing is left to be reclaimed a second time. */
static void boots_in_grace(void **state)
{
    struct client_file file = make_open(&alice, &lives_dir, "file");

    (void)state;
    crash();
    come(&alice);
    expect_status(reclaim(&alice, &file), NFS4_OK);
    come_as(&alice, "alice", 2);
    expect_status(reclaim(&alice, &file), NFS4ERR_NO_GRACE);
    /* No other client had state, so the grace period ends at the next tick. */
    grace_is_over(&alice, "file");
}

/* Clients of both minor versions, here even of one owner string: RECLAIM_COMPLETE in 4.1 does not
 * speak for 4.0. */
static void beside_v41(void **state)
{
    struct client_file old = make_open(&alice, &lives_dir, "old"), new;

    (void)state;
    carol_comes(true);
    new = make_open(&carol, &lives_dir, "new");
    crash();
    come(&alice);
    carol_comes(false);
    expect_status(reclaim(&carol, &new), NFS4_OK);
    expect_status(reclaim(&alice, &old), NFS4_OK);
    carol_comes(true); /* as the same client */
    expect_status(new_open(&carol, "new"), NFS4ERR_GRACE);
    expect_status(new_open(&alice, "old"), NFS4ERR_GRACE);
    script_read_is(&carol, &new, NFS4_OK);
    script_read_is(&alice, &old, NFS4_OK);
    grace_is_over(&carol, "new");
    expect_status(new_open(&alice, "old"), NFS4_OK);
}

/* A client of 4.0 that never had state keeps no other waiting. */
static void had_nothing(void **state)
{
    struct client_file file;

    (void)state;
    carol_comes(true);
    file = make_open(&carol, &lives_dir, "file");
    crash();
    carol_comes(false);
    expect_status(reclaim(&carol, &file), NFS4_OK);
    expect_status(new_open(&carol, "file"), NFS4ERR_GRACE);
    carol_comes(true);
    grace_is_over(&carol, "file");
}

/* I/O without an open waits for opens that could deny it, as new opens and locks do. */
static void others_wait(void **state)
{
    const struct client_lock range = {.type = WRITE_LT, .length = 1};
    struct client_file file = make_open(&alice, &lives_dir, "file");

    (void)state;
    crash();
    come(&bob);
    begin(&bob, &file.fh);
    client_op_read(C, &client_stateid_anonymous, 0, 1);
    run(NFS4ERR_GRACE);
    begin(&bob, &file.fh);
    client_op_write(C, &client_stateid_anonymous, 0, UNSTABLE4, "x", 1);
    run(NFS4ERR_GRACE);
    begin(&bob, &file.fh);
    client_op_setattr(C, &client_stateid_anonymous, CLIENT_BITS(FATTR4_SIZE),
                      &(struct nfs4_attrs){.size = 1});
    run(NFS4ERR_GRACE);
    begin(&bob, &file.fh);
    client_owner_lock_test(C, client_mount_owner(&bob, "tester"), &range);
    run(NFS4ERR_GRACE);
    begin(&bob, &file.fh);
    client_op_setattr(C, &client_stateid_anonymous, CLIENT_BITS(FATTR4_MODE),
                      &(struct nfs4_attrs){.mode = 0640});
    run(NFS4ERR_GRACE);
    begin(&bob, &lives_dir);
    client_op_remove(C, "file");
    run(NFS4ERR_GRACE);
    begin_two(&bob, &lives_dir, &lives_dir);
    client_op_rename(C, "file", "other");
    run(NFS4ERR_GRACE);
    begin_two(&bob, &file.fh, &lives_dir);
    client_op_link(C, "other");
    run(NFS4ERR_DELAY); /* RFC 7530 §13.2 lists no GRACE for this operation */
}

/* Two clients claim what both cannot have had: the first one gets it. */
static void conflicting(void **state)
{
    struct client_file file = make_open(&alice, &lives_dir, "file"), of_bob = file, denying = file;

    (void)state;
    expect_status(client_file_open_rw(&bob, &lives_dir, "file", &of_bob), NFS4_OK);
    crash();
    come(&alice);
    come(&bob);
    expect_status(reclaim(&alice, &file), NFS4_OK);
    denying.deny = OPEN4_SHARE_DENY_BOTH;
    expect_status(reclaim(&bob, &denying), NFS4ERR_RECLAIM_CONFLICT);
    expect_status(reclaim(&bob, &of_bob), NFS4_OK);
    lock_is(&alice, &file, true, "locker", 0, NFS4_OK);
    lock_is(&bob, &of_bob, true, "locker", 5, NFS4ERR_RECLAIM_CONFLICT);
}

#define TEST(start, f) cmocka_unit_test_setup_teardown(f, start, lives_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(start_short, comes_back), TEST(start_short, stays_away),
        TEST(start_short, too_late),   TEST(start_long, boots_in_grace),
        TEST(start_short, beside_v41), TEST(start_long, had_nothing),
        TEST(start_long, others_wait), TEST(start_long, conflicting),
    };

    return test_group_run(tests);
}
