/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Client records as clients make, use and destroy them: EXCHANGE_ID (RFC 8881 §18.35.4),
 * CREATE_SESSION (§18.36.4), DESTROY_SESSION, DESTROY_CLIENTID (§18.50).
 */
#include <string.h>

#include "script.h"

/* One client owner, and what a test varies of it. */
struct claimant {
    struct client_session_wish wish;
    struct client_session session;
    struct client_conn conn;
};

static void claimant_open(struct claimant *c)
{
    memset(c, 0, sizeof(*c));
    c->wish = client_session_wish_default(NULL);
    script_connect(&c->conn);
}

static enum nfsstat4 exchange(struct claimant *c, uint8_t verifier, uint32_t flags)
{
    enum nfsstat4 status;

    memset(c->wish.verifier, verifier, sizeof(c->wish.verifier));
    c->wish.exchange_flags = flags;
    assert_int_equal(client_session_exchange_id(&c->conn, &c->wish, &c->session, &status),
                     CLIENT_OK);
    return status;
}

static enum nfsstat4 create(struct claimant *c)
{
    enum nfsstat4 status;

    assert_int_equal(client_session_create(&c->conn, &c->wish, &c->session, &status), CLIENT_OK);
    return status;
}

static enum nfsstat4 speak(struct claimant *c)
{
    enum nfsstat4 status;

    assert_int_equal(client_session_renew(&c->conn, &c->session, 0, &status), CLIENT_OK);
    return status;
}

static enum nfsstat4 destroy_clientid(struct claimant *c)
{
    enum nfsstat4 status;

    assert_int_equal(client_session_destroy_clientid(&c->conn, &c->session, &status), CLIENT_OK);
    return status;
}

static void claimant_close(struct claimant *c)
{
    enum nfsstat4 status;

    assert_int_equal(client_session_close(&c->conn, &c->session, &status), CLIENT_OK);
    expect_status(status, NFS4_OK);
    client_conn_close(&c->conn);
}

static bool confirmed(const struct claimant *c)
{
    return c->session.exchange_flags & EXCHGID4_FLAG_CONFIRMED_R;
}

/* SR-11, cases 1, 2 and 4 of §18.35.4. */
static void new_again_replaced(void **state)
{
    struct claimant c;
    uint64_t first;

    (void)state;
    claimant_open(&c);
    expect_status(exchange(&c, 1, 0), NFS4_OK);
    first = c.session.clientid;
    assert_false(confirmed(&c));
    expect_status(exchange(&c, 1, 0), NFS4_OK);
    assert_int_not_equal(c.session.clientid, first);
    expect_status(create(&c), NFS4_OK);
    first = c.session.clientid;
    expect_status(exchange(&c, 1, 0), NFS4_OK);
    assert_true(confirmed(&c));
    assert_int_equal(c.session.clientid, first);
    expect_status(speak(&c), NFS4_OK);
    claimant_close(&c);
}

/* W15, case 3: another principal, with and without sessions. */
static void collision(void **state)
{
    enum nfsstat4 status;
    struct claimant c;
    uint64_t first;

    (void)state;
    claimant_open(&c);
    expect_status(exchange(&c, 1, 0), NFS4_OK);
    expect_status(create(&c), NFS4_OK);
    first = c.session.clientid;
    c.conn.cred = script_stranger();
    expect_status(exchange(&c, 1, 0), NFS4ERR_CLID_INUSE);
    expect_status(exchange(&c, 2, 0), NFS4ERR_CLID_INUSE);
    c.conn.cred = script_cred();
    expect_status(speak(&c), NFS4_OK);
    assert_int_equal(client_session_destroy(&c.conn, &c.session, &status), CLIENT_OK);
    expect_status(status, NFS4_OK);
    c.conn.cred = script_stranger();
    expect_status(exchange(&c, 2, 0), NFS4_OK);
    assert_false(confirmed(&c));
    assert_int_not_equal(c.session.clientid, first);
    expect_status(create(&c), NFS4_OK);
    claimant_close(&c);
}

