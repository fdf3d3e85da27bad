/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Minor version 0: requests ordered by owners' seqids. The owner does nothing until the retry has
 * come, so another client or owner interferes.
 */
#include <string.h>

#include "client/client_seqid.h"
#include "lost.h"

static struct client_owner fresh, locker;
static struct stateid4 opened, lock, other_lock;
static struct client_file other;

static const struct client_lock first_bytes = {.type = WRITE_LT, .length = 10},
                                more_bytes = {.type = WRITE_LT, .offset = 100, .length = 10};

/* A new owner each time. */
static void owner_new(struct client_owner *owner)
{
    static unsigned count;
    char name[32];

    (void)snprintf(name, sizeof(name), "lost %u", count++);
    client_owner_init(owner, alice.id.clientid, name);
}

static void op_open(struct client_owner *owner, const char *name, uint32_t access, bool create,
                    enum createmode4 how)
{
    client_owner_open(C, owner,
                      &(struct client_open){.access = access,
                                            .name = name,
                                            .create = create,
                                            .how = how,
                                            .verifier = {1, 2, 3, 4, 5, 6, 7, 8},
                                            .mode = 0600});
}

/* ---- OPEN ---- */

static void create(enum createmode4 how)
{
    begin(&alice, &lost_dir);
    op_open(lost_file.owner, "new", OPEN4_SHARE_ACCESS_BOTH, true, how);
}

static void create_unchecked(void)
{
    create(UNCHECKED4);
}

static void create_guarded(void)
{
    create(GUARDED4);
}

static void create_exclusive(void)
{
    create(EXCLUSIVE4);
}

/* It was opened once: one CLOSE ends it. */
static void close_by(struct client_owner *owner, const struct client_fh *fh,
                     const struct stateid4 *stateid)
{
    begin(&alice, fh);
    client_owner_close(C, owner, stateid);
    run(NFS4_OK);
    begin(&alice, fh);
    client_owner_close(C, owner, stateid);
    run(NFS4ERR_BAD_STATEID);
}

static void created_once(void)
{
    struct stateid4 stateid = result(OP_OPEN)->opopen.stateid;
    struct client_fh fh = result_fh();

    lost_expect_name("new", false);
    close_by(lost_file.owner, &fh, &stateid);
}

static void create_by_new_owner(void)
{
    owner_new(&fresh);
    begin(&alice, &lost_dir);
    op_open(&fresh, "new", OPEN4_SHARE_ACCESS_BOTH, true, GUARDED4);
}

static void created_and_confirmed(void)
{
    struct stateid4 stateid = result(OP_OPEN)->opopen.stateid;
    struct client_fh fh = result_fh();

    assert_true(result(OP_OPEN)->opopen.rflags & OPEN4_RESULT_CONFIRM);
    lost_expect_name("new", false);
    begin(&alice, &fh);
    client_owner_open_confirm(C, &fresh, &stateid);
    run(NFS4_OK);
    stateid = result(OP_OPEN_CONFIRM)->opopen_confirm.open_stateid;
    close_by(&fresh, &fh, &stateid);
}

/* OPEN of an existing file: it is written to before the retry arrives, which must not truncate
 * it. */
static void truncate_there(void)
{
    begin(&alice, &lost_dir);
    lost_op_truncate(lost_file.owner->seqid,
                     (struct state_owner4){alice.id.clientid, client_text(lost_file.owner->name)});
}

static void not_truncated(void)
{
    lost_file.owner->seqid = client_owner_next(lost_file.owner->seqid);
    assert_int_equal(attrs_of(&bob, &lost_file.fh, CLIENT_BITS(FATTR4_SIZE)).size, 5);
}

static void upgrade(void)
{
    begin(&alice, &lost_dir);
    op_open(lost_file.owner, "there", OPEN4_SHARE_ACCESS_READ, false, UNCHECKED4);
}

static void upgraded_once(void)
{
    struct stateid4 stateid = result(OP_OPEN)->opopen.stateid;

    assert_int_equal(stateid.seqid, lost_file.stateid.seqid + 1);
    close_by(lost_file.owner, &lost_file.fh, &stateid);
}

/* A failure counts in the owner's sequence, and is replayed like any reply. */
static void open_missing(void)
{
    begin(&alice, &lost_dir);
    op_open(lost_file.owner, "new", OPEN4_SHARE_ACCESS_READ, false, UNCHECKED4);
}

static void new_made(void)
{
    make_file(&bob, &lost_dir, "new");
}

static void sequence_went_on(void)
{
    close_by(lost_file.owner, &lost_file.fh, &lost_file.stateid);
}

/* ---- OPEN_CONFIRM, OPEN_DOWNGRADE, CLOSE ---- */

static void open_unconfirmed(void)
{
    owner_new(&fresh);
    begin(&alice, &lost_dir);
    op_open(&fresh, "there", OPEN4_SHARE_ACCESS_READ, false, UNCHECKED4);
    run(NFS4_OK);
    opened = result(OP_OPEN)->opopen.stateid;
}

static void confirm(void)
{
    begin(&alice, &lost_file.fh);
    client_owner_open_confirm(C, &fresh, &opened);
}

static void confirmed_once(void)
{
    struct stateid4 stateid = result(OP_OPEN_CONFIRM)->opopen_confirm.open_stateid;

    assert_int_equal(stateid.seqid, opened.seqid + 1);
    close_by(&fresh, &lost_file.fh, &stateid);
}

static void open_twice(void)
{
    upgrade();
    run(NFS4_OK);
    opened = result(OP_OPEN)->opopen.stateid;
}

