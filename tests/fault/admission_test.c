/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A host that is admitted to no export must not act on clients: with another client's owner string
 * it could end that client's state. The admitted host is 127.0.0.1, the stranger 127.0.0.2.
 */
#include <unistd.h>

#include "lib/wait.h"
#include "log_lines.h"
#include "peer.h"
#include "script.h"

#define MINE "127.0.0.1"
#define FOREIGN "127.0.0.2"

enum {
    FLOOD = 300,
    LINES_PER_S = 20, /* LIMIT_LOG_EXPORTS_PER_S */
};

static struct client_conn peer;

static struct client_session_wish wish_of(const char *owner)
{
    struct client_session_wish wish = client_session_wish_default(owner);

    wish.flags &= ~(uint32_t)CREATE_SESSION4_FLAG_CONN_BACK_CHAN;
    return wish;
}

static int setup_mine(void **state)
{
    const char *options[] = {"--export", "/mem=mem:,no_root_squash,client=" MINE,
                             "--export", "/other=mem:,client=192.0.2.0/24",
                             "--export", "/ro=mem:,ro,client=" MINE,
                             "--export", "/squash=mem:,client=" MINE,
                             NULL};

    (void)state;
    return test_server_init(&script_server) ? script_setup(options) : -1;
}

static int setup_guarded(void **state)
{
    const char *options[] = {"--export", "/mem=mem:,no_root_squash,secure", NULL};
    struct client_mount *mounts[] = {&alice, &bob};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(mounts); i++)
        mounts[i]->conn.fd = -1;
    return test_server_init(&script_server) && test_server_start(&script_server, options) ? 0 : -1;
}

static int close_peer(void **state)
{
    (void)state;
    client_conn_close(&peer);
    return 0;
}

/* RPC denies the call. */
static void expect_denied(struct client_conn *conn)
{
    assert_int_equal(client_compound_call(conn, C, R), CLIENT_REJECTED);
    assert_int_equal(R->reply.header.stat, MSG_DENIED);
    assert_int_equal(R->reply.header.reject_stat, REJECT_AUTH_ERROR);
    assert_int_equal(R->reply.header.auth_stat, AUTH_TOOWEAK);
}

static void expect_alive(struct client_conn *conn, struct client_session *session)
{
    enum nfsstat4 status;

    assert_int_equal(client_session_renew(conn, session, 0, &status), CLIENT_OK);
    expect_status(status, NFS4_OK);
}

/* EXCHANGE_ID with the victim's owner and a new verifier, then CREATE_SESSION: this would end the
 * victim's state. */
static void a_stranger_ends_no_client(void **state)
{
    struct client_session_wish wish = wish_of("victim");
    struct client_session victim, thief;
    struct client_conn own;
    enum nfsstat4 status;

    (void)state;
    peer_connect(&own, MINE, false);
    assert_int_equal(client_session_open(&own, &wish, &victim, &status), CLIENT_OK);
    expect_status(status, NFS4_OK);
    peer_connect(&peer, FOREIGN, false);
    wish.verifier[0] ^= 1;
    assert_int_equal(client_session_open(&peer, &wish, &thief, &status), CLIENT_REJECTED);
    expect_alive(&own, &victim);
    assert_int_equal(client_session_close(&own, &victim, &status), CLIENT_OK);
    client_conn_close(&own);
}

static void each_operation_is_denied(void **state)
{
    static const uint32_t ops[] = {
        OP_EXCHANGE_ID,      OP_CREATE_SESSION,       OP_DESTROY_SESSION,
        OP_DESTROY_CLIENTID, OP_BIND_CONN_TO_SESSION, OP_PUTROOTFH,
    };

    (void)state;
    peer_connect(&peer, FOREIGN, false);
    assert_int_equal(client_call_null(&peer), CLIENT_OK); /* a stranger may ping the server */
    for (size_t i = 0; i < ARRAY_SIZE(ops); i++) {
        begin_bare(&alice, 1);
        script_op_zeroed(ops[i]);
        expect_denied(&peer);
    }
    begin(&alice, NULL); /* a session id that it has overheard */
    expect_denied(&peer);
}

/* The same in minor version 0, which the build may leave out. */
static void no_setclientid(void **state)
{
    static const uint32_t ops[] = {OP_SETCLIENTID, OP_SETCLIENTID_CONFIRM, OP_RENEW};

    (void)state;
    peer_connect(&peer, FOREIGN, false);
    for (size_t i = 0; i < ARRAY_SIZE(ops); i++) {
        begin_bare(&alice, 0);
        script_op_zeroed(ops[i]);
        expect_denied(&peer);
    }
}

static void the_log_names_the_stranger(void **state)
{
    struct log_line line;

    (void)state;
    peer_connect(&peer, FOREIGN, false);
    peer.cred = (struct client_cred){.uid = 4711};
    wait_ms(1100); /* the lines of another second */
    begin_bare(&alice, 1);
    script_op_zeroed(OP_EXCHANGE_ID);
    expect_denied(&peer);
    line = log_find("export.refused", NULL);
    assert_int_equal(strncmp(log_value(&line, "peer"), FOREIGN ":", strlen(FOREIGN ":")), 0);
    assert_string_equal(log_value(&line, "why"), "client");
    assert_int_equal(log_number(&line, "uid"), 4711);
}

