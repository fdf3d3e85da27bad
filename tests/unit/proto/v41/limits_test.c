/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a client is told when a table is full, or when the rest of it is reserved for other clients.
 * The test sets the counters of its owners and locks to the limit: filling them takes a million
 * locks.
 */
#include <string.h>

#include "base/limits.h"
#include "lib/test.h"
#include "state/client/client.h"
#include "state/file/owner.h"
#include "v41_fixture.h"

static struct v41_call call;
static struct v41_session session;
static const struct nfs_resop4 *last;

static struct wire_opaque text(const char *string)
{
    return (struct wire_opaque){(const uint8_t *)string, (uint32_t)strlen(string)};
}

static void put(struct nfs_argop4 *op)
{
    v41_put(&call, op);
}

static enum nfsstat4 run(void)
{
    last = v41_last(&call);
    return last->status;
}

static void begin_at_file(const char *name)
{
    v41_begin_in(&call, &session, false);
    v41_op(&call, OP_PUTROOTFH);
    if (name)
        v41_op_lookup(&call, name);
}

static enum nfsstat4 open_file(const char *owner, struct stateid4 *stateid)
{
    enum nfsstat4 status;

    begin_at_file(NULL);
    put(&(struct nfs_argop4){
        .argop = OP_OPEN,
        .opopen = {.share_access = OPEN4_SHARE_ACCESS_BOTH,
                   .owner = {.clientid = session.clientid, .owner = text(owner)},
                   .openhow = {.opentype = OPEN4_CREATE, .how = {.mode = UNCHECKED4}},
                   .claim = {.claim = CLAIM_NULL, .file = text("file")}}});
    status = run();
    if (status == NFS4_OK)
        *stateid = last->opopen.stateid;
    return status;
}

static enum nfsstat4 lock_new(const struct stateid4 *open, const char *owner)
{
    begin_at_file("file");
    put(&(struct nfs_argop4){
        .argop = OP_LOCK,
        .oplock = {.locktype = WRITE_LT,
                   .length = 10,
                   .locker = {.new_lock_owner = true,
                              .open_owner = {.open_stateid = *open,
                                             .lock_owner = {session.clientid, text(owner)}}}}});
    return run();
}

static enum nfsstat4 unlock_middle(const struct stateid4 *lock)
{
    begin_at_file("file");
    put(&(struct nfs_argop4){
        .argop = OP_LOCKU,
        .oplocku = {.locktype = WRITE_LT, .lock_stateid = *lock, .offset = 5, .length = 1}});
    return run();
}

/* The client of the session, and its owners. */
static struct client *client;
static struct owner_table *owners;

static int set_up(void **unused)
{
    v41_set_up(unused);
    v41_session_make(v41_fd, "client", NULL, &session);
    v41_begin_in(&call, &session, false);
    put(&(struct nfs_argop4){.argop = OP_RECLAIM_COMPLETE});
    assert_int_equal(run(), NFS4_OK);
    client = client_lookup(test_server.state, session.clientid);
    assert_non_null(client);
    owners = owner_table_of(client);
    return 0;
}

static int tear_down(void **unused)
{
    client_put(client);
    return v41_tear_down(unused);
}

static void owners_full(void **unused)
{
    struct stateid4 open;

    (void)unused;
    assert_int_equal(open_file("first", &open), NFS4_OK);
    owners->count[OWNER_OPEN] += LIMIT_OWNERS_PER_CLIENT;
    owners->count[OWNER_LOCK] += LIMIT_OWNERS_PER_CLIENT;
    assert_int_equal(open_file("second", &open), NFS4ERR_DELAY);
    assert_int_equal(open_file("first", &open), NFS4_OK);
    assert_int_equal(lock_new(&open, "locker"), NFS4ERR_DELAY);
    owners->count[OWNER_OPEN] -= LIMIT_OWNERS_PER_CLIENT;
    owners->count[OWNER_LOCK] -= LIMIT_OWNERS_PER_CLIENT;
    assert_int_equal(open_file("second", &open), NFS4_OK);
    assert_int_equal(lock_new(&open, "locker"), NFS4_OK);
}

static enum nfsstat4 look(const char *name)
{
    begin_at_file(name);
    return run();
}

/* A refused OPEN leaves no file. */
static void nothing_is_made(void **unused)
{
    struct stateid4 open;

    (void)unused;
    owners->count[OWNER_OPEN] += LIMIT_OWNERS_PER_CLIENT;
    assert_int_equal(open_file("owner", &open), NFS4ERR_DELAY);
    assert_int_equal(look("file"), NFS4ERR_NOENT);
    owners->count[OWNER_OPEN] -= LIMIT_OWNERS_PER_CLIENT;
    owners->revoked_opens += LIMIT_OPENS_PER_CLIENT;
    assert_int_equal(open_file("owner", &open), NFS4ERR_DELAY);
    assert_int_equal(look("file"), NFS4ERR_NOENT);
    owners->revoked_opens -= LIMIT_OPENS_PER_CLIENT;
    assert_int_equal(open_file("owner", &open), NFS4_OK);
    assert_int_equal(look("file"), NFS4_OK);
}

/* Unlocking in the middle makes two locks of one. */
static void locks_full(void **unused)
{
    struct stateid4 open, lock;

    (void)unused;
    assert_int_equal(open_file("owner", &open), NFS4_OK);
    assert_int_equal(lock_new(&open, "locker"), NFS4_OK);
    lock = last->oplock.lock_stateid;
    atomic_fetch_add(&owners->lock_count, LIMIT_LOCKS_PER_CLIENT);
    assert_int_equal(unlock_middle(&lock), NFS4ERR_DELAY);
    assert_int_equal(lock_new(&open, "another"), NFS4ERR_DENIED);
    atomic_fetch_sub(&owners->lock_count, LIMIT_LOCKS_PER_CLIENT);
    assert_int_equal(unlock_middle(&lock), NFS4_OK);
}

static enum nfsstat4 exchange_id(const char *owner)
{
    v41_begin(&call);
    v41_args_exchange_id(v41_op(&call, OP_EXCHANGE_ID), owner);
    return run();
}

static int set_up_small(void **unused)
{
    v41_clients_max = 1;
    return set_up(unused);
}

static int tear_down_small(void **unused)
{
    v41_clients_max = 0;
    return tear_down(unused);
}

/* The only client that fits is there, and alive. */
static void clients_full(void **unused)
{
    (void)unused;
    assert_int_equal(exchange_id("second"), NFS4ERR_DELAY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(owners_full, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nothing_is_made, set_up, tear_down),
        cmocka_unit_test_setup_teardown(locks_full, set_up, tear_down),
        cmocka_unit_test_setup_teardown(clients_full, set_up_small, tear_down_small),
    };

    return test_group_run(tests);
}
