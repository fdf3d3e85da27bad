/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Clients of both minor versions beside each other (P-06, SR-29): with the same owner string they
 * are still two clients; no id of one minor version is valid in the other; and on open and locked
 * files they conflict like any two clients. Alice uses 4.1, bob 4.0.
 */
#include <pthread.h>
#include <string.h>

#include "script.h"
#include "wire/op_table.h"

#define TURNS 200u

static struct client_fh dir;

/* Register as `owner`, as a new incarnation. */
static void come(struct client_mount *mount, uint32_t minor, const char *owner, uint8_t life)
{
    struct client_session_wish exchange = client_session_wish_default(owner);
    struct client_id_wish set = client_id_wish_default(owner);
    struct client_cred cred = script_cred();

    memset(exchange.verifier, life, sizeof(exchange.verifier));
    memset(set.verifier, life, sizeof(set.verifier));
    expect_status(
        minor == 0
            ? client_mount_open_v40(mount, script_server.target, SCRIPT_TIMEOUT_MS, &cred, &set)
            : client_mount_open(mount, script_server.target, SCRIPT_TIMEOUT_MS, &cred, &exchange),
        NFS4_OK);
}

/* Register again in the same incarnation: the client id stays. */
static void come_again(struct client_mount *mount, uint32_t minor, const char *owner, uint8_t life)
{
    struct client_session_wish exchange = client_session_wish_default(owner);
    struct client_id_wish set = client_id_wish_default(owner);
    struct client_session session = {0};
    struct client_id id = {0};
    enum nfsstat4 status;

    memset(exchange.verifier, life, sizeof(exchange.verifier));
    memset(set.verifier, life, sizeof(set.verifier));
    if (minor == 0)
        assert_int_equal(client_id_open(&mount->conn, &set, &id, &status), CLIENT_OK);
    else
        assert_int_equal(client_session_exchange_id(&mount->conn, &exchange, &session, &status),
                         CLIENT_OK);
    expect_status(status, NFS4_OK);
    assert_true((minor == 0 ? id.clientid : session.clientid) == client_mount_clientid(mount));
}

/* P-06: the same owner string in both. A restart of one ends its own old state, and none of the
 * other's. */
static void same_name(const char *export, uint32_t first)
{
    const uint32_t second = 1 - first;
    char name[32];
    struct client_mount twins[2], reborn[2];
    struct client_file files[2], file;

    dir = script_dir(export);
    (void)snprintf(name, sizeof(name), "twin %u of %s", first, export);
    come(&twins[first], first, name, 1);
    files[first] = make_open(&twins[first], &dir, first ? "1" : "0");
    come(&twins[second], second, name, 1);
    files[second] = make_open(&twins[second], &dir, second ? "1" : "0");
    assert_true(client_mount_clientid(&twins[0]) != client_mount_clientid(&twins[1]));
    for (uint32_t minor = 0; minor < 2; minor++)
        script_read_is(&twins[minor], &files[minor], NFS4_OK);
    for (uint32_t minor = 0; minor < 2; minor++) {
        come_again(&twins[minor], minor, name, 1);
        script_read_is(&twins[0], &files[0], NFS4_OK);
        script_read_is(&twins[1], &files[1], NFS4_OK);
    }
    come(&reborn[first], first, name, 2);
    script_read_is(&twins[second], &files[second], NFS4_OK);
    file = make_open(&reborn[first], &dir, "again");
    come(&reborn[second], second, name, 2);
    script_read_is(&reborn[first], &file, NFS4_OK);
    for (uint32_t minor = 0; minor < 2; minor++) {
        client_conn_close(&twins[minor].conn);
        client_conn_close(&reborn[minor].conn);
    }
}

static void v40_first(void **state)
{
    same_name(*state, 0);
}

static void v41_first(void **state)
{
    same_name(*state, 1);
}

/* One client's thread: a new incarnation each turn, which must get a client id and be able to use
 * it. */
struct thread {
    uint32_t minor;
    uint32_t turns; /* successful ones */
    uint64_t clientid;
};