/* W15, case 5: the old instance is served until CREATE_SESSION confirms the new one. */
static void restart(void **state)
{
    struct claimant old, new;

    (void)state;
    claimant_open(&old);
    expect_status(exchange(&old, 1, 0), NFS4_OK);
    expect_status(create(&old), NFS4_OK);
    new = old;
    script_connect(&new.conn);
    expect_status(exchange(&new, 2, 0), NFS4_OK);
    assert_false(confirmed(&new));
    expect_status(speak(&old), NFS4_OK);
    expect_status(create(&new), NFS4_OK);
    expect_status(speak(&old), NFS4ERR_BADSESSION);
    expect_status(create(&old), NFS4ERR_STALE_CLIENTID);
    expect_status(destroy_clientid(&old), NFS4ERR_STALE_CLIENTID);
    expect_status(speak(&new), NFS4_OK);
    client_conn_close(&old.conn);
    claimant_close(&new);
}

/* Cases 6 to 9. */
static void update(void **state)
{
    const uint32_t flag = EXCHGID4_FLAG_UPD_CONFIRMED_REC_A;
    struct claimant c;
    uint64_t id;

    (void)state;
    claimant_open(&c);
    expect_status(exchange(&c, 1, flag), NFS4ERR_NOENT);
    expect_status(exchange(&c, 1, 0), NFS4_OK);
    expect_status(exchange(&c, 1, flag), NFS4ERR_NOENT);
    expect_status(create(&c), NFS4_OK); /* this left the unconfirmed record intact */
    id = c.session.clientid;
    expect_status(exchange(&c, 1, flag), NFS4_OK);
    assert_true(confirmed(&c));
    assert_int_equal(c.session.clientid, id);
    expect_status(exchange(&c, 2, flag), NFS4ERR_NOT_SAME);
    c.conn.cred = script_stranger();
    expect_status(exchange(&c, 1, flag), NFS4ERR_PERM);
    c.conn.cred = script_cred();
    expect_status(speak(&c), NFS4_OK);
    claimant_close(&c);
}

/* §18.35.3: the flags a client may set, and those that the server returns. */
static void flags(void **state)
{
    static const uint32_t good[] = {0,
                                    EXCHGID4_FLAG_SUPP_MOVED_REFER,
                                    EXCHGID4_FLAG_SUPP_MOVED_MIGR,
                                    EXCHGID4_FLAG_BIND_PRINC_STATEID,
                                    EXCHGID4_FLAG_USE_NON_PNFS,
                                    EXCHGID4_FLAG_USE_PNFS_MDS | EXCHGID4_FLAG_USE_PNFS_DS};
    static const uint32_t bad[] = {4, 0x200, EXCHGID4_FLAG_CONFIRMED_R, UINT32_MAX};
    struct claimant c;

    (void)state;
    claimant_open(&c);
    for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
        expect_status(exchange(&c, 1, good[i]), NFS4_OK);
        assert_int_equal(c.session.exchange_flags, EXCHGID4_FLAG_USE_NON_PNFS);
    }
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
        expect_status(exchange(&c, 1, bad[i]), NFS4ERR_INVAL);
    expect_status(create(&c), NFS4_OK);
    claimant_close(&c);
}

/* P-05, SR-12: CREATE_SESSION has a sequence of its own; errors are replayed, too. */
static void create_sequence(void **state)
{
    struct claimant c;
    struct client_session other;
    enum nfsstat4 status;
    uint32_t first;

    (void)state;
    claimant_open(&c);
    expect_status(exchange(&c, 1, 0), NFS4_OK);
    first = c.session.create_seqid;
    c.session.create_seqid = first - 1;
    expect_status(create(&c), NFS4ERR_SEQ_MISORDERED); /* the first answer in the cache */
    c.session.create_seqid = first + 1;
    expect_status(create(&c), NFS4ERR_SEQ_MISORDERED);
    c.session.create_seqid = first;
    c.conn.cred = script_stranger();
    expect_status(create(&c), NFS4ERR_CLID_INUSE);
    c.conn.cred = script_cred();
    expect_status(create(&c), NFS4ERR_CLID_INUSE);
    c.session.create_seqid = first + 1;
    expect_status(create(&c), NFS4_OK);
    assert_int_equal(c.session.create_seqid, first + 2);
    for (int i = 0; i < 3; i++) /* the slots have sequence ids of their own */
        expect_status(speak(&c), NFS4_OK);
    other = c.session;
    expect_status(create(&c), NFS4_OK);
    assert_int_equal(c.session.create_seqid, first + 3);
    expect_status(speak(&c), NFS4_OK);
    assert_int_equal(client_session_destroy(&c.conn, &other, &status), CLIENT_OK);
    expect_status(status, NFS4_OK);
    claimant_close(&c);
}

