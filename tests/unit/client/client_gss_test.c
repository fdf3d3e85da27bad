/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RPCSEC_GSS of the client, and the ways in which it misbehaves on purpose, against a server made
 * with the library alone.
 */
#include "lib/test.h"

#include <unistd.h>

#include "client/client_call.h"
#include "client/client_security.h"
#include "gss_server.h"
#include "lib/realm.h"
#include "wire/nfs4_const.h"

#define ARGS_BYTES 4096u

static struct test_realm realm;
static char keytab[128], ccache[160], why[CLIENT_WHY_BYTES];
static uint8_t args[ARGS_BYTES];

static int group_setup(void **state)
{
    (void)state;
    if (!test_realm_start(&realm, NULL))
        return -1;
    (void)snprintf(keytab, sizeof(keytab), "%s", test_realm_path(&realm, "alice.keytab"));
    (void)snprintf(ccache, sizeof(ccache), "FILE:%s", test_realm_path(&realm, "alice.ccache"));
    (void)setenv("KRB5_KTNAME", test_realm_path(&realm, "server.keytab"), 1);
    for (unsigned i = 0; i < ARGS_BYTES; i++)
        args[i] = (uint8_t)(i * 7);
    return 0;
}

static int group_teardown(void **state)
{
    (void)state;
    test_realm_fini(&realm);
    return 0;
}

static struct client_gss_wish alice(void)
{
    return (struct client_gss_wish){
        .server = "localhost", .principal = "alice", .ccache = ccache, .keytab = keytab};
}

/* A server, and a context with it that its connection uses. */
static int setup(void **state)
{
    struct gss_server *server = must_calloc(1, sizeof(*server));
    const struct client_gss_wish wish = alice();
    struct client_gss *gss;

    gss_server_start(server);
    if (client_gss_open(&server->conn, &wish, &gss, why) != CLIENT_OK)
        fail_msg("%s", why);
    client_gss_use(&server->conn, gss, RPC_GSS_SVC_NONE);
    client_gss_put(gss);
    *state = server;
    return 0;
}

static int teardown(void **state)
{
    gss_server_stop(*state);
    free(*state);
    return 0;
}

/* Call, and expect the arguments as results unless the client finds something wrong. */
static enum client_status echo(struct gss_server *server, size_t len)
{
    struct client_reply reply;
    enum client_status status;
    uint32_t xid;

    assert_int_equal(client_call_send(&server->conn, NFS4_PROGRAM, NFS_V4, 1, args, len, &xid),
                     CLIENT_OK);
    status = client_call_receive(&server->conn, xid, &reply);
    if (status == CLIENT_OK && server->wrong == 0) {
        assert_int_equal(xdr_left(&reply.results), len);
        assert_memory_equal(reply.results.p, args, len);
        assert_int_equal(reply.verf, CLIENT_VERF_GOOD);
    }
    if (status == CLIENT_OK || status == CLIENT_REJECTED)
        client_reply_free(&reply);
    return status;
}

static void services_can_change_from_call_to_call(void **state)
{
    struct gss_server *server = *state;

    assert_string_equal(server->caller, "alice@MAINSTAY.TEST");
    assert_int_equal(server->conn.gss->window, 128);
    for (uint32_t turn = 0; turn < 6; turn++) {
        server->conn.gss_service = RPC_GSS_SVC_NONE + turn % 3;
        assert_int_equal(echo(server, turn * 512), CLIENT_OK);
        assert_int_equal(server->wrong, 0);
        assert_int_equal(server->cred.service, server->conn.gss_service);
        assert_int_equal(server->cred.seq_num, turn + 1);
    }
}

struct spoiling {
    uint32_t what, number;
    unsigned wrong[3]; /* with each service */
};

#define ALL(wrong)                                                                                 \
    {                                                                                              \
        (wrong), (wrong), (wrong)                                                                  \
    }