static bool turn_v40(struct client_conn *conn, uint8_t life, struct thread *thread)
{
    struct client_id_wish wish = client_id_wish_default("both at once");
    struct client_id id;
    enum nfsstat4 status;

    memset(wish.verifier, life, sizeof(wish.verifier));
    if (client_id_open(conn, &wish, &id, &status) != CLIENT_OK || status != NFS4_OK)
        return false;
    thread->clientid = id.clientid;
    return client_id_renew(conn, &id, &status) == CLIENT_OK && status == NFS4_OK;
}

static bool turn_v41(struct client_conn *conn, uint8_t life, struct thread *thread)
{
    struct client_session_wish wish = client_session_wish_default("both at once");
    struct client_session session;
    enum nfsstat4 status;

    memset(wish.verifier, life, sizeof(wish.verifier));
    if (client_session_open(conn, &wish, &session, &status) != CLIENT_OK || status != NFS4_OK)
        return false;
    thread->clientid = session.clientid;
    return client_session_renew(conn, &session, 0, &status) == CLIENT_OK && status == NFS4_OK;
}

static void *take_turns(void *arg)
{
    struct thread *thread = arg;
    struct client_conn conn;

    if (client_conn_open(&conn, script_server.target, SCRIPT_TIMEOUT_MS) != CLIENT_OK)
        return NULL;
    conn.cred = script_cred();
    while (thread->turns < TURNS &&
           (thread->minor == 0 ? turn_v40(&conn, (uint8_t)thread->turns, thread)
                               : turn_v41(&conn, (uint8_t)thread->turns, thread)))
        thread->turns++;
    client_conn_close(&conn);
    return NULL;
}

/* P-06: both restart at the same time. */
static void both_at_once(void **state)
{
    struct thread threads[2] = {{.minor = 0}, {.minor = 1}};
    pthread_t ids[2];

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
        assert_int_equal(pthread_create(&ids[i], NULL, take_turns, &threads[i]), 0);
    for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
        assert_int_equal(pthread_join(ids[i], NULL), 0);
    assert_int_equal(threads[0].turns, TURNS);
    assert_int_equal(threads[1].turns, TURNS);
    assert_true(threads[0].clientid != threads[1].clientid);
}

/* The last operation of C fails with `status`. */
static void expect_refused(uint32_t op, enum nfsstat4 status)
{
    const struct client_mount *mount = C->session ? &alice : &bob;

    client_result_free(R);
    assert_int_equal(client_compound_call(C->conn, C, R), CLIENT_OK);
    if (R->status != status || R->count != C->count || R->ops[R->count - 1].resop != op)
        fail_msg("%s in 4.%d: %s instead of %s", op_info(op)->name, mount->v40 ? 0 : 1,
                 status_name(R->status), status_name(status));
}

static void refused(struct client_mount *mount, const struct client_fh *fh, struct nfs_argop4 *op,
                    enum nfsstat4 status)
{
    begin(mount, fh);
    client_compound_add(C, op);
    expect_refused(op->argop, status);
}

/* SR-29: a client id of one minor version is unknown in the other. */
static void client_ids_do_not_cross(void **state)
{
    const uint64_t of_alice = alice.session.clientid, of_bob = bob.id.clientid;
    struct nfs_argop4 in_v40[] = {
        {.argop = OP_RENEW, .oprenew = {of_alice}},
        {.argop = OP_SETCLIENTID_CONFIRM, .opsetclientid_confirm = {.clientid = of_alice}},
        {.argop = OP_OPEN,
         .opopen = {.seqid = 1,
                    .share_access = OPEN4_SHARE_ACCESS_READ,
                    .owner = {of_alice, client_text("owner")},
                    .claim = {.claim = CLAIM_NULL, .file = client_text("file")}}},
        {.argop = OP_LOCKT,
         .oplockt = {.locktype = READ_LT, .length = 1, .owner = {of_alice, client_text("locker")}}},
        {.argop = OP_RELEASE_LOCKOWNER, .oprelease_lockowner = {{of_alice, client_text("locker")}}},
    };
    struct nfs_argop4 create = {.argop = OP_CREATE_SESSION,
                                .opcreate_session = {.csa_clientid = of_bob, .csa_sequence = 1}};
    struct nfs_argop4 destroy = {.argop = OP_DESTROY_CLIENTID, .opdestroy_clientid = {of_bob}};
    struct client_fh file;

    dir = script_dir(*state);
    file = make_file(&bob, &dir, "file");
    for (size_t i = 0; i < ARRAY_SIZE(in_v40); i++)
        refused(&bob, in_v40[i].argop == OP_LOCKT ? &file : &dir, &in_v40[i],
                NFS4ERR_STALE_CLIENTID);
    create.opcreate_session.csa_fore_chan_attrs = alice.session.fore;
    create.opcreate_session.csa_back_chan_attrs = alice.session.back;
    begin_bare(&alice, 1);
    client_compound_add(C, &create);
    run(NFS4ERR_STALE_CLIENTID);
    refused(&alice, NULL, &destroy, NFS4ERR_STALE_CLIENTID);
    /* Both clients are unaffected. */
    begin(&bob, NULL);
    client_id_op_renew(C, of_bob);
    run(NFS4_OK);
    begin(&alice, NULL);
    run(NFS4_OK);
}

