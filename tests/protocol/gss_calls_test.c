/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls by RPCSEC_GSS, one rule of RFC 2203 at a time: what is refused, and how; what repeats and
 * forgeries can do to the user; and that replies are what the client can believe.
 */
#include <stdlib.h>

#include "gss.h"
#include "lib/wait.h"
#include "scrape.h"
#include "wire/rpcsec_gss.h"

enum {
    WINDOW = 1024,
    UNKNOWN_PROGRAM = 0x2000abcd
};

static const uint32_t services[] = {RPC_GSS_SVC_NONE, RPC_GSS_SVC_INTEGRITY, RPC_GSS_SVC_PRIVACY};

/* Spoil the next call. */
static void spoil(struct client_conn *conn, uint32_t what, uint32_t number)
{
    conn->gss_fault = (struct client_gss_fault){.what = what, .number = number};
}

/* ---- replies ---- */

/* NULL, which has no arguments and no results, of each service; and all in one context. */
static void services_mix(void **state)
{
    struct client_conn conn;
    struct client_gss *gss = gss_connect(&conn, "alice", RPC_GSS_SVC_NONE);

    (void)state;
    assert_int_equal(gss->window, WINDOW);
    for (uint32_t i = 0; i < 9; i++) {
        conn.gss_service = services[i % 3];
        gss_expect_null(&conn);
    }
    client_conn_close(&conn);
}

/* Every accepted reply has a verifier, §5.3.3.2: errors, too. */
static void errors_are_signed(void **state)
{
    struct client_conn conn;

    (void)state;
    (void)gss_connect(&conn, "alice", RPC_GSS_SVC_NONE);
    for (uint32_t i = 0; i < ARRAY_SIZE(services); i++) {
        conn.gss_service = services[i];
        gss_expect_error(&conn, UNKNOWN_PROGRAM, 1, 0, ACCEPT_PROG_UNAVAIL);
        gss_expect_error(&conn, NFS4_PROGRAM, 3, 0, ACCEPT_PROG_MISMATCH);
        gss_expect_error(&conn, NFS4_PROGRAM, NFS_V4, 2, ACCEPT_PROC_UNAVAIL);
        gss_expect_error(&conn, NFS4_PROGRAM, NFS_V4, NFSPROC4_COMPOUND, ACCEPT_GARBAGE_ARGS);
        gss_expect_null(&conn);
    }
    client_conn_close(&conn);
}

/* ---- credentials ---- */

static void bad_credentials(void **state)
{
    static const struct {
        uint32_t what, number;
        enum auth_stat stat;
    } cases[] = {
        {CLIENT_GSS_SET_VERSION, 0, AUTH_BADCRED},
        {CLIENT_GSS_SET_VERSION, 2, AUTH_BADCRED},
        {CLIENT_GSS_SET_VERSION, UINT32_MAX, AUTH_BADCRED},
        {CLIENT_GSS_SET_PROC, 4, AUTH_BADCRED},
        {CLIENT_GSS_SET_PROC, UINT32_MAX, AUTH_BADCRED},
        {CLIENT_GSS_SET_SERVICE, 0, AUTH_BADCRED},
        {CLIENT_GSS_SET_SERVICE, 4, AUTH_BADCRED},
        {CLIENT_GSS_BAD_HANDLE, 0, RPCSEC_GSS_CREDPROBLEM},
        {CLIENT_GSS_NO_HANDLE, 0, RPCSEC_GSS_CREDPROBLEM},
        {CLIENT_GSS_BAD_MIC, 0, RPCSEC_GSS_CREDPROBLEM},
        {CLIENT_GSS_SHORT_MIC, 0, RPCSEC_GSS_CREDPROBLEM},
        {CLIENT_GSS_NO_MIC, 0, AUTH_BADVERF},
        {CLIENT_GSS_SET_SEQ, RPCSEC_GSS_MAXSEQ, RPCSEC_GSS_CTXPROBLEM},
        {CLIENT_GSS_SET_SEQ, UINT32_MAX, RPCSEC_GSS_CTXPROBLEM},
    };
    struct client_conn conn;

    (void)state;
    (void)gss_connect(&conn, "alice", RPC_GSS_SVC_NONE);
    for (uint32_t i = 0; i < ARRAY_SIZE(cases); i++) {
        for (uint32_t j = 0; j < ARRAY_SIZE(services); j++) {
            conn.gss_service = services[j];
            spoil(&conn, cases[i].what, cases[i].number);
            gss_expect_denied(&conn, cases[i].stat);
            gss_expect_null(&conn);
        }
    }
    client_conn_close(&conn);
}