/* Each fault is what its name says, and nothing else is wrong. */
static void faults_are_what_they_say(void **state)
{
    static const struct spoiling spoilings[] = {
        {CLIENT_GSS_BAD_MIC, 0, ALL(GSS_CALL_MIC)},
        {CLIENT_GSS_SHORT_MIC, 0, ALL(GSS_CALL_MIC)},
        {CLIENT_GSS_NO_MIC, 0, ALL(GSS_CALL_MIC)},
        {CLIENT_GSS_BAD_HANDLE, 0, ALL(GSS_CALL_HANDLE)},
        {CLIENT_GSS_NO_HANDLE, 0, ALL(GSS_CALL_HANDLE)},
        {CLIENT_GSS_INNER_SEQ, 0, {0, GSS_CALL_INNER_SEQ, GSS_CALL_INNER_SEQ}},
        {CLIENT_GSS_BAD_BODY, 0, {0, GSS_CALL_BODY, GSS_CALL_BODY}},
        {CLIENT_GSS_BAD_ARGS, 0, {0, GSS_CALL_BODY, 0}},
        {CLIENT_GSS_SHORT_BODY, 0, {0, GSS_CALL_BODY, GSS_CALL_BODY}},
        {CLIENT_GSS_BODY_LENGTH, 0, {0, GSS_CALL_BODY, GSS_CALL_BODY}},
        {CLIENT_GSS_SET_SEQ, 0x7fffffff, ALL(0)},
    };
    struct gss_server *server = *state;
    uint32_t seq = 0;

    server->conn.gss_lenient = true;
    for (size_t i = 0; i < sizeof(spoilings) / sizeof(*spoilings); i++) {
        /* Without a body of its own the arguments end early, which is for the program to see. */
        const uint32_t first = spoilings[i].what == CLIENT_GSS_SHORT_BODY;

        for (uint32_t service = first; service < 3; service++) {
            server->conn.gss_service = RPC_GSS_SVC_NONE + service;
            server->conn.gss_fault =
                (struct client_gss_fault){.what = spoilings[i].what, .number = spoilings[i].number};
            (void)echo(server, ARGS_BYTES);
            assert_int_equal(server->wrong, spoilings[i].wrong[service]);
            if (spoilings[i].what == CLIENT_GSS_SET_SEQ)
                assert_int_equal(server->cred.seq_num, spoilings[i].number);
            else
                seq++;
            assert_int_equal(echo(server, ARGS_BYTES), CLIENT_OK);
            assert_int_equal(server->wrong, 0);
            assert_int_equal(server->cred.seq_num, ++seq);
        }
    }
}

static void numbers_of_the_credentials_can_be_set(void **state)
{
    struct gss_server *server = *state;
    uint32_t seq;

    server->conn.gss_lenient = true;
    server->conn.gss_fault =
        (struct client_gss_fault){.what = CLIENT_GSS_SET_PROC, .number = 7, .calls = 2};
    (void)echo(server, 8);
    (void)echo(server, 8);
    assert_int_equal(server->cred.proc, 7);
    server->conn.gss_fault =
        (struct client_gss_fault){.what = CLIENT_GSS_SET_SERVICE, .number = 99};
    (void)echo(server, 8);
    assert_int_equal(server->cred.proc, RPCSEC_GSS_DATA);
    assert_int_equal(server->cred.service, 99);
    seq = server->cred.seq_num;
    server->conn.gss_fault = (struct client_gss_fault){.what = CLIENT_GSS_SET_VERSION, .number = 2};
    (void)echo(server, 8);
    assert_int_equal(server->cred.version, 2);
    assert_int_equal(echo(server, 8), CLIENT_OK);
    assert_int_equal(server->cred.seq_num, seq + 2);
}

/* A record can be sent again as it was; a retry of the client itself has another number. */
static void records_can_be_replayed(void **state)
{
    struct gss_server *server = *state;
    const uint32_t xid = 4711;
    struct client_bytes call =
        client_call_make(&server->conn, xid, NFS4_PROGRAM, NFS_V4, 1, args, 64);
    struct client_reply reply;
    uint32_t seq;

    for (int i = 0; i < 2; i++) {
        assert_int_equal(client_conn_send_record(&server->conn, call.data, call.len, 0), CLIENT_OK);
        assert_int_equal(client_call_receive(&server->conn, xid, &reply), CLIENT_OK);
        client_reply_free(&reply);
        seq = server->cred.seq_num;
        assert_int_equal(seq, 1);
    }
    free(call.data);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(client_call_send_as(&server->conn, xid, NFS4_PROGRAM, NFS_V4, 1, args, 64),
                         CLIENT_OK);
        assert_int_equal(client_call_receive(&server->conn, xid, &reply), CLIENT_OK);
        client_reply_free(&reply);
        assert_int_equal(server->cred.seq_num, ++seq);
    }
    for (int i = 0; i < 2; i++) /* the reply to the first one may come behind the second one */
        assert_int_equal(client_call_send_as(&server->conn, xid, NFS4_PROGRAM, NFS_V4, 1, args, 64),
                         CLIENT_OK);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(client_call_receive(&server->conn, xid, &reply), CLIENT_OK);
        assert_int_equal(reply.verf, CLIENT_VERF_GOOD);
        client_reply_free(&reply);
    }
}