struct held {
    struct client_file file;
    struct stateid4 lock;
};

static struct held hold(struct client_mount *mount, const char *name, uint64_t offset)
{
    const struct client_lock lock = {.type = WRITE_LT, .offset = offset, .length = 1};
    struct client_open how = {.owner = "file",
                              .access = OPEN4_SHARE_ACCESS_BOTH,
                              .name = name,
                              .create = true,
                              .mode = 0666};
    struct held held;

    expect_status(client_file_open(mount, &dir, &how, &held.file), NFS4_OK);
    begin(mount, &held.file.fh);
    if (held.file.owner)
        client_owner_lock_first(C, held.file.owner, &held.file.stateid,
                                client_mount_owner(mount, "locker"), &lock);
    else
        client_op_lock_new(C, &held.file.stateid, mount->session.clientid, "locker", lock.type,
                           lock.offset, lock.length);
    run(NFS4_OK);
    held.lock = result(OP_LOCK)->oplock.lock_stateid;
    return held;
}

/* Each operation that takes a stateid, with stateids of the other client. */
static void stateids_refused(struct client_mount *mount, const struct held *other)
{
    const struct stateid4 open = other->file.stateid, lock = other->lock;
    const struct state_owner4 locker = {client_mount_clientid(mount), client_text("another")};
    const struct client_owner *opener = client_mount_owner(mount, "file");
    const uint32_t seqid = opener ? opener->seqid : 0;
    struct nfs_argop4 ops[] = {
        {.argop = OP_READ, .opread = {open, 0, 1}},
        {.argop = OP_READ, .opread = {lock, 0, 1}},
        {.argop = OP_WRITE, .opwrite = {open, 0, UNSTABLE4, client_text("x")}},
        {.argop = OP_SETATTR,
         .opsetattr = {open, {CLIENT_BITS(FATTR4_SIZE), {(const uint8_t *)"\0\0\0\0\0\0\0\1", 8}}}},
        {.argop = OP_CLOSE, .opclose = {seqid, open}},
        {.argop = OP_OPEN_DOWNGRADE,
         .opopen_downgrade = {open, seqid, OPEN4_SHARE_ACCESS_BOTH, OPEN4_SHARE_DENY_NONE}},
        {.argop = OP_LOCK,
         .oplock = {.locktype = READ_LT,
                    .offset = 100,
                    .length = 1,
                    .locker = {.new_lock_owner = true, .open_owner = {seqid, open, 1, locker}}}},
        {.argop = OP_LOCK,
         .oplock = {.locktype = READ_LT,
                    .offset = 100,
                    .length = 1,
                    .locker = {.lock_owner = {lock, 1}}}},
        {.argop = OP_LOCKU,
         .oplocku = {.locktype = READ_LT, .seqid = 1, .lock_stateid = lock, .length = 1}},
        {.argop = OP_DELEGRETURN, .opdelegreturn = {open}},
    };

    for (size_t i = 0; i < ARRAY_SIZE(ops); i++)
        refused(mount, &other->file.fh, &ops[i], NFS4ERR_BAD_STATEID);
}