/* A context is not of a connection: rpc.gssd makes it on one, the kernel uses it on another. */
static void other_connections(void **state)
{
    struct client_conn conn, other;
    struct client_gss *gss = gss_connect(&conn, "alice", RPC_GSS_SVC_PRIVACY);

    (void)state;
    script_connect(&other);
    client_gss_use(&other, gss, RPC_GSS_SVC_INTEGRITY);
    client_conn_close(&conn);
    gss_expect_null(&other);
    client_conn_close(&other);
}

/* Whoever has seen or guessed the handle of another user's context has not got its keys. */
static void stolen_handle(void **state)
{
    struct client_conn alices, bobs;
    struct client_gss *theirs = gss_connect(&alices, "alice", RPC_GSS_SVC_NONE);
    struct client_gss *own = gss_connect(&bobs, "bob", RPC_GSS_SVC_NONE);

    (void)state;
    assert_int_equal(own->handle_len, theirs->handle_len);
    memcpy(own->handle, theirs->handle, own->handle_len);
    own->seq = 1000000;
    gss_expect_denied(&bobs, RPCSEC_GSS_CREDPROBLEM);
    gss_expect_null(&alices); /* whose window has not moved */
    client_conn_close(&alices);
    client_conn_close(&bobs);
}

/* ---- sequence numbers ---- */

static void send_made(struct client_conn *conn, const struct client_bytes *call)
{
    assert_int_equal(client_conn_send_record(conn, call->data, call->len, 0), CLIENT_OK);
}

static struct client_bytes make_null(struct client_conn *conn)
{
    return client_call_make(conn, ++conn->xid, NFS4_PROGRAM, NFS_V4, NFSPROC4_NULL, NULL, 0);
}

static void receive_one(struct client_conn *conn)
{
    struct client_reply reply;

    assert_int_equal(client_call_receive_any(conn, &reply), CLIENT_OK);
    assert_int_equal(reply.verf, CLIENT_VERF_GOOD);
    client_reply_free(&reply);
}

/* Within the window, any order will do. */
static void out_of_order(void **state)
{
    struct client_bytes calls[WINDOW];
    struct client_conn conn;

    (void)state;
    (void)gss_connect(&conn, "alice", RPC_GSS_SVC_INTEGRITY);
    for (uint32_t i = 0; i < WINDOW; i++)
        calls[i] = make_null(&conn);
    for (uint32_t i = WINDOW; i-- > 0;) {
        send_made(&conn, &calls[i]);
        receive_one(&conn);
        free(calls[i].data);
    }
    client_conn_close(&conn);
}

/* A repeated call is not run again.  Its connection is closed, which the client notices at once,
 * and no other one. */
static void replay(void **state)
{
    struct client_conn conn, other;
    struct client_gss *gss = gss_connect(&conn, "alice", RPC_GSS_SVC_NONE);
    struct client_bytes call = make_null(&conn);

    (void)state;
    script_connect(&other);
    client_gss_use(&other, gss, RPC_GSS_SVC_NONE);
    send_made(&conn, &call);
    receive_one(&conn);
    send_made(&conn, &call);
    assert_int_equal(client_conn_wait_close(&conn, WAIT_PATIENCE_MS), CLIENT_CLOSED);
    gss_expect_null(&other);
    free(call.data);
    client_conn_close(&conn);
    client_conn_close(&other);
}

