/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connections and sessions as a client uses them: trunking (RFC 8881 §2.10.5), BIND_CONN_TO_SESSION
 * (§18.34), connections that come and go, and too many of them. The server listens on two
 * addresses.
 */
#include <string.h>

#include "lib/wait.h"
#include "script.h"

#define DOWN (SEQ4_STATUS_CB_PATH_DOWN | SEQ4_STATUS_CB_PATH_DOWN_SESSION)

static char second_address[32];

static bool second_address_find(void)
{
    FILE *log = fopen(script_server.log, "r");
    char line[512];
    unsigned port = 0;

    while (log && port == 0 && fgets(line, sizeof(line), log)) {
        if (strchr(line, '\n')) /* else it is being written */
            (void)sscanf(line, "mainstayd: ready on 127.0.0.2:%u", &port);
    }
    if (log)
        (void)fclose(log);
    (void)snprintf(second_address, sizeof(second_address), "127.0.0.2:%u", port);
    return port != 0;
}

static int setup(void **state)
{
    static const char *const options[] = {"--listen", "127.0.0.2:0", "--export",
                                          "/mem=mem:,no_root_squash", NULL};

    (void)state;
    if (script_setup(options) != 0)
        return -1;
    wait_until(second_address_find());
    return script_open_to_all(script_mem) ? 0 : -1;
}

static void connect_second(struct client_conn *conn)
{
    assert_int_equal(client_conn_open(conn, second_address, SCRIPT_TIMEOUT_MS), CLIENT_OK);
    conn->cred = script_cred();
}

/* SEQUENCE alone. */
static void speak(struct client_conn *conn, struct client_session *session)
{
    enum nfsstat4 status;

    assert_int_equal(client_session_renew(conn, session, 0, &status), CLIENT_OK);
    expect_status(status, NFS4_OK);
}

static enum nfsstat4 bind(struct client_conn *conn, const struct client_session *session,
                          enum channel_dir_from_client4 dir, enum channel_dir_from_server4 *got)
{
    enum nfsstat4 status;

    assert_int_equal(client_session_bind(conn, session, dir, got, &status), CLIENT_OK);
    return status;
}

/* A client of its own over a connection of its own. */
static void mount_open(struct client_mount *mount, const struct client_session_wish *wish)
{
    struct client_cred cred = script_cred();

    expect_status(client_mount_open(mount, script_server.target, SCRIPT_TIMEOUT_MS, &cred, wish),
                  NFS4_OK);
}

static void exchange_id(struct client_conn *conn, const struct client_session_wish *wish)
{
    struct nfs_argop4 op = {.argop = OP_EXCHANGE_ID};

    op.opexchange_id.eia_clientowner.co_ownerid = client_text(wish->owner);
    memcpy(op.opexchange_id.eia_clientowner.co_verifier, wish->verifier, NFS4_VERIFIER_SIZE);
    op.opexchange_id.eia_state_protect.spa_how = SP4_NONE;
    client_result_free(R);
    client_compound_free(C);
    client_compound_begin_plain(C);
    client_compound_add(C, &op);
    run_on(conn, NFS4_OK);
}

static bool opaque_equal(const struct wire_opaque *a, const struct wire_opaque *b)
{
    return a->len == b->len && memcmp(a->data, b->data, a->len) == 0;
}

/* How a client finds out that two addresses belong to one server (§2.10.5): by the owner, the scope
 * and its client id; and that there, too, another client owner is another client. */