/* SR-29: the same for stateids. */
static void stateids_do_not_cross(void **state)
{
    struct held of_alice, of_bob;
    struct stateid4 tested[2];
    struct nfs_argop4 confirm = {.argop = OP_OPEN_CONFIRM},
                      test = {.argop = OP_TEST_STATEID, .optest_stateid = {tested, 2}},
                      free_it = {.argop = OP_FREE_STATEID};

    dir = script_dir(*state);
    of_alice = hold(&alice, "file", 0);
    of_bob = hold(&bob, "file", 1);
    stateids_refused(&bob, &of_alice);
    stateids_refused(&alice, &of_bob);
    confirm.opopen_confirm = (struct OPEN_CONFIRM4args){of_alice.file.stateid, 1};
    refused(&bob, &of_alice.file.fh, &confirm, NFS4ERR_BAD_STATEID);
    free_it.opfree_stateid.fsa_stateid = of_bob.lock;
    refused(&alice, NULL, &free_it, NFS4ERR_BAD_STATEID);
    tested[0] = of_bob.file.stateid;
    tested[1] = of_bob.lock;
    begin(&alice, NULL);
    client_compound_add(C, &test);
    run(NFS4_OK);
    for (uint32_t i = 0; i < 2; i++)
        expect_status(result(OP_TEST_STATEID)->optest_stateid.tsr_status_codes[i],
                      NFS4ERR_BAD_STATEID);
    /* In their own minor version they are still valid. */
    script_read_is(&alice, &of_alice.file, NFS4_OK);
    script_read_is(&bob, &of_bob.file, NFS4_OK);
    expect_status(client_file_close(&alice, &of_alice.file), NFS4_OK);
}

static void open_is(struct client_mount *mount, uint32_t access, uint32_t deny,
                    enum nfsstat4 status, struct client_file *file)
{
    struct client_open how = {.owner = "share", .access = access, .deny = deny, .name = "shared"};

    expect_status(client_file_open(mount, &dir, &how, file), status);
}

static void shares_meet(struct client_mount *one, struct client_mount *other)
{
    struct client_file file, none;

    open_is(one, OPEN4_SHARE_ACCESS_READ, OPEN4_SHARE_DENY_WRITE, NFS4_OK, &file);
    open_is(other, OPEN4_SHARE_ACCESS_WRITE, OPEN4_SHARE_DENY_NONE, NFS4ERR_SHARE_DENIED, &none);
    open_is(other, OPEN4_SHARE_ACCESS_READ, OPEN4_SHARE_DENY_READ, NFS4ERR_SHARE_DENIED, &none);
    begin(other, &file.fh);
    client_op_write(C, &client_stateid_anonymous, 0, UNSTABLE4, "x", 1);
    run(NFS4ERR_LOCKED);
    expect_status(client_file_close(one, &file), NFS4_OK);
    open_is(other, OPEN4_SHARE_ACCESS_WRITE, OPEN4_SHARE_DENY_READ, NFS4_OK, &file);
    expect_status(client_file_close(other, &file), NFS4_OK);
}

/* Both minor versions share a file's shares and locks. */
static void shares_and_locks_meet(void **state)
{
    struct held of_alice, of_bob;
    struct nfs_argop4 test = {.argop = OP_LOCKT,
                              .oplockt = {.locktype = READ_LT, .length = NFS4_UINT64_MAX}};

    dir = script_dir(*state);
    (void)make_file(&alice, &dir, "shared");
    shares_meet(&alice, &bob);
    shares_meet(&bob, &alice);
    of_alice = hold(&alice, "locked", 0);
    test.oplockt.owner = (struct state_owner4){bob.id.clientid, client_text("tester")};
    begin(&bob, &of_alice.file.fh);
    client_compound_add(C, &test);
    run(NFS4ERR_DENIED);
    assert_true(result(OP_LOCKT)->denied.owner.clientid == alice.session.clientid);
    expect_status(client_file_close(&alice, &of_alice.file), NFS4_OK);
    of_bob = hold(&bob, "locked", 0);
    begin(&alice, &of_bob.file.fh);
    client_compound_add(C, &test);
    run(NFS4ERR_DENIED);
    assert_true(result(OP_LOCKT)->denied.owner.clientid == bob.id.clientid);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_BOTH(v40_first),
        ON_BOTH(v41_first),
        cmocka_unit_test(both_at_once),
        ON_BOTH(client_ids_do_not_cross),
        ON_BOTH(stateids_do_not_cross),
        ON_BOTH(shares_and_locks_meet),
    };

    return test_group_run_fixtures(tests, script_setup_mixed, script_teardown);
}