/* The same for one that comes when the window has moved on: the lowest number in it is still
 * good. */
static void below_window(void **state)
{
    struct client_bytes old, lowest;
    struct client_conn conn;
    struct client_gss *gss = gss_connect(&conn, "alice", RPC_GSS_SVC_NONE);

    (void)state;
    old = make_null(&conn);
    lowest = make_null(&conn);
    gss->seq += WINDOW - 2; /* the next one is as far above the lowest as can be */
    gss_expect_null(&conn);
    send_made(&conn, &lowest);
    receive_one(&conn);
    send_made(&conn, &old);
    assert_int_equal(client_conn_wait_close(&conn, WAIT_PATIENCE_MS), CLIENT_CLOSED);
    free(old.data);
    free(lowest.data);
    client_conn_close(&conn);
}

/* A number moves the window only if the call is the client's. */
static void forged_jump(void **state)
{
    struct client_conn conn;

    (void)state;
    (void)gss_connect(&conn, "alice", RPC_GSS_SVC_NONE);
    for (uint32_t i = 0; i < 3; i++) {
        conn.gss_fault = (struct client_gss_fault){.what = CLIENT_GSS_BAD_MIC | CLIENT_GSS_SET_SEQ,
                                                   .number = RPCSEC_GSS_MAXSEQ - 1};
        gss_expect_denied(&conn, RPCSEC_GSS_CREDPROBLEM);
        gss_expect_null(&conn);
    }
    client_conn_close(&conn);
}

/* ---- bodies ---- */

/* What was changed or cut off behind the header: the reply says so, and is signed. */
static void spoilt_bodies(void **state)
{
    static const uint32_t faults[] = {CLIENT_GSS_INNER_SEQ, CLIENT_GSS_BAD_BODY,
                                      CLIENT_GSS_SHORT_BODY, CLIENT_GSS_BODY_LENGTH};
    struct client_conn conn;

    (void)state;
    (void)gss_connect(&conn, "alice", RPC_GSS_SVC_NONE);
    for (uint32_t i = 0; i < ARRAY_SIZE(faults); i++) {
        for (uint32_t j = 1; j < ARRAY_SIZE(services); j++) {
            conn.gss_service = services[j];
            spoil(&conn, faults[i], 0);
            gss_expect_error(&conn, NFS4_PROGRAM, NFS_V4, NFSPROC4_NULL, ACCEPT_GARBAGE_ARGS);
            gss_expect_null(&conn);
        }
    }
    conn.gss_service = RPC_GSS_SVC_INTEGRITY;
    spoil(&conn, CLIENT_GSS_BAD_ARGS, 0);
    gss_expect_error(&conn, NFS4_PROGRAM, NFS_V4, NFSPROC4_NULL, ACCEPT_GARBAGE_ARGS);
    client_conn_close(&conn);
}

/* Credentials that promise another service than the body has. */
static void wrong_service(void **state)
{
    struct client_conn conn;

    (void)state;
    (void)gss_connect(&conn, "alice", RPC_GSS_SVC_NONE);
    for (uint32_t i = 0; i < ARRAY_SIZE(services); i++) {
        for (uint32_t j = 1; j < ARRAY_SIZE(services); j++) {
            struct client_reply reply;
            uint32_t xid;

            if (i == j)
                continue;
            conn.gss_service = services[i];
            conn.gss_lenient = true;
            spoil(&conn, CLIENT_GSS_SET_SERVICE, services[j]);
            gss_send_null(&conn, &xid);
            assert_int_equal(client_call_receive(&conn, xid, &reply), CLIENT_REJECTED);
            assert_int_equal(reply.header.stat, MSG_ACCEPTED);
            assert_int_equal(reply.header.accept_stat, ACCEPT_GARBAGE_ARGS);
            client_reply_free(&reply);
            gss_expect_null(&conn);
        }
    }
    client_conn_close(&conn);
}