static void same_server(void **state)
{
    struct client_session_wish wish = client_session_wish_default("trunking"), other = wish;
    struct EXCHANGE_ID4resok first, second;
    struct client_result kept;
    struct client_mount mount;
    struct client_conn conn;

    (void)state;
    mount_open(&mount, &wish);
    connect_second(&conn);
    exchange_id(&mount.conn, &wish);
    kept = *R;
    memset(R, 0, sizeof(*R));
    first = kept.ops[0].opexchange_id;
    exchange_id(&conn, &wish);
    second = result(OP_EXCHANGE_ID)->opexchange_id;
    assert_int_equal(first.eir_clientid, mount.session.clientid);
    assert_int_equal(second.eir_clientid, mount.session.clientid);
    assert_true(second.eir_flags & EXCHGID4_FLAG_CONFIRMED_R);
    assert_int_equal(first.eir_server_owner.so_minor_id, second.eir_server_owner.so_minor_id);
    assert_true(
        opaque_equal(&first.eir_server_owner.so_major_id, &second.eir_server_owner.so_major_id));
    assert_true(opaque_equal(&first.eir_server_scope, &second.eir_server_scope));
    client_result_free(&kept);
    other.owner = "not trunking";
    exchange_id(&conn, &other);
    assert_int_not_equal(result(OP_EXCHANGE_ID)->opexchange_id.eir_clientid,
                         mount.session.clientid);
    client_conn_close(&conn);
    client_mount_close(&mount);
}

/* Session trunking (§2.10.5): one session over both addresses, with common slots; it survives the
 * loss of the first connection. SR-14. */
static void session_trunking(void **state)
{
    enum channel_dir_from_server4 got;
    struct client_mount mount;
    struct client_conn conn;
    enum nfsstat4 status;

    (void)state;
    mount_open(&mount, NULL);
    connect_second(&conn);
    expect_status(bind(&conn, &mount.session, CDFC4_FORE_OR_BOTH, &got), NFS4_OK);
    assert_int_equal(got, CDFS4_BOTH);
    for (int i = 0; i < 4; i++)
        speak(i % 2 ? &mount.conn : &conn, &mount.session);
    client_conn_abort(&mount.conn);
    for (int i = 0; i < 4; i++) {
        speak(&conn, &mount.session);
        assert_int_equal(mount.session.status_flags, 0); /* bound for callbacks, too */
    }
    assert_int_equal(client_session_close(&conn, &mount.session, &status), CLIENT_OK);
    expect_status(status, NFS4_OK);
    client_conn_close(&conn);
}

/* Client id trunking (§2.10.5): a second session of the same client over the other address; either
 * can use what the other has opened. S20-48. */
static void clientid_trunking(void **state)
{
    struct client_session_wish wish = client_session_wish_default(NULL);
    struct client_fh dir = script_dir("/mem");
    struct client_mount first, second = {.trouble = CLIENT_OK};
    struct client_file file;
    enum nfsstat4 status;
    uint32_t written;

    (void)state;
    mount_open(&first, &wish);
    connect_second(&second.conn);
    second.session = first.session;
    assert_int_equal(client_session_create(&second.conn, &wish, &second.session, &status),
                     CLIENT_OK);
    expect_status(status, NFS4_OK);
    assert_memory_not_equal(first.session.sessionid, second.session.sessionid, NFS4_SESSIONID_SIZE);
    expect_status(client_file_create(&first, &dir, "shared", &file), NFS4_OK);
    expect_status(client_file_write(&second, &file, 0, FILE_SYNC4, "x", 1, &written), NFS4_OK);
    expect_status(client_file_close(&second, &file), NFS4_OK);
    expect_status(client_file_write(&first, &file, 0, FILE_SYNC4, "x", 1, &written),
                  NFS4ERR_BAD_STATEID);
    assert_int_equal(client_session_destroy(&first.conn, &first.session, &status), CLIENT_OK);
    expect_status(status, NFS4_OK);
    speak(&second.conn, &second.session);
    client_conn_close(&first.conn);
    client_mount_close(&second);
}

/* W11, §18.34.3: each direction on a new connection, on one that a request has bound, and on one
 * that was bound explicitly. */
