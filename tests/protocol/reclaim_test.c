/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Restarts of the server with clients that have state: which clients may reclaim, when others go
 * on, and the effect of a crash in between (SR-20, SR-25, P-12, L-11; RFC 8881 §8.4.2, §8.4.3).
 * Each test has a state directory of its own.
 */
#include <string.h>
#include <unistd.h>

#include "lib/wait.h"
#include "lives.h"

static const char *const long_grace[] = {"--lease",   "60",       "--grace",   "60", "--export",
                                         lives_local, "--export", "/mem=mem:", NULL};
static const char *const short_grace[] = {"--lease",  "60",        "--grace", "4",
                                          "--export", lives_local, NULL};
static const char *const short_lease[] = {"--lease",  "1",         "--grace", "60",
                                          "--export", lives_local, NULL};

static void come(struct client_mount *mount)
{
    lives_come(mount, mount == &alice ? "alice" : mount == &bob ? "bob" : "carol", 1);
}

static void come_and_complete(struct client_mount *mount)
{
    come(mount);
    lives_complete(mount);
}

static void both_come(void)
{
    come_and_complete(&alice);
    come_and_complete(&bob);
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

static int start_expiring(void **state)
{
    (void)state;
    return lives_begin(short_lease, both_come);
}

static enum open_delegation_type4 delegation_held = OPEN_DELEGATE_NONE;

/* OPEN of the current filehandle. */
static void op_open(struct client_mount *mount, enum open_claim_type4 claim, uint32_t access,
                    uint32_t deny)
{
    struct nfs_argop4 op = {
        .argop = OP_OPEN,
        .opopen = {.share_access = access,
                   .share_deny = deny,
                   .owner = {mount->session.clientid, client_text("owner")},
                   .claim = {.claim = claim, .delegate_type = delegation_held}},
    };

    client_compound_add(C, &op);
}

static void open_is(struct client_mount *mount, const struct client_fh *fh,
                    enum open_claim_type4 claim, uint32_t access, uint32_t deny,
                    enum nfsstat4 status)
{
    begin(mount, fh);
    op_open(mount, claim, access, deny);
    run_on(&mount->conn, status);
}

/* Reclaim an open; returns its stateid, or checks the error. */
static struct stateid4 reclaim_is(struct client_mount *mount, const struct client_fh *fh,
                                  uint32_t access, uint32_t deny, enum nfsstat4 status)
{
    struct stateid4 none = {0};

    open_is(mount, fh, CLAIM_PREVIOUS, access, deny, status);
    return status == NFS4_OK ? result(OP_OPEN)->opopen.stateid : none;
}

static struct stateid4 reclaim(struct client_mount *mount, const struct client_fh *fh)
{
    return reclaim_is(mount, fh, OPEN4_SHARE_ACCESS_BOTH, OPEN4_SHARE_DENY_NONE, NFS4_OK);
}

static void reclaim_fails(struct client_mount *mount, const struct client_fh *fh,
                          enum nfsstat4 status)
{
    (void)reclaim_is(mount, fh, OPEN4_SHARE_ACCESS_BOTH, OPEN4_SHARE_DENY_NONE, status);
}

/* A new open for writing. */
static void new_open_is(struct client_mount *mount, const struct client_fh *fh,
                        enum nfsstat4 status)
{
    open_is(mount, fh, CLAIM_FH, OPEN4_SHARE_ACCESS_BOTH, OPEN4_SHARE_DENY_NONE, status);
}

static enum nfs_lock_type4 lock_type = WRITE_LT;

static void lock_is(struct client_mount *mount, const struct client_fh *fh,
                    const struct stateid4 *open, bool again, uint64_t offset, enum nfsstat4 status)
{
    struct nfs_argop4 op = {
        .argop = OP_LOCK,
        .oplock = {.locktype = lock_type, .reclaim = again, .offset = offset, .length = 10},
    };

    op.oplock.locker.new_lock_owner = true;
    op.oplock.locker.open_owner.open_stateid = *open;
    op.oplock.locker.open_owner.lock_owner =
        (struct state_owner4){mount->session.clientid, client_text("locker")};
    begin(mount, fh);
    client_compound_add(C, &op);
    run_on(&mount->conn, status);
}

static void lockt_is(struct client_mount *mount, const struct client_fh *fh, enum nfsstat4 status)
{
    struct nfs_argop4 op = {
        .argop = OP_LOCKT,
        .oplockt = {.locktype = WRITE_LT,
                    .length = 1,
                    .owner = {mount->session.clientid, client_text("tester")}},
    };

    begin(mount, fh);
    client_compound_add(C, &op);
    run_on(&mount->conn, status);
}

static void reclaim_complete_is(struct client_mount *mount, bool one_fs, enum nfsstat4 status)
{
    struct nfs_argop4 op = {.argop = OP_RECLAIM_COMPLETE,
                            .opreclaim_complete = {.rca_one_fs = one_fs}};

    begin(mount, &lives_dir);
    client_compound_add(C, &op);
    run_on(&mount->conn, status);
}

static void read_is(struct client_mount *mount, const struct client_fh *fh,
                    const struct stateid4 *stateid, enum nfsstat4 status)
{
    begin(mount, fh);
    client_op_read(C, stateid, 0, 1);
    run_on(&mount->conn, status);
}

static void write_is(struct client_mount *mount, const struct client_fh *fh,
                     const struct stateid4 *stateid, enum nfsstat4 status)
{
    begin(mount, fh);
    client_op_write(C, stateid, 0, FILE_SYNC4, "x", 1);
    run_on(&mount->conn, status);
}

static void setattr_is(struct client_mount *mount, const struct client_fh *fh, struct bitmap4 which,
                       const struct nfs4_attrs *attrs, enum nfsstat4 status)
{
    begin(mount, fh);
    client_op_setattr(C, &client_stateid_anonymous, which, attrs);
    run_on(&mount->conn, status);
}

/* SR-20, P-12, L-11: the whole sequence for one client that had an open and a lock. */
static void comes_back(void **state)
{
    struct client_file file = make_open(&alice, &lives_dir, "file");
    struct stateid4 open;

    (void)state;
    lock_is(&alice, &file.fh, &file.stateid, false, 0, NFS4_OK);
    lives_come(&bob, "bob", 2); /* no other client is waited for */
    crash();
    come(&alice);
    new_open_is(&alice, &file.fh, NFS4ERR_GRACE);
    open = reclaim(&alice, &file.fh);
    assert_int_equal(result(OP_OPEN)->opopen.delegation.delegation_type, OPEN_DELEGATE_NONE);
    lock_is(&alice, &file.fh, &open, true, 0, NFS4_OK);
    lock_is(&alice, &file.fh, &open, false, 100, NFS4ERR_GRACE);
    write_is(&alice, &file.fh, &open, NFS4_OK);
    reclaim_complete_is(&alice, true, NFS4_OK);
    new_open_is(&alice, &file.fh, NFS4ERR_GRACE);
    lock_is(&alice, &file.fh, &open, true, 50, NFS4_OK);
    reclaim_complete_is(&alice, false, NFS4_OK);
    reclaim_complete_is(&alice, false, NFS4ERR_COMPLETE_ALREADY);
    reclaim_fails(&alice, &file.fh, NFS4ERR_NO_GRACE);
    lock_is(&alice, &file.fh, &open, true, 0, NFS4ERR_NO_GRACE);
    lock_is(&alice, &file.fh, &open, false, 100, NFS4_OK);
    new_open_is(&alice, &file.fh, NFS4_OK);
    come_and_complete(&bob);
    lockt_is(&bob, &file.fh, NFS4ERR_DENIED);
    new_open_is(&bob, &file.fh, NFS4_OK);
}

/* All wait for bob, whose open may deny anything; operations on names and attributes go on. */
static void others_wait(void **state)
{
    struct client_fh file = make_file(&alice, &lives_dir, "file");

    (void)state;
    crash();
    come_and_complete(&alice);
    come_and_complete(&carol);
    new_open_is(&carol, &file, NFS4ERR_GRACE);
    new_open_is(&alice, &file, NFS4ERR_GRACE);
    lockt_is(&alice, &file, NFS4ERR_GRACE);
    read_is(&alice, &file, &client_stateid_anonymous, NFS4ERR_GRACE);
    read_is(&alice, &file, &client_stateid_bypass, NFS4_OK);
    write_is(&alice, &file, &client_stateid_anonymous, NFS4ERR_GRACE);
    write_is(&alice, &file, &client_stateid_bypass, NFS4ERR_GRACE);
    setattr_is(&alice, &file, CLIENT_BITS(FATTR4_SIZE), &(struct nfs4_attrs){.size = 0},
               NFS4ERR_GRACE);
    reclaim_fails(&carol, &file, NFS4ERR_NO_GRACE);
    come_and_complete(&bob);
    new_open_is(&carol, &file, NFS4_OK);
    read_is(&alice, &file, &client_stateid_anonymous, NFS4_OK);
    setattr_is(&alice, &file, CLIENT_BITS(FATTR4_SIZE), &(struct nfs4_attrs){.size = 0}, NFS4_OK);
    lockt_is(&alice, &file, NFS4_OK);
}

static void link_rename_remove_is(struct client_mount *mount, const struct client_fh *fh,
                                  enum nfsstat4 status)
{
    begin_two(mount, fh, &lives_dir);
    client_op_link(C, "second");
    run_on(&mount->conn, status);
    begin_two(mount, &lives_dir, &lives_dir);
    client_op_rename(C, "file", "third");
    run_on(&mount->conn, status);
    begin(mount, &lives_dir);
    client_op_remove(C, "third");
    run_on(&mount->conn, status == NFS4_OK ? NFS4_OK : NFS4ERR_NOENT);
    begin(mount, &lives_dir);
    client_op_remove(C, status == NFS4_OK ? "second" : "file");
    run_on(&mount->conn, status);
}

/* By a client of 4.2 that has just come; the file system may have no extended attributes. */
static void setxattr_is(const struct client_fh *fh, enum nfsstat4 status)
{
    struct client_mount dave;

    script_mount_v42(&dave);
    if (!attrs_of(&dave, fh, CLIENT_BITS(FATTR4_XATTR_SUPPORT)).xattr_support)
        status = NFS4ERR_NOTSUPP;
    begin(&dave, fh);
    client_op_setxattr(C, "a", SETXATTR4_EITHER, "1", 1);
    run_on(&dave.conn, status);
    client_mount_close(&dave);
}

/* A client that had a delegation may reclaim it and rely on cached names and attributes, so their
 * changes wait. */
static void names_and_attributes_wait(void **state)
{
    struct client_fh file = make_file(&alice, &lives_dir, "file"), sub;
    const struct nfs4_attrs closed = {.mode = 0640};

    (void)state;
    crash();
    come_and_complete(&alice);
    setattr_is(&alice, &file, CLIENT_BITS(FATTR4_MODE), &closed, NFS4ERR_GRACE);
    setxattr_is(&file, NFS4ERR_GRACE);
    link_rename_remove_is(&alice, &file, NFS4ERR_GRACE);
    expect_status(client_file_mkdir(&alice, &lives_dir, "dir", &sub), NFS4_OK);
    setattr_is(&alice, &sub, CLIENT_BITS(FATTR4_MODE), &closed, NFS4_OK);
    begin_two(&alice, &lives_dir, &lives_dir);
    client_op_rename(C, "dir", "other dir");
    client_op_remove(C, "other dir");
    run(NFS4_OK);
    begin_two(&alice, &lives_dir, &lives_dir);
    client_op_rename(C, "nothing", "file");
    run(NFS4ERR_GRACE);
    come_and_complete(&bob);
    setattr_is(&alice, &file, CLIENT_BITS(FATTR4_MODE), &closed, NFS4_OK);
    setxattr_is(&file, NFS4_OK);
    link_rename_remove_is(&alice, &file, NFS4_OK);
}

/* Two clients claim state that both cannot have had. */
static void conflicts(void **state)
{
    struct client_fh file = make_file(&alice, &lives_dir, "file");
    struct client_fh other = make_file(&alice, &lives_dir, "other");
    struct stateid4 of_alice, of_bob;

    (void)state;
    crash();
    come(&alice);
    come(&bob);
    (void)reclaim_is(&alice, &file, OPEN4_SHARE_ACCESS_BOTH, OPEN4_SHARE_DENY_WRITE, NFS4_OK);
    reclaim_fails(&bob, &file, NFS4ERR_RECLAIM_CONFLICT);
    (void)reclaim_is(&bob, &file, OPEN4_SHARE_ACCESS_READ, OPEN4_SHARE_DENY_READ,
                     NFS4ERR_RECLAIM_CONFLICT);
    of_bob = reclaim_is(&bob, &file, OPEN4_SHARE_ACCESS_READ, OPEN4_SHARE_DENY_NONE, NFS4_OK);
    read_is(&bob, &file, &of_bob, NFS4_OK);
    of_alice = reclaim(&alice, &other);
    of_bob = reclaim(&bob, &other);
    lock_is(&alice, &other, &of_alice, true, 0, NFS4_OK);
    lock_is(&bob, &other, &of_bob, true, 5, NFS4ERR_RECLAIM_CONFLICT);
    lock_is(&bob, &other, &of_bob, true, 10, NFS4_OK);
    lives_complete(&alice);
    lives_complete(&bob);
    open_is(&bob, &file, CLAIM_FH, OPEN4_SHARE_ACCESS_WRITE, OPEN4_SHARE_DENY_NONE,
            NFS4ERR_SHARE_DENIED);
}

/* A reclaim is granted or refused at once: its owner does not queue, and delays no other. */
static void none_waits(void **state)
{
    struct client_fh file = make_file(&alice, &lives_dir, "file");
    struct stateid4 of_alice, of_bob, of_carol;

    (void)state;
    come_and_complete(&carol);
    crash();
    come(&alice);
    come(&bob);
    come(&carol);
    of_alice = reclaim(&alice, &file);
    of_bob = reclaim(&bob, &file);
    of_carol = reclaim(&carol, &file);
    lock_type = WRITEW_LT;
    lock_is(&alice, &file, &of_alice, true, 0, NFS4_OK);
    lock_is(&bob, &file, &of_bob, true, 5, NFS4ERR_RECLAIM_CONFLICT);
    wait_ms(2200); /* how long a waiter would have precedence, had it queued */
    lock_is(&carol, &file, &of_carol, true, 10, NFS4_OK);
    lock_type = WRITE_LT;
}

/* A reclaim's arguments are checked as any other's. */
static void wrong_reclaims(void **state)
{
    struct client_fh file = make_file(&alice, &lives_dir, "file");
    struct client_fh gone = make_file(&alice, &lives_dir, "gone");

    (void)state;
    expect_status(client_file_remove(&alice, &lives_dir, "gone"), NFS4_OK);
    crash();
    come(&alice);
    reclaim_fails(&alice, &lives_dir, NFS4ERR_ISDIR);
    (void)reclaim_is(&alice, &file, 0, OPEN4_SHARE_DENY_NONE, NFS4ERR_INVAL);
    reclaim_fails(&alice, NULL, NFS4ERR_NOFILEHANDLE);
    lock_is(&alice, &file, &client_stateid_anonymous, true, 0, NFS4ERR_BAD_STATEID);
    begin(&alice, &gone);
    op_open(&alice, CLAIM_PREVIOUS, OPEN4_SHARE_ACCESS_READ, OPEN4_SHARE_DENY_NONE);
    run(NFS4ERR_STALE);
}

static void want_is(struct client_mount *mount, const struct client_fh *fh,
                    const struct deleg_claim4 *claim, enum nfsstat4 status)
{
    begin(mount, fh);
    client_compound_add(
        C, &(struct nfs_argop4){.argop = OP_WANT_DELEGATION,
                                .opwant_delegation = {OPEN4_SHARE_ACCESS_WANT_READ_DELEG, *claim}});
    run_on(&mount->conn, status);
}

/* alice comes again, with a session of 4.2. */
static void come_in_minor_two(void)
{
    struct client_session_wish wish = client_session_wish_default("alice");
    enum nfsstat4 status;

    come(&alice);
    wish.minor = alice.session.minor = 2;
    wish.flags &= ~(uint32_t)CREATE_SESSION4_FLAG_CONN_BACK_CHAN; /* no callbacks */
    assert_int_equal(client_session_create(&alice.conn, &wish, &alice.session, &status), CLIENT_OK);
    expect_status(status, NFS4_OK);
}

/* RFC 9754: a client of 4.2 reclaims a delegation with the file's times, and gets no open with it;
 * again if the reply was lost. */
static void delegation_alone(void **state)
{
    const struct client_fh file = make_file(&alice, &lives_dir, "file");
    const uint32_t access = OPEN4_SHARE_ACCESS_BOTH | OPEN4_SHARE_ACCESS_WANT_OPEN_XOR_DELEGATION;
    const struct nfs4_attrs times = {.time_deleg_modify = {.seconds = 981173106}};
    struct nfs_argop4 give_back = {.argop = OP_DELEGRETURN};
    struct stateid4 stateid;

    (void)state;
    crash();
    come(&alice);
    delegation_held = OPEN_DELEGATE_WRITE_ATTRS_DELEG;
    reclaim_fails(&alice, &file, NFS4ERR_INVAL);
    client_conn_close(&alice.conn);
    come_in_minor_two();
    (void)reclaim_is(&alice, &file, access, OPEN4_SHARE_DENY_NONE, NFS4_OK);
    assert_true(result(OP_OPEN)->opopen.rflags & OPEN4_RESULT_NO_OPEN_STATEID);
    assert_int_equal(result(OP_OPEN)->opopen.delegation.delegation_type,
                     OPEN_DELEGATE_WRITE_ATTRS_DELEG);
    stateid = result(OP_OPEN)->opopen.delegation.write.stateid;
    client_conn_close(&alice.conn); /* as if the reply had been lost */
    come_in_minor_two();
    (void)reclaim_is(&alice, &file, access, OPEN4_SHARE_DENY_NONE, NFS4_OK);
    delegation_held = OPEN_DELEGATE_NONE;
    assert_true(result(OP_OPEN)->opopen.rflags & OPEN4_RESULT_NO_OPEN_STATEID);
    assert_int_equal(result(OP_OPEN)->opopen.delegation.delegation_type,
                     OPEN_DELEGATE_WRITE_ATTRS_DELEG);
    assert_memory_equal(&result(OP_OPEN)->opopen.delegation.write.stateid, &stateid,
                        sizeof(stateid));
    begin(&alice, &file);
    client_op_write(C, &stateid, 0, FILE_SYNC4, "data", 4);
    client_op_setattr(C, &stateid, CLIENT_BITS(FATTR4_TIME_DELEG_MODIFY), &times);
    give_back.opdelegreturn.deleg_stateid = stateid;
    client_compound_add(C, &give_back);
    run(NFS4_OK);
    assert_int_equal(attrs_of(&alice, &file, CLIENT_BITS(FATTR4_TIME_MODIFY)).time_modify.seconds,
                     981173106);
}

/* With the open, or by WANT_DELEGATION: the claim is accepted, and the delegation permits an OPEN
 * at once. */
static void delegations(void **state)
{
    const struct deleg_claim4 had_read = {CLAIM_PREVIOUS, {OPEN_DELEGATE_READ}};
    const struct deleg_claim4 had_write = {CLAIM_PREVIOUS, {OPEN_DELEGATE_WRITE}};
    const struct deleg_claim4 had_none = {CLAIM_PREVIOUS, {OPEN_DELEGATE_NONE}};
    const struct deleg_claim4 none = {CLAIM_FH, {OPEN_DELEGATE_NONE}};
    struct client_fh file = make_file(&alice, &lives_dir, "file");
    struct client_fh other = make_file(&alice, &lives_dir, "other");
    struct nfs_argop4 give_back = {.argop = OP_DELEGRETURN};
    struct nfs_argop4 claim = {.argop = OP_OPEN,
                               .opopen = {.share_access = OPEN4_SHARE_ACCESS_BOTH,
                                          .claim = {.claim = CLAIM_DELEG_CUR_FH}}};
    struct stateid4 stateid;

    (void)state;
    crash();
    come(&alice);
    come(&bob);
    delegation_held = OPEN_DELEGATE_NONE_EXT;
    open_is(&alice, &file, CLAIM_PREVIOUS, OPEN4_SHARE_ACCESS_READ, OPEN4_SHARE_DENY_NONE,
            NFS4ERR_INVAL);
    delegation_held = OPEN_DELEGATE_WRITE;
    (void)reclaim(&alice, &file);
    assert_int_equal(result(OP_OPEN)->opopen.delegation.delegation_type, OPEN_DELEGATE_WRITE);
    stateid = result(OP_OPEN)->opopen.delegation.write.stateid;
    client_conn_close(&alice.conn); /* as if the reply had been lost */
    come(&alice);
    (void)reclaim(&alice, &file);
    delegation_held = OPEN_DELEGATE_NONE;
    assert_int_equal(result(OP_OPEN)->opopen.delegation.delegation_type, OPEN_DELEGATE_WRITE);
    assert_memory_equal(&result(OP_OPEN)->opopen.delegation.write.stateid, &stateid,
                        sizeof(stateid));
    want_is(&alice, &file, &had_write, NFS4_OK);
    assert_int_equal(result(OP_WANT_DELEGATION)->opwant_delegation.delegation_type,
                     OPEN_DELEGATE_WRITE);
    claim.opopen.claim.oc_delegate_stateid = stateid;
    begin(&alice, &file);
    script_op_as(&alice, "claims", &claim);
    run(NFS4_OK);
    want_is(&bob, &file, &had_read, NFS4ERR_RECLAIM_CONFLICT);
    open_is(&bob, &file, CLAIM_PREVIOUS, OPEN4_SHARE_ACCESS_READ, OPEN4_SHARE_DENY_NONE,
            NFS4ERR_DELAY);
    give_back.opdelegreturn.deleg_stateid = stateid;
    begin(&alice, &file);
    client_compound_add(C, &give_back);
    run(NFS4_OK);

    want_is(&alice, &other, &had_none, NFS4ERR_INVAL);
    want_is(&alice, &other, &none, NFS4ERR_GRACE);
    want_is(&alice, &other, &had_read, NFS4_OK);
    assert_int_equal(result(OP_WANT_DELEGATION)->opwant_delegation.delegation_type,
                     OPEN_DELEGATE_READ);
    want_is(&bob, &other, &had_read, NFS4_OK);
    want_is(&bob, &other, &had_write, NFS4ERR_RECLAIM_CONFLICT);
    lives_complete(&alice);
    want_is(&alice, &other, &had_read, NFS4ERR_NO_GRACE);
}

/* The reclaiming owner had the file open, whatever its mode is now; a new owner needs
 * permission. */
static void mode_changed(void **state)
{
    struct client_fh file;

    (void)state;
    if (geteuid() != 0)
        test_skip(TEST_NEEDS_CALLERS);
    alice.conn.cred = script_stranger();
    file = make_file(&alice, &lives_dir, "file");
    expect_status(client_file_setattr(&alice, &file, CLIENT_BITS(FATTR4_MODE),
                                      &(struct nfs4_attrs){.mode = 0}),
                  NFS4_OK);
    crash();
    come(&alice);
    alice.conn.cred = script_stranger();
    (void)reclaim(&alice, &file);
    alice.conn.cred.uid++;
    reclaim_fails(&alice, &file, NFS4ERR_ACCESS);
}

/* The right to reclaim survives a crash during the grace period, for clients that had reclaimed and
 * for others. */
static void second_crash(void **state)
{
    struct client_fh file = make_file(&alice, &lives_dir, "file");

    (void)state;
    crash();
    come(&alice);
    (void)reclaim(&alice, &file);
    lives_complete(&alice);
    crash();
    come(&alice);
    come(&bob);
    (void)reclaim(&alice, &file);
    (void)reclaim(&bob, &file);
    lives_complete(&alice);
    new_open_is(&alice, &file, NFS4ERR_GRACE);
    lives_complete(&bob);
    new_open_is(&alice, &file, NFS4_OK);
}

/* Waits for the end of a short grace period or lease. */
static struct stateid4 until_granted(struct client_mount *mount, const struct client_fh *fh,
                                     enum nfsstat4 until)
{
    for (int64_t end_ms = wait_now_ms() + WAIT_PATIENCE_MS; wait_now_ms() < end_ms;) {
        begin(mount, fh);
        op_open(mount, CLAIM_FH, OPEN4_SHARE_ACCESS_BOTH, OPEN4_SHARE_DENY_NONE);
        client_result_free(R);
        assert_int_equal(client_compound_call(&mount->conn, C, R), CLIENT_OK);
        if (R->status == NFS4_OK)
            return result(OP_OPEN)->opopen.stateid;
        if (R->status != NFS4ERR_DELAY)
            expect_status(R->status, until);
        wait_ms(100);
    }
    fail_msg("it is never granted");
    abort();
}

/* The second edge condition: alice reclaimed, but did not finish in time, and others went on. */
static void too_late(void **state)
{
    struct client_fh file = make_file(&alice, &lives_dir, "file");
    struct client_fh other = make_file(&alice, &lives_dir, "other");

    (void)state;
    crash();
    come_and_complete(&bob);
    come(&alice);
    (void)reclaim(&alice, &file);
    (void)until_granted(&bob, &other, NFS4ERR_GRACE);
    reclaim_fails(&alice, &other, NFS4ERR_NO_GRACE);
    new_open_is(&alice, &file, NFS4ERR_GRACE); /* her own RECLAIM_COMPLETE is missing */
    crash();
    come(&alice);
    reclaim_fails(&alice, &file, NFS4ERR_NO_GRACE);
    lives_complete(&alice);
    come(&bob);
    (void)reclaim(&bob, &other);
    lives_complete(&bob);
    new_open_is(&alice, &file, NFS4_OK);
    crash(); /* now both sides agree again */
    come(&alice);
    (void)reclaim(&alice, &file);
}

/* The first edge condition: alice's lease expired, and bob got her state. */
static void partitioned(void **state)
{
    struct client_fh file = make_file(&alice, &lives_dir, "file");
    struct stateid4 open;

    (void)state;
    open_is(&alice, &file, CLAIM_FH, OPEN4_SHARE_ACCESS_BOTH, OPEN4_SHARE_DENY_BOTH, NFS4_OK);
    new_open_is(&bob, &file, NFS4ERR_SHARE_DENIED);
    open = until_granted(&bob, &file, NFS4ERR_SHARE_DENIED);
    write_is(&bob, &file, &open, NFS4_OK);
    begin(&bob, &file);
    client_op_close(C, &open);
    run(NFS4_OK);
    crash();
    come(&bob);
    come(&alice);
    reclaim_fails(&alice, &file, NFS4ERR_NO_GRACE);
    (void)reclaim(&bob, &file);
    lives_complete(&bob); /* the server does not wait for alice */
    lives_complete(&alice);
    new_open_is(&alice, &file, NFS4_OK);
}

/* I/O that is refused in the grace period takes no state from any client, expired or not. */
static void refused_io(void **state)
{
    struct client_fh file = make_file(&alice, &lives_dir, "file");
    struct client_fh other = make_file(&alice, &lives_dir, "other");
    struct stateid4 open;

    (void)state;
    crash();
    come(&alice);
    open = reclaim_is(&alice, &file, OPEN4_SHARE_ACCESS_BOTH, OPEN4_SHARE_DENY_BOTH, NFS4_OK);
    wait_ms(2500); /* her lease expires */
    come(&bob);
    read_is(&bob, &file, &client_stateid_anonymous, NFS4ERR_GRACE);
    write_is(&alice, &file, &open, NFS4_OK);
    (void)reclaim(&alice, &other);
}

/* The reply to RECLAIM_COMPLETE is lost with its connection, then with the server. */
static void lost_reply(void **state)
{
    struct client_fh file = make_file(&alice, &lives_dir, "file");
    struct nfs_argop4 op = {.argop = OP_RECLAIM_COMPLETE};
    struct client_result first;
    struct client_conn conn;
    uint32_t xid;

    (void)state;
    crash();
    come(&bob);
    lives_complete(&bob);
    come(&alice);
    begin(&alice, NULL);
    client_compound_add(C, &op);
    script_connect(&conn);
    assert_int_equal(client_compound_send(&conn, C, &xid), CLIENT_OK);
    assert_int_equal(client_result_receive(&conn, xid, &first), CLIENT_OK);
    client_conn_abort(&conn);
    run(NFS4_OK);
    assert_int_equal(R->body.len, first.body.len);
    assert_memory_equal(R->body.data, first.body.data, first.body.len);
    client_result_free(&first);
    new_open_is(&alice, &file, NFS4_OK);

    crash();
    come(&bob);
    lives_complete(&bob);
    come(&alice);
    begin(&alice, NULL);
    client_compound_add(C, &op);
    assert_int_equal(client_compound_send(&alice.conn, C, &xid), CLIENT_OK);
    wait_ms(100);
    crash();
    come(&alice);
    (void)reclaim(&alice, &file);
    lives_complete(&alice);
}

enum {
    CROWD = 16
};

/* The server is killed while it records clients: every client that got an answer may reclaim. */
static void killed_while_recording(void **state)
{
    static struct client_mount crowd[CROWD];
    struct client_fh file = make_file(&alice, &lives_dir, "file");
    struct nfs_argop4 op = {.argop = OP_RECLAIM_COMPLETE};
    struct client_result answer;
    uint32_t xids[CROWD];
    bool answered[CROWD];
    char name[32];

    (void)state;
    for (int i = 0; i < CROWD; i++) {
        crowd[i].conn.fd = -1;
        (void)snprintf(name, sizeof(name), "client %d", i);
        lives_come(&crowd[i], name, 1);
    }
    for (int i = 0; i < CROWD; i++) {
        begin(&crowd[i], NULL);
        client_compound_add(C, &op);
        assert_int_equal(client_compound_send(&crowd[i].conn, C, &xids[i]), CLIENT_OK);
    }
    for (int i = 0; i < CROWD; i++) {
        if (i == 3)
            test_server_kill(&script_server);
        answered[i] = client_result_receive(&crowd[i].conn, xids[i], &answer) == CLIENT_OK;
        if (answered[i])
            expect_status(answer.status, NFS4_OK);
        client_result_free(&answer);
    }
    assert_true(answered[0] && answered[1] && answered[2]);
    assert_true(test_server_start(&script_server, NULL));
    for (int i = 0; i < CROWD; i++) {
        (void)snprintf(name, sizeof(name), "client %d", i);
        lives_come(&crowd[i], name, 1);
        if (answered[i])
            (void)reclaim(&crowd[i], &file);
        client_conn_close(&crowd[i].conn);
    }
}

/* After SIGTERM all clients may reclaim. */
static void ends_in_order(void **state)
{
    struct client_file file = make_open(&alice, &lives_dir, "file");

    (void)state;
    assert_true(test_server_stop(&script_server));
    assert_true(test_server_start(&script_server, NULL));
    come(&alice);
    (void)reclaim(&alice, &file.fh);
    read_is(&alice, &file.fh, &file.stateid, NFS4ERR_BAD_STATEID);
}

/* The server does not wait for a client that has left, nor for one that has rebooted. */
static void nobody_left(void **state)
{
    struct client_fh file = make_file(&alice, &lives_dir, "file");

    (void)state;
    client_mount_close(&alice);
    lives_come(&bob, "bob", 2);
    crash();
    come_and_complete(&carol);
    new_open_is(&carol, &file, NFS4_OK);
    come(&alice);
    reclaim_fails(&alice, &file, NFS4ERR_NO_GRACE);
}

/* A client leaves while the server waits for it. */
static void leaves_in_grace(void **state)
{
    struct client_fh file = make_file(&alice, &lives_dir, "file");

    (void)state;
    crash();
    come_and_complete(&bob);
    new_open_is(&bob, &file, NFS4ERR_GRACE);
    come(&alice);
    client_mount_close(&alice);
    new_open_is(&bob, &file, NFS4_OK);
}

/* A RAM file system has lost everything, so nothing can be reclaimed there. */
static void mem_is_gone(void **state)
{
    struct client_file file;
    struct client_fh mem;

    (void)state;
    expect_status(client_file_lookup(&alice, "/mem", &mem), NFS4_OK);
    file = make_open(&alice, &mem, "file");
    crash();
    come(&alice);
    begin(&alice, &file.fh);
    op_open(&alice, CLAIM_PREVIOUS, OPEN4_SHARE_ACCESS_BOTH, OPEN4_SHARE_DENY_NONE);
    run(NFS4ERR_STALE);
}

static uint64_t change_of(const struct client_fh *fh)
{
    return attrs_of(&alice, fh, CLIENT_BITS(FATTR4_CHANGE)).change;
}

/* SR-25: ids of the former life are unknown; verifiers differ; handles stay and change attributes
 * do not go back. */
static void what_stays(void **state)
{
    struct client_session_wish wish = client_session_wish_default("alice");
    struct client_file file = make_open(&alice, &lives_dir, "file");
    uint8_t verifier[NFS4_VERIFIER_SIZE];
    uint64_t change, dir_change;
    struct client_session old;
    enum nfsstat4 status;

    (void)state;
    assert_int_equal(alice.session.flags & CREATE_SESSION4_FLAG_PERSIST, 0);
    for (int i = 0; i < 10; i++)
        write_is(&alice, &file.fh, &file.stateid, NFS4_OK);
    begin(&alice, &file.fh);
    client_op_write(C, &file.stateid, 0, UNSTABLE4, "y", 1);
    run(NFS4_OK);
    memcpy(verifier, result(OP_WRITE)->opwrite.writeverf, sizeof(verifier));
    change = change_of(&file.fh);
    dir_change = change_of(&lives_dir);
    crash();

    client_conn_close(&alice.conn);
    script_connect(&alice.conn);
    begin(&alice, NULL);
    run(NFS4ERR_BADSESSION);
    old = alice.session;
    assert_int_equal(client_session_create(&alice.conn, &wish, &old, &status), CLIENT_OK);
    expect_status(status, NFS4ERR_STALE_CLIENTID);
    come(&alice);
    read_is(&alice, &file.fh, &file.stateid, NFS4ERR_BAD_STATEID);
    assert_true(change_of(&file.fh) >= change);
    assert_true(change_of(&lives_dir) >= dir_change);
    begin(&alice, &file.fh);
    client_op_commit(C, 0, 0);
    run(NFS4_OK);
    assert_memory_not_equal(result(OP_COMMIT)->opcommit.writeverf, verifier, sizeof(verifier));
}

static void say(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void says(const char *path, const char *text)
{
    char line[256] = "";
    FILE *file = fopen(path, "r");

    assert_non_null(file);
    while (!strstr(line, text))
        assert_non_null(fgets(line, sizeof(line), file));
    (void)fclose(file);
}

/* The server does not start with a damaged file of the state directory, and leaves it as it is. */
static void refuses_damaged(const char *name, const char *why)
{
    static const char junk[] = "nothing at all, and longer than the name of SQLite's format";
    char path[128], moved[128];

    (void)snprintf(path, sizeof(path), "%s/%s", script_server.state, name);
    (void)snprintf(moved, sizeof(moved), "%s/moved", script_server.state);
    assert_int_equal(rename(path, moved), 0);
    say(path, junk);
    assert_false(test_server_start(&script_server, NULL));
    says(script_server.log, why);
    says(path, junk);
    assert_int_equal(rename(moved, path), 0);
}

static void damaged(void **state)
{
    (void)state;
    assert_true(test_server_stop(&script_server));
    refuses_damaged("recovery.db", "recovery.db: file is not a database");
    assert_true(test_server_start(&script_server, NULL));
    come(&alice);
    new_open_is(&alice, &lives_dir, NFS4ERR_GRACE);
}

#define TEST(start, f) cmocka_unit_test_setup_teardown(f, start, lives_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(start_long, comes_back),
        TEST(start_long, others_wait),
        TEST(start_long, names_and_attributes_wait),
        TEST(start_long, conflicts),
        TEST(start_long, wrong_reclaims),
        TEST(start_long, delegations),
        TEST(start_long, delegation_alone),
        TEST(start_long, mode_changed),
        TEST(start_long, second_crash),
        TEST(start_short, too_late),
        TEST(start_expiring, partitioned),
        TEST(start_long, lost_reply),
        TEST(start_long, killed_while_recording),
        TEST(start_long, ends_in_order),
        TEST(start_long, nobody_left),
        TEST(start_long, leaves_in_grace),
        TEST(start_long, mem_is_gone),
        TEST(start_long, what_stays),
        TEST(start_long, damaged),
        TEST(start_long, none_waits),
        TEST(start_expiring, refused_io),
    };

    return test_group_run(tests);
}