/* ---- destroying ---- */

static void destroyed(void **state)
{
    struct client_conn conn, other;
    struct client_gss *gss = gss_connect(&conn, "alice", RPC_GSS_SVC_PRIVACY);

    (void)state;
    script_connect(&other);
    client_gss_use(&other, gss, RPC_GSS_SVC_NONE);
    gss_expect_null(&other);
    assert_int_equal(client_gss_destroy(&conn, gss), CLIENT_OK);
    gss_expect_denied(&conn, RPCSEC_GSS_CREDPROBLEM);
    gss_expect_denied(&other, RPCSEC_GSS_CREDPROBLEM);
    client_conn_close(&conn);
    client_conn_close(&other);
}

/* Nobody else can end it. */
static void not_destroyed(void **state)
{
    struct client_conn conn;
    struct client_gss *gss = gss_connect(&conn, "alice", RPC_GSS_SVC_NONE);

    (void)state;
    spoil(&conn, CLIENT_GSS_BAD_MIC, 0);
    assert_int_equal(client_gss_destroy(&conn, gss), CLIENT_REJECTED);
    gss_expect_null(&conn);
    client_conn_close(&conn);
}

/* ---- what the server tells ---- */

static double refused(const char *why)
{
    char pattern[64];
    struct scrape now = scrape_take();
    double count;

    (void)snprintf(pattern, sizeof(pattern), "transport_%s", why);
    count = scrape_sum(&now, pattern);
    scrape_free(&now);
    return count;
}

static void counted(void **state)
{
    static const struct {
        const char *counter;
        uint32_t what, number;
    } cases[] = {
        {"gss_unknown", CLIENT_GSS_BAD_HANDLE, 0},
        {"gss_expired", CLIENT_GSS_SET_SEQ, UINT32_MAX},
        {"gss_malformed", CLIENT_GSS_SET_SERVICE, 7},
        {"gss_bad_verifiers", CLIENT_GSS_BAD_MIC, 0},
        {"gss_bad_bodies", CLIENT_GSS_BAD_BODY, 0},
    };
    struct client_bytes call;
    struct client_conn conn;
    double before;

    (void)state;
    (void)gss_connect(&conn, "alice", RPC_GSS_SVC_INTEGRITY);
    for (uint32_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct client_reply reply;
        uint32_t xid;

        before = refused(cases[i].counter);
        spoil(&conn, cases[i].what, cases[i].number);
        gss_send_null(&conn, &xid);
        assert_int_equal(client_call_receive(&conn, xid, &reply), CLIENT_REJECTED);
        client_reply_free(&reply);
        assert_true(refused(cases[i].counter) == before + 1);
    }
    call = make_null(&conn);
    before = refused("gss_replays");
    send_made(&conn, &call);
    send_made(&conn, &call);
    assert_int_equal(client_conn_wait_close(&conn, WAIT_PATIENCE_MS), CLIENT_CLOSED);
    assert_true(refused("gss_replays") == before + 1);
    free(call.data);
    client_conn_close(&conn);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(services_mix),    cmocka_unit_test(errors_are_signed),
        cmocka_unit_test(bad_credentials), cmocka_unit_test(other_connections),
        cmocka_unit_test(stolen_handle),   cmocka_unit_test(out_of_order),
        cmocka_unit_test(replay),          cmocka_unit_test(below_window),
        cmocka_unit_test(forged_jump),     cmocka_unit_test(spoilt_bodies),
        cmocka_unit_test(wrong_service),   cmocka_unit_test(destroyed),
        cmocka_unit_test(not_destroyed),   cmocka_unit_test(counted),
    };

    return test_group_run_fixtures(tests, gss_setup, gss_teardown);
}