static void bind_directions(void **state)
{
    static const struct {
        enum channel_dir_from_client4 ask;
        enum channel_dir_from_server4 fresh, used; /* used: 0 stands for INVAL */
        enum channel_dir_from_client4 change;      /* this one is refused afterwards */
    } rows[] = {
        {CDFC4_FORE, CDFS4_FORE, CDFS4_FORE, CDFC4_BACK},
        {CDFC4_BACK, CDFS4_BACK, (enum channel_dir_from_server4)0, CDFC4_FORE},
        {CDFC4_FORE_OR_BOTH, CDFS4_BOTH, CDFS4_BOTH, CDFC4_BACK},
        {CDFC4_BACK_OR_BOTH, CDFS4_BOTH, CDFS4_BOTH, CDFC4_FORE},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        for (int used = 0; used <= 1; used++) {
            enum channel_dir_from_server4 want = used ? rows[i].used : rows[i].fresh, got;
            struct client_conn conn;

            script_connect(&conn);
            if (used)
                speak(&conn, &alice.session);
            expect_status(bind(&conn, &alice.session, rows[i].ask, &got),
                          want ? NFS4_OK : NFS4ERR_INVAL);
            if (want) {
                assert_int_equal(got, want);
                expect_status(bind(&conn, &alice.session, rows[i].ask, &got), NFS4_OK);
                assert_int_equal(got, want);
                expect_status(bind(&conn, &alice.session, rows[i].change, &got), NFS4ERR_INVAL);
            }
            client_conn_close(&conn);
        }
    }
}

/* §18.34.3: only as a lone operation and for an existing session; by any principal, as there is no
 * state protection. */
static void bind_refused(void **state)
{
    struct nfs_argop4 op = {.argop = OP_BIND_CONN_TO_SESSION};
    struct client_session unknown = alice.session;
    enum channel_dir_from_server4 got;
    struct client_conn conn;

    (void)state;
    script_connect(&conn);
    unknown.sessionid[3] ^= 1;
    expect_status(bind(&conn, &unknown, CDFC4_FORE, &got), NFS4ERR_BADSESSION);
    op.opbind_conn_to_session.bctsa_dir = CDFC4_FORE;
    memcpy(op.opbind_conn_to_session.bctsa_sessid, alice.session.sessionid, NFS4_SESSIONID_SIZE);
    begin(&alice, NULL);
    client_compound_add(C, &op);
    run_on(&conn, NFS4ERR_NOT_ONLY_OP);
    conn.cred = script_stranger();
    expect_status(bind(&conn, &alice.session, CDFC4_FORE_OR_BOTH, &got), NFS4_OK);
    client_conn_close(&conn);
}

/* W11: one connection bound to many sessions, in different directions, each with its own slots. */
static void sessions_on_one_connection(void **state)
{
    struct client_mount mounts[5];
    struct client_conn conn;

    (void)state;
    script_connect(&conn);
    for (size_t i = 0; i < ARRAY_SIZE(mounts); i++) {
        enum channel_dir_from_server4 got;

        mount_open(&mounts[i], NULL);
        if (i % 2)
            expect_status(bind(&conn, &mounts[i].session, CDFC4_FORE_OR_BOTH, &got), NFS4_OK);
    }
    for (int turn = 0; turn < 10; turn++)
        for (size_t i = 0; i < ARRAY_SIZE(mounts); i++) {
            speak(&conn, &mounts[i].session);
            assert_int_equal(mounts[i].session.status_flags, 0);
        }
    for (size_t i = 0; i < ARRAY_SIZE(mounts); i++) {
        enum nfsstat4 status;

        /* A session that ends leaves the connection to the others. */
        assert_int_equal(client_session_close(&conn, &mounts[i].session, &status), CLIENT_OK);
        expect_status(status, NFS4_OK);
        client_conn_close(&mounts[i].conn);
    }
    client_conn_close(&conn);
}

/* The server's flags for the back channel, once it has noticed that a connection is gone. */
static void wait_flags(struct client_conn *conn, struct client_session *session, uint32_t flags)
{
    wait_until_every(10, (speak(conn, session), session->status_flags == flags));
}

/* P-08, S20-12, SR-14: a hundred connections one after the other, each bound to the back channel;
 * none is refused, and each time the flags show that the path was down. */