static void downgrade(void)
{
    begin(&alice, &lost_file.fh);
    client_owner_open_downgrade(C, lost_file.owner, &opened, OPEN4_SHARE_ACCESS_READ,
                                OPEN4_SHARE_DENY_NONE);
}

static void downgraded_once(void)
{
    struct stateid4 stateid = result(OP_OPEN_DOWNGRADE)->opopen_downgrade.open_stateid;

    assert_int_equal(stateid.seqid, opened.seqid + 1);
    begin(&alice, &lost_file.fh);
    client_op_write(C, &stateid, 0, UNSTABLE4, "x", 1);
    run(NFS4ERR_OPENMODE);
    close_by(lost_file.owner, &lost_file.fh, &stateid);
}

static void close_there(void)
{
    begin(&alice, &lost_file.fh);
    client_owner_close(C, lost_file.owner, &lost_file.stateid);
}

/* By another owner, whose open the retry must leave alone. */
static void open_again(void)
{
    struct client_open how = {
        .owner = "second", .access = OPEN4_SHARE_ACCESS_BOTH, .name = "there"};

    expect_status(client_file_open(&alice, &lost_dir, &how, &other), NFS4_OK);
}

static void still_open(void)
{
    close_by(other.owner, &other.fh, &other.stateid);
}

/* ---- LOCK, LOCKU ---- */

/* Has alice locked these bytes? */
static void expect_lock(const struct client_lock *range, bool there)
{
    struct client_owner *owner = client_mount_owner(&bob, "tester");

    begin(&bob, &lost_file.fh);
    client_owner_lock_test(C, owner, range);
    run(there ? NFS4ERR_DENIED : NFS4_OK);
}

static void lock_first(void)
{
    owner_new(&locker);
    begin(&alice, &lost_file.fh);
    client_owner_lock_first(C, lost_file.owner, &lost_file.stateid, &locker, &first_bytes);
}

static void locked_once(void)
{
    struct stateid4 stateid = result(OP_LOCK)->oplock.lock_stateid;

    assert_int_equal(stateid.seqid, 1);
    expect_lock(&first_bytes, true);
    begin(&alice, &lost_file.fh);
    client_owner_unlock(C, &locker, &stateid, &first_bytes);
    run(NFS4_OK);
    expect_lock(&first_bytes, false);
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
    client_owner_lock(C, &locker, &lock, &more_bytes);
}

static void locked_more_once(void)
{
    struct stateid4 stateid = result(OP_LOCK)->oplock.lock_stateid;

    assert_int_equal(stateid.seqid, lock.seqid + 1);
    expect_lock(&more_bytes, true);
    begin(&alice, &lost_file.fh);
    client_owner_unlock(C, &locker, &stateid, &more_bytes);
    run(NFS4_OK);
    assert_int_equal(result(OP_LOCKU)->oplocku.lock_stateid.seqid, lock.seqid + 2);
}

static void lock_by_bob(void)
{
    expect_status(client_file_open_rw(&bob, &lost_dir, "there", &other), NFS4_OK);
    begin(&bob, &lost_file.fh);
    client_owner_lock_first(C, other.owner, &other.stateid, client_mount_owner(&bob, "locker"),
                            &first_bytes);
    run(NFS4_OK);
    other_lock = result(OP_LOCK)->oplock.lock_stateid;
}

static void unlock_by_bob(void)
{
    begin(&bob, &lost_file.fh);
    client_owner_unlock(C, client_mount_owner(&bob, "locker"), &other_lock, &first_bytes);
    run(NFS4_OK);
}

/* The range is free when the retry arrives: it is denied all the same. */
static void not_locked(void)
{
    expect_lock(&first_bytes, false);
}

static void unlock(void)
{
    begin(&alice, &lost_file.fh);
    client_owner_unlock(C, &locker, &lock, &first_bytes);
}

static void unlocked_once(void)
{
    assert_int_equal(result(OP_LOCKU)->oplocku.lock_stateid.seqid, lock.seqid + 1);
    unlock_by_bob();
}

static const struct lost rows[] = {
    {"OPEN UNCHECKED4", NULL, create_unchecked, lost_new_moved, created_once, NFS4_OK, false},
    {"OPEN GUARDED4", NULL, create_guarded, lost_new_moved, created_once, NFS4_OK, false},
    {"OPEN EXCLUSIVE4", NULL, create_exclusive, lost_new_moved, created_once, NFS4_OK, false},
    {"OPEN by a new owner", NULL, create_by_new_owner, lost_new_moved, created_and_confirmed,
     NFS4_OK, false},
    {"OPEN that truncates", NULL, truncate_there, lost_write_by_bob, not_truncated, NFS4_OK, false},
    {"OPEN of what is open", NULL, upgrade, NULL, upgraded_once, NFS4_OK, false},
    {"OPEN of what is not there", NULL, open_missing, new_made, sequence_went_on, NFS4ERR_NOENT,
     false},
    {"OPEN_CONFIRM", open_unconfirmed, confirm, open_again, confirmed_once, NFS4_OK, false},
    {"OPEN_DOWNGRADE", open_twice, downgrade, open_again, downgraded_once, NFS4_OK, false},
    {"CLOSE", NULL, close_there, open_again, still_open, NFS4_OK, false},
    {"LOCK by a new owner", NULL, lock_first, NULL, locked_once, NFS4_OK, false},
    {"LOCK by a known owner", lock_now, lock_more, NULL, locked_more_once, NFS4_OK, false},
    {"LOCK that is denied", lock_by_bob, lock_first, unlock_by_bob, not_locked, NFS4ERR_DENIED,
     false},
    {"LOCKU", lock_now, unlock, lock_by_bob, unlocked_once, NFS4_OK, false},
};

const struct lost_table lost_owners_v40 = {rows, ARRAY_SIZE(rows), true};
