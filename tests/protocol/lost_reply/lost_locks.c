/* SPDX-License-Identifier: Apache-2.0 */
/* LOCK, LOCKU, FREE_STATEID. */
#include "lost.h"

static struct stateid4 lock, other;

static void op_lock_new(void)
{
    client_op_lock_new(C, &lost_file.stateid, alice.session.clientid, "locker", WRITE_LT, 0, 10);
}

static void op_lock(uint64_t offset)
{
    struct LOCK4args args = {.locktype = WRITE_LT, .offset = offset, .length = 10};

    args.locker.lock_owner.lock_stateid = lock;
    args.locker.lock_owner.lock_stateid.seqid = 0;
    client_compound_add(C, &(struct nfs_argop4){.argop = OP_LOCK, .oplock = args});
}

static void op_unlock(const struct stateid4 *stateid, uint64_t length)
{
    client_compound_add(C, &(struct nfs_argop4){
                               .argop = OP_LOCKU,
                               .oplocku = {WRITE_LT, 0, *stateid, 0, length},
                           });
}

/* Has alice locked these bytes? */
static void expect_lock(uint64_t offset, bool there)
{
    struct LOCKT4args args = {.locktype = WRITE_LT,
                              .offset = offset,
                              .length = 10,
                              .owner = {bob.session.clientid, client_text("bob")}};

    begin(&bob, &lost_file.fh);
    client_compound_add(C, &(struct nfs_argop4){.argop = OP_LOCKT, .oplockt = args});
    run(there ? NFS4ERR_DENIED : NFS4_OK);
}

static void lock_first(void)
{
    begin(&alice, &lost_file.fh);
    op_lock_new();
}

static void unlock_meanwhile(void)
{
    other = lost_result(OP_LOCK)->oplock.lock_stateid;
    other.seqid = 0;
    lost_meanwhile(&lost_file.fh);
    op_unlock(&other, NFS4_UINT64_MAX);
    run(NFS4_OK);
}

static void not_locked_anew(void)
{
    assert_int_equal(result(OP_LOCK)->oplock.lock_stateid.seqid, 1);
    expect_lock(0, false);
}

static void lock_now(void)
{
    lock_first();
    run(NFS4_OK);
    lock = result(OP_LOCK)->oplock.lock_stateid;
}

static void lock_more(void)
{
    begin(&alice, &lost_file.fh);
    op_lock(100);
}

static void not_locked_more(void)
{
    assert_int_equal(result(OP_LOCK)->oplock.lock_stateid.seqid, 2);
    expect_lock(100, false);
}

/* With seqid 0 a second execution would succeed like the first. */
static void unlock(void)
{
    struct stateid4 latest = lock;

    latest.seqid = 0;
    begin(&alice, &lost_file.fh);
    op_unlock(&latest, 10);
}

/* Locked again before the retry arrives, which must not unlock that. */
static void lock_again(void)
{
    lost_meanwhile(&lost_file.fh);
    op_lock(0);
    run(NFS4_OK);
}

static void still_locked(void)
{
    expect_lock(0, true);
}

static void lock_by_bob(void)
{
    struct client_file file;

    expect_status(client_file_open_rw(&bob, &lost_dir, "there", &file), NFS4_OK);
    begin(&bob, &lost_file.fh);
    client_op_lock_new(C, &file.stateid, bob.session.clientid, "bob", WRITE_LT, 0, 10);
    run(NFS4_OK);
    other = result(OP_LOCK)->oplock.lock_stateid;
}

/* The range is free when the retry arrives: it is denied all the same. */
static void unlock_by_bob(void)
{
    begin(&bob, &lost_file.fh);
    op_unlock(&other, 10);
    run(NFS4_OK);
}

static void not_locked(void)
{
    expect_lock(0, false);
}

static void lock_and_unlock(void)
{
    lock_now();
    begin(&alice, &lost_file.fh);
    op_unlock(&lock, 10);
    run(NFS4_OK);
    lock = result(OP_LOCKU)->oplocku.lock_stateid;
}

static void free_lock(void)
{
    begin(&alice, &lost_file.fh);
    client_compound_add(C,
                        &(struct nfs_argop4){.argop = OP_FREE_STATEID, .opfree_stateid = {lock}});
}

static void lock_new_again(void)
{
    lost_meanwhile(&lost_file.fh);
    op_lock_new();
    run(NFS4_OK);
}

static const struct lost rows[] = {
    {"LOCK by a new owner", NULL, lock_first, unlock_meanwhile, not_locked_anew, NFS4_OK, false},
    {"LOCK by a known owner", lock_now, lock_more, unlock_meanwhile, not_locked_more, NFS4_OK,
     false},
    {"LOCK that is denied", lock_by_bob, lock_first, unlock_by_bob, not_locked, NFS4ERR_DENIED,
     false},
    {"LOCKU", lock_now, unlock, lock_again, still_locked, NFS4_OK, false},
    {"FREE_STATEID", lock_and_unlock, free_lock, lock_new_again, still_locked, NFS4_OK, false},
};

const struct lost_table lost_locks = LOST_TABLE(rows);