static void reconnects(void **state)
{
    struct client_mount mount;

    (void)state;
    mount_open(&mount, NULL);
    for (int i = 0; i < 100; i++) {
        enum channel_dir_from_server4 got;

        client_conn_abort(&mount.conn);
        script_connect(&mount.conn);
        wait_flags(&mount.conn, &mount.session, DOWN);
        expect_status(bind(&mount.conn, &mount.session, CDFC4_FORE_OR_BOTH, &got), NFS4_OK);
        assert_int_equal(got, CDFS4_BOTH);
        speak(&mount.conn, &mount.session);
        assert_int_equal(mount.session.status_flags, 0);
    }
    client_mount_close(&mount);
}

/* More connections at once than can be bound: all are served, none is refused. */
static void more_than_the_limit(void **state)
{
    struct client_conn conns[LIMIT_SESSION_CONNECTIONS + 20];
    enum channel_dir_from_server4 got;
    struct client_mount mount;
    enum nfsstat4 status;

    (void)state;
    mount_open(&mount, NULL);
    for (size_t i = 0; i < ARRAY_SIZE(conns); i++) {
        script_connect(&conns[i]);
        if (i % 3)
            speak(&conns[i], &mount.session);
        else
            expect_status(bind(&conns[i], &mount.session, CDFC4_FORE, &got), NFS4_OK);
    }
    for (int turn = 0; turn < 3; turn++)
        for (size_t i = 0; i < ARRAY_SIZE(conns); i++) {
            speak(&conns[i], &mount.session);
            assert_int_equal(mount.session.status_flags, 0);
        }
    assert_int_equal(client_session_close(&conns[ARRAY_SIZE(conns) - 1], &mount.session, &status),
                     CLIENT_OK);
    expect_status(status, NFS4_OK);
    for (size_t i = 0; i < ARRAY_SIZE(conns); i++)
        client_conn_close(&conns[i]);
    client_conn_close(&mount.conn);
}

/* §18.37.3: a session is destroyed over one of its connections; a request makes a connection one of
 * them. */
static void destroy_over_its_own(void **state)
{
    struct client_mount mount;
    struct client_conn conn;
    enum nfsstat4 status;

    (void)state;
    mount_open(&mount, NULL);
    script_connect(&conn);
    assert_int_equal(client_session_destroy(&conn, &mount.session, &status), CLIENT_OK);
    expect_status(status, NFS4ERR_CONN_NOT_BOUND_TO_SESSION);
    speak(&conn, &mount.session);
    assert_int_equal(client_session_close(&conn, &mount.session, &status), CLIENT_OK);
    expect_status(status, NFS4_OK);
    client_conn_close(&conn);
    client_conn_close(&mount.conn);
}

/* S20-12, SR-14: a lost reply is fetched over the other address. */
static void lost_reply_by_the_other_address(void **state)
{
    struct client_fh dir = script_dir("/mem");
    struct client_conn conn, other;
    struct client_result first;
    uint32_t xid;

    (void)state;
    script_connect(&conn);
    connect_second(&other);
    begin(&alice, &dir);
    client_op_create(C, "once", NF4DIR, NULL, 0700);
    assert_int_equal(client_compound_send(&conn, C, &xid), CLIENT_OK);
    assert_int_equal(client_result_receive(&conn, xid, &first), CLIENT_OK);
    client_conn_abort(&conn);
    run_on(&other, NFS4_OK);
    assert_int_equal(R->body.len, first.body.len);
    assert_memory_equal(R->body.data, first.body.data, first.body.len);
    client_result_free(&first);
    client_conn_close(&other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_server),          cmocka_unit_test(session_trunking),
        cmocka_unit_test(clientid_trunking),    cmocka_unit_test(bind_directions),
        cmocka_unit_test(bind_refused),         cmocka_unit_test(sessions_on_one_connection),
        cmocka_unit_test(reconnects),           cmocka_unit_test(more_than_the_limit),
        cmocka_unit_test(destroy_over_its_own), cmocka_unit_test(lost_reply_by_the_other_address),
    };

    return test_group_run_fixtures(tests, setup, script_teardown);
}