static void expect_peer_closed(const char *event)
{
    struct log_line line;

    assert_int_equal(client_conn_wait_close(&peer, SCRIPT_TIMEOUT_MS), CLIENT_CLOSED);
    line = log_find(event, NULL);
    assert_int_equal(line.count, 1);
    assert_int_equal(strncmp(log_value(&line, "peer"), FOREIGN ":", strlen(FOREIGN ":")), 0);
    client_conn_close(&peer);
}

/* The same for a connection that was closed because of what it sent. */
static void the_log_names_senders_of_garbage(void **state)
{
    static const uint8_t message[8] = {1, 2, 3, 4, 5, 6, 7, 8}, mark[4] = {0xff, 0xff, 0xff, 0xff};

    (void)state;
    peer_connect(&peer, FOREIGN, false);
    assert_int_equal(client_conn_send_record(&peer, message, sizeof(message), 0), CLIENT_OK);
    expect_peer_closed("transport.bad_message");
    peer_connect(&peer, FOREIGN, false);
    assert_int_equal(client_conn_send_raw(&peer, mark, sizeof(mark)), CLIENT_OK);
    expect_peer_closed("transport.oversize");
}

static void expect_line(const char *export, const char *why, const char *op)
{
    struct log_line line = log_find_with("export.refused", "export", export);

    assert_string_equal(log_value(&line, "why"), why);
    assert_string_equal(log_value(&line, "op"), op);
    assert_int_equal(log_number(&line, "uid"), 0);
    assert_int_equal(strncmp(log_value(&line, "peer"), MINE ":", strlen(MINE ":")), 0);
}

/* What the export, not the file's permissions, denies to an admitted host. */
static void the_log_names_refused_users(void **state)
{
    struct client_cred before = alice.conn.cred;
    struct client_fh dir, out;

    (void)state;
    wait_ms(1100);
    alice.conn.cred = (struct client_cred){.uid = 0};
    expect_status(client_file_lookup(&alice, "/other", &out), NFS4ERR_NOENT);
    expect_status(client_file_lookup(&alice, "/ro", &dir), NFS4_OK);
    expect_status(client_file_mkdir(&alice, &dir, "new", &out), NFS4ERR_ROFS);
    expect_line("/ro", "ro", "CREATE");
    expect_status(client_file_lookup(&alice, "/squash", &dir), NFS4_OK);
    expect_status(client_file_setattr(&alice, &dir, CLIENT_BITS(FATTR4_MODE),
                                      &(struct nfs4_attrs){.mode = 0777}),
                  NFS4ERR_PERM);
    expect_line("/squash", "squash", "SETATTR");
    alice.conn.cred = before;
}

/* Refusals are logged at a limited rate, so they cannot fill a disk. */
static void the_lines_are_limited(void **state)
{
    struct log_line before, after;
    int64_t begin_ms = wait_now_ms();
    unsigned seconds;

    (void)state;
    before = log_find("export.refused", NULL);
    peer_connect(&peer, FOREIGN, false);
    for (unsigned i = 0; i < FLOOD; i++) {
        begin_bare(&alice, 1);
        script_op_zeroed(OP_EXCHANGE_ID);
        expect_denied(&peer);
    }
    seconds = (unsigned)((wait_now_ms() - begin_ms) / 1000) + 2;
    after = log_find("export.refused", NULL);
    assert_true(after.count - before.count <= seconds * LINES_PER_S);
    if (FLOOD > seconds * LINES_PER_S)
        wait_until(log_find("export.refused_left_out", NULL).lines > 0);
}

/* ---- where every export is `secure` ---- */

static void high_ports_are_denied(void **state)
{
    struct client_session_wish wish = wish_of("someone");
    struct client_session session;
    enum nfsstat4 status;

    (void)state;
    peer_connect(&peer, MINE, false);
    assert_int_equal(client_call_null(&peer), CLIENT_OK);
    assert_int_equal(client_session_open(&peer, &wish, &session, &status), CLIENT_REJECTED);
}

static void reserved_ports_are_not(void **state)
{
    struct client_session_wish wish = wish_of("someone");
    struct client_session session;
    enum nfsstat4 status;

    (void)state;
    if (geteuid() != 0)
        test_skip("needs root for a reserved port");
    peer_connect(&peer, MINE, true);
    assert_int_equal(client_session_open(&peer, &wish, &session, &status), CLIENT_OK);
    expect_status(status, NFS4_OK);
    assert_int_equal(client_session_close(&peer, &session, &status), CLIENT_OK);
}

/* ---- all hosts are admitted, and one uses another's owner ---- */

static int setup_open(void **state)
{
    const char *options[] = {"--export", "/mem=mem:", NULL};

    (void)state;
    return test_server_init(&script_server) ? script_setup(options) : -1;
}