/* The client believes no reply that is not proven. */
static void wrong_replies_are_seen(void **state)
{
    struct gss_server *server = *state;

    for (uint32_t service = RPC_GSS_SVC_NONE; service <= RPC_GSS_SVC_PRIVACY; service++) {
        server->conn.gss_service = service;
        server->bad_verf = true;
        assert_int_equal(echo(server, 100), CLIENT_MALFORMED);
        server->bad_verf = false;
        server->no_verf = true;
        assert_int_equal(echo(server, 100), CLIENT_MALFORMED);
        server->no_verf = false;
        assert_int_equal(echo(server, 100), CLIENT_OK);
        if (service == RPC_GSS_SVC_NONE)
            continue;
        server->bad_body = true;
        assert_int_equal(echo(server, 100), CLIENT_MALFORMED);
        server->bad_body = false;
        server->other_seq = true;
        assert_int_equal(echo(server, 100), CLIENT_MALFORMED);
        server->other_seq = false;
    }
}

static void contexts_are_destroyed_when_asked(void **state)
{
    struct gss_server *server = *state;

    assert_int_equal(client_gss_destroy(&server->conn, server->conn.gss), CLIENT_OK);
    assert_int_equal(server->wrong, 0);
    assert_int_equal(server->destroyed, 1);
}

static void troubles_are_told_in_words(void **state)
{
    static const struct {
        struct client_gss_wish wish;
        const char *why;
    } troubles[] = {
        {{.server = "localhost", .ccache = "FILE:/nonexistent/cc"}, "no ticket: run kinit first"},
        {{.server = "elsewhere.mainstay.test"},
         "Server nfs/elsewhere.mainstay.test@MAINSTAY.TEST "
         "not found in Kerberos database"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(troubles) / sizeof(*troubles); i++) {
        struct client_gss_wish wish = troubles[i].wish;
        struct client_gss *gss;

        if (!wish.ccache) {
            wish.ccache = ccache;
            wish.keytab = keytab;
            wish.principal = "alice";
        }
        assert_int_equal(client_gss_create(&wish, &gss, why), CLIENT_FAILED);
        assert_null(gss);
        if (!strstr(why, troubles[i].why))
            fail_msg("%s", why);
    }
}

/* The server's key changes, and its keytab does not know: it refuses, and says why. */
static void refusals_are_told(void **state)
{
    const struct client_gss_wish wish = alice();
    struct gss_server server = {0};
    struct client_gss *gss;

    (void)state;
    gss_server_start(&server);
    (void)setenv("KRB5_KTNAME", keytab, 1);
    assert_int_equal(client_gss_open(&server.conn, &wish, &gss, why), CLIENT_REJECTED);
    assert_null(gss);
    assert_non_null(strstr(why, "the server refuses the ticket: "));
    (void)setenv("KRB5_KTNAME", test_realm_path(&realm, "server.keytab"), 1);
    gss_server_stop(&server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(services_can_change_from_call_to_call, setup, teardown),
        cmocka_unit_test_setup_teardown(faults_are_what_they_say, setup, teardown),
        cmocka_unit_test_setup_teardown(numbers_of_the_credentials_can_be_set, setup, teardown),
        cmocka_unit_test_setup_teardown(records_can_be_replayed, setup, teardown),
        cmocka_unit_test_setup_teardown(wrong_replies_are_seen, setup, teardown),
        cmocka_unit_test_setup_teardown(contexts_are_destroyed_when_asked, setup, teardown),
        cmocka_unit_test(troubles_are_told_in_words),
        cmocka_unit_test(refusals_are_told),
    };

    return test_group_run_fixtures(tests, group_setup, group_teardown);
}