/* SR-17: a client is busy with a session, and with an open after the session; for any caller. */
static void destroy_busy(void **state)
{
    struct client_fh dir = script_dir("/mem");
    struct nfs_argop4 op = {.argop = OP_DESTROY_CLIENTID};
    struct client_cred cred = script_cred();
    struct client_session_wish wish = client_session_wish_default(NULL);
    struct client_mount mount;
    struct client_file file;
    enum nfsstat4 status;

    (void)state;
    wish.flags = 0; /* otherwise a delegation is granted and stays */
    expect_status(client_mount_open(&mount, script_server.target, SCRIPT_TIMEOUT_MS, &cred, &wish),
                  NFS4_OK);
    op.opdestroy_clientid.dca_clientid = mount.session.clientid;
    for (int i = 0; i < 2; i++) { /* for the client of its own SEQUENCE, and for another client */
        begin(i ? &alice : &mount, NULL);
        client_compound_add(C, &op);
        run_on(i ? &alice.conn : &mount.conn, NFS4ERR_CLIENTID_BUSY);
    }
    expect_status(client_file_create(&mount, &dir, "busy", &file), NFS4_OK);
    assert_int_equal(client_session_destroy(&mount.conn, &mount.session, &status), CLIENT_OK);
    expect_status(status, NFS4_OK);
    begin(&alice, NULL);
    client_compound_add(C, &op);
    run(NFS4ERR_CLIENTID_BUSY);
    assert_int_equal(client_session_create(&mount.conn, &wish, &mount.session, &status), CLIENT_OK);
    expect_status(status, NFS4_OK);
    expect_status(client_file_close(&mount, &file), NFS4_OK);
    assert_int_equal(client_session_destroy(&mount.conn, &mount.session, &status), CLIENT_OK);
    expect_status(status, NFS4_OK);
    begin(&alice, NULL);
    client_compound_add(C, &op);
    run(NFS4_OK);
    begin(&alice, NULL);
    client_compound_add(C, &op);
    run(NFS4ERR_STALE_CLIENTID);
    client_conn_close(&mount.conn);
}

/* W14: DESTROY_SESSION of another session may stand anywhere, of one's own only at the end;
 * requests in other slots finish first. */
static void destroy_sessions(void **state)
{
    struct nfs_argop4 op = {.argop = OP_DESTROY_SESSION};
    struct claimant c;

    (void)state;
    claimant_open(&c);
    expect_status(exchange(&c, 1, 0), NFS4_OK);
    expect_status(create(&c), NFS4_OK);
    memcpy(op.opdestroy_session.dsa_sessionid, c.session.sessionid, NFS4_SESSIONID_SIZE);
    begin(&alice, NULL);
    client_compound_add(C, &op);
    client_op_putrootfh(C);
    run(NFS4ERR_CONN_NOT_BOUND_TO_SESSION);
    begin(&alice, NULL);
    client_compound_add(C, &op);
    client_op_putrootfh(C);
    run_on(&c.conn, NFS4_OK); /* binds the connection to both */
    expect_status(speak(&c), NFS4ERR_BADSESSION);
    expect_status(create(&c), NFS4_OK);
    claimant_close(&c);
}

/* EXCHANGE_IDs without a CREATE_SESSION do not disturb other clients. */
static void flood(void **state)
{
    struct claimant c, other;

    (void)state;
    claimant_open(&c);
    claimant_open(&other);
    expect_status(exchange(&c, 1, 0), NFS4_OK);
    for (int i = 0; i < 2000; i++) {
        char owner[32];

        (void)snprintf(owner, sizeof(owner), "flood %d", i);
        other.wish.owner = owner;
        expect_status(exchange(&other, 1, 0), NFS4_OK);
    }
    expect_status(create(&c), NFS4_OK);
    client_conn_close(&other.conn);
    claimant_close(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(new_again_replaced),
        cmocka_unit_test(collision),
        cmocka_unit_test(restart),
        cmocka_unit_test(update),
        cmocka_unit_test(flags),
        cmocka_unit_test(create_sequence),
        cmocka_unit_test(destroy_busy),
        cmocka_unit_test(destroy_sessions),
        cmocka_unit_test(flood),
    };

    return test_group_run_fixtures(tests, script_setup_default, script_teardown);
}