/* A client restarts, from the same host or from another one. */
static void a_change_of_hosts_is_told(void **state)
{
    struct client_session_wish wish = wish_of("moving");
    static const char *const from[] = {MINE, MINE, FOREIGN};
    struct client_session sessions[ARRAY_SIZE(from)];
    struct client_conn conns[ARRAY_SIZE(from)];
    struct log_line line;
    enum nfsstat4 status;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(from); i++) {
        assert_int_equal(log_find("client.replaced", NULL).count, 0);
        peer_connect(&conns[i], from[i], false);
        wish.verifier[0]++;
        assert_int_equal(client_session_open(&conns[i], &wish, &sessions[i], &status), CLIENT_OK);
        expect_status(status, NFS4_OK);
    }
    line = log_find("client.replaced", NULL);
    assert_int_equal(line.count, 1);
    assert_string_equal(log_value(&line, "peer"), MINE);
    assert_string_equal(log_value(&line, "by_peer"), FOREIGN);
    for (size_t i = 0; i < ARRAY_SIZE(from); i++)
        client_conn_close(&conns[i]);
}

/* An idle record that another user may take over (RFC 8881 §18.35.4, case 3), from the same host
 * and from another one. */
static void a_change_of_users_is_told(void **state)
{
    static const char *const from[] = {MINE, MINE, FOREIGN};
    struct client_session_wish wish = wish_of("idle");
    unsigned before = log_find("client.replaced", NULL).count;
    struct client_session session;
    struct log_line line;
    enum nfsstat4 status;

    (void)state;
    for (uint32_t i = 0; i < ARRAY_SIZE(from); i++) {
        assert_int_equal(log_find("client.replaced", NULL).count, before + (i > 0 ? i - 1 : 0));
        peer_connect(&peer, from[i], false);
        peer.cred = (struct client_cred){.uid = 5000 + i};
        assert_int_equal(client_session_open(&peer, &wish, &session, &status), CLIENT_OK);
        expect_status(status, NFS4_OK);
        assert_int_equal(client_session_destroy(&peer, &session, &status), CLIENT_OK);
        expect_status(status, NFS4_OK);
        client_conn_close(&peer);
    }
    line = log_find("client.replaced", NULL);
    assert_int_equal(line.count, before + 2);
    assert_string_equal(log_value(&line, "peer"), MINE);
    assert_string_equal(log_value(&line, "by_peer"), FOREIGN);
    assert_int_equal(log_number(&line, "uid"), 5001);
    assert_int_equal(log_number(&line, "by_uid"), 5002);
}

#ifdef MAINSTAY_V40
static void users_change_in_v40(void **state)
{
    struct client_id_wish wish = client_id_wish_default("idle in 4.0");
    unsigned before = log_find("client.replaced", NULL).count;
    enum nfsstat4 status;

    (void)state;
    for (uint32_t i = 0; i < 2; i++) {
        struct client_id id;

        peer_connect(&peer, MINE, false);
        peer.cred = (struct client_cred){.uid = 5000 + i};
        assert_int_equal(client_id_open(&peer, &wish, &id, &status), CLIENT_OK);
        expect_status(status, NFS4_OK);
        client_conn_close(&peer);
    }
    assert_int_equal(log_find("client.replaced", NULL).count, before + 1);
}

static void so_it_is_in_v40(void **state)
{
    static const char *const from[] = {MINE, FOREIGN, FOREIGN};
    struct client_id_wish wish = client_id_wish_default("moving in 4.0");
    unsigned before = log_find("client.replaced", NULL).count;
    enum nfsstat4 status;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(from); i++) {
        struct client_conn conn;
        struct client_id id;

        peer_connect(&conn, from[i], false);
        wish.verifier[0]++;
        assert_int_equal(client_id_open(&conn, &wish, &id, &status), CLIENT_OK);
        expect_status(status, NFS4_OK);
        client_conn_close(&conn);
    }
    assert_int_equal(log_find("client.replaced", NULL).count, before + 1);
}
#endif

#define PEER_TEST(test) cmocka_unit_test_teardown(test, close_peer)

int main(void)
{
    const struct CMUnitTest mine[] = {
        PEER_TEST(a_stranger_ends_no_client),
        PEER_TEST(each_operation_is_denied),
        PEER_TEST(no_setclientid),
        PEER_TEST(the_log_names_the_stranger),
        PEER_TEST(the_log_names_senders_of_garbage),
        PEER_TEST(the_log_names_refused_users),
        PEER_TEST(the_lines_are_limited),
    };
    const struct CMUnitTest guarded[] = {
        PEER_TEST(high_ports_are_denied),
        PEER_TEST(reserved_ports_are_not),
    };
    const struct CMUnitTest open[] = {
        cmocka_unit_test(a_change_of_hosts_is_told),
        PEER_TEST(a_change_of_users_is_told),
#ifdef MAINSTAY_V40
        PEER_TEST(users_change_in_v40),
        cmocka_unit_test(so_it_is_in_v40),
#endif
    };
    int failed = test_group_run_fixtures(mine, setup_mine, script_teardown);

    if (failed == 0)
        failed = test_group_run_fixtures(open, setup_open, script_teardown);
    if (failed == 0)
        failed = test_group_run_fixtures(guarded, setup_guarded, script_teardown);
    return failed;
}
