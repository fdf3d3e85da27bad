/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Minor version 0: SETCLIENTID, SETCLIENTID_CONFIRM (RFC 7530 §16.33.5 has the duplicate request
 * cache answer their retries) and RELEASE_LOCKOWNER.
 */
#include <string.h>

#include "lost.h"

static struct client_id_wish wish;
static struct client_id first, second;
static struct client_owner locker;
static struct stateid4 lock;

static const struct client_lock bytes = {.type = WRITE_LT, .length = 10};

static void set_new(void)
{
    wish = client_id_wish_default(NULL);
    begin(&alice, &lost_dir);
    client_id_op_set(C, &wish);
}

/* The result of SETCLIENTID. */
static struct client_id granted(const struct nfs_resop4 *result)
{
    struct client_id id = {.clientid = result->opsetclientid.clientid};

    memcpy(id.confirm, result->opsetclientid.setclientid_confirm, sizeof(id.confirm));
    return id;
}

static void confirm(struct client_id *id, enum nfsstat4 expected)
{
    enum nfsstat4 status;

    assert_int_equal(client_id_confirm(&bob.conn, id, &status), CLIENT_OK);
    expect_status(status, expected);
}

static void renew(struct client_id *id, enum nfsstat4 expected)
{
    enum nfsstat4 status;

    assert_int_equal(client_id_renew(&bob.conn, id, &status), CLIENT_OK);
    expect_status(status, expected);
}

/* Before the retry arrives, the same client registers again. */
static void started_anew(void)
{
    enum nfsstat4 status;

    wish.verifier[0]++;
    assert_int_equal(client_id_open(&bob.conn, &wish, &second, &status), CLIENT_OK);
    expect_status(status, NFS4_OK);
}

/* The late retry has left no trace: its client id can't be confirmed, and the confirmed one
 * stays. */
static void not_set_anew(void)
{
    first = granted(result(OP_SETCLIENTID));
    confirm(&first, NFS4ERR_STALE_CLIENTID);
    renew(&second, NFS4_OK);
}

static void can_be_confirmed(void)
{
    first = granted(result(OP_SETCLIENTID));
    confirm(&first, NFS4_OK);
    renew(&first, NFS4_OK);
}

static void set_now(void)
{
    set_new();
    run(NFS4_OK);
    first = granted(result(OP_SETCLIENTID));
}

static void confirm_first(void)
{
    begin(&alice, &lost_dir);
    client_id_op_confirm(C, &first);
}

static void second_stands(void)
{
    renew(&second, NFS4_OK);
    renew(&first, NFS4ERR_STALE_CLIENTID);
}

static void lock_and_unlock(void)
{
    begin(&alice, &lost_file.fh);
    client_owner_lock_first(C, lost_file.owner, &lost_file.stateid, &locker, &bytes);
    run(NFS4_OK);
    lock = result(OP_LOCK)->oplock.lock_stateid;
    begin(&alice, &lost_file.fh);
    client_owner_unlock(C, &locker, &lock, &bytes);
    run(NFS4_OK);
    lock = result(OP_LOCKU)->oplocku.lock_stateid;
}

static void locker_used(void)
{
    static unsigned count;
    char name[32];

    (void)snprintf(name, sizeof(name), "released %u", count++);
    client_owner_init(&locker, alice.id.clientid, name);
    lock_and_unlock();
}

static void release(void)
{
    begin(&alice, &lost_file.fh);
    client_owner_release(C, &locker);
}

static void locker_used_again(void)
{
    locker.seqid = 1; /* a new owner */
    lock_and_unlock();
}

static void not_released_anew(void)
{
    begin(&alice, &lost_file.fh);
    client_owner_lock(C, &locker, &lock, &bytes);
    run(NFS4_OK);
}

/* The lock may be released before the retry, which still gets the first reply. */
static void lock_held(void)
{
    locker_used();
    not_released_anew();
    lock = result(OP_LOCK)->oplock.lock_stateid;
}

static void lock_not_held(void)
{
    begin(&alice, &lost_file.fh);
    client_owner_unlock(C, &locker, &lock, &bytes);
    run(NFS4_OK);
    lock = result(OP_LOCKU)->oplocku.lock_stateid;
}

static const struct lost rows[] = {
    {"SETCLIENTID", NULL, set_new, NULL, can_be_confirmed, NFS4_OK, false},
    {"SETCLIENTID that comes late", NULL, set_new, started_anew, not_set_anew, NFS4_OK, false},
    {"SETCLIENTID_CONFIRM", set_now, confirm_first, started_anew, second_stands, NFS4_OK, false},
    {"RELEASE_LOCKOWNER", locker_used, release, locker_used_again, not_released_anew, NFS4_OK,
     false},
    {"RELEASE_LOCKOWNER of one with locks", lock_held, release, lock_not_held, not_released_anew,
     NFS4ERR_LOCKS_HELD, false},
};

const struct lost_table lost_clients_v40 = LOST_TABLE(rows);
