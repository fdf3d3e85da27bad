/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RPC-with-TLS of the client, and the ways in which it misbehaves on purpose, against a server
 * made with OpenSSL alone.
 */
#include "lib/test.h"

#include <openssl/err.h>

#include "client/client_call.h"
#include "client/client_security.h"
#include "lib/pki.h"
#include "tls_server.h"
#include "wire/nfs4_const.h"

static struct pki pki;
static char ca[PKI_PATH_BYTES], cert[PKI_PATH_BYTES], key[PKI_PATH_BYTES];
static char why[CLIENT_WHY_BYTES];

static int group_setup(void **state)
{
    (void)state;
    pki_create(&pki);
    pki_path(&pki, "ca.pem", ca);
    pki_path(&pki, "client1.pem", cert);
    pki_path(&pki, "client1.key", key);
    return 0;
}

static int group_teardown(void **state)
{
    (void)state;
    pki_destroy(&pki);
    return 0;
}

static const struct client_tls_wish usual = {.ca = ca, .name = "localhost"};

/* The handshake with this wish. */
static enum client_status open_with(struct tls_server *server, const struct client_tls_wish *wish)
{
    tls_server_start(server, &pki);
    return client_tls_open(&server->conn, wish, why);
}

static void calls_go_through_tls(void **state)
{
    struct tls_server server = {.alpn = "sunrpc"};
    const struct client_tls_facts *facts;

    (void)state;
    assert_int_equal(open_with(&server, &usual), CLIENT_OK);
    facts = client_tls_facts(&server.conn);
    assert_true(facts->done);
    assert_string_equal(facts->version, "TLSv1.3");
    assert_string_equal(facts->alpn, "sunrpc");
    assert_false(facts->cert_asked);
    assert_int_equal(facts->alert, -1);
    assert_non_null(strstr(facts->names, "DNS:localhost"));
    assert_non_null(strstr(facts->names, "IP:127.0.0.1"));
    assert_true(facts->not_after > 0);
    for (int i = 0; i < 3; i++)
        assert_int_equal(client_call_null(&server.conn), CLIENT_OK);
    assert_int_equal(facts->tickets, 0);
    tls_server_stop(&server);
    assert_int_equal(server.calls, 3);
    assert_true(server.close_notify);
    assert_string_equal(server.client, "");
}

/* That of another connection, or of another library, which uses the same queue. */
static void error_of_others_is_not_ours(void **state)
{
    struct tls_server server = {0};

    (void)state;
    ERR_raise(ERR_LIB_USER, ERR_R_INTERNAL_ERROR);
    assert_int_equal(open_with(&server, &usual), CLIENT_OK);
    ERR_raise(ERR_LIB_USER, ERR_R_INTERNAL_ERROR);
    assert_int_equal(client_call_null(&server.conn), CLIENT_OK);
    tls_server_stop(&server);
}

/* A record of several TLS records, with one system call for all that can be had at once. */
static void long_records_pass(void **state)
{
    struct tls_server server = {0};
    const size_t len = 1u << 20;
    uint8_t *args = must_calloc(1, len);
    struct client_reply reply;
    uint32_t xid;

    (void)state;
    assert_int_equal(open_with(&server, &usual), CLIENT_OK);
    client_conn_buffer(&server.conn);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(client_call_send(&server.conn, NFS4_PROGRAM, NFS_V4, 0, args, len, &xid),
                         CLIENT_OK);
        assert_int_equal(client_call_receive(&server.conn, xid, &reply), CLIENT_OK);
        client_reply_free(&reply);
    }
    tls_server_stop(&server);
    assert_int_equal(server.calls, 2);
    free(args);
}

/* It must not be silent until the call has come: nothing but the call sends Finished. */
static void finished_waits_for_the_first_call(void **state)
{
    struct client_tls_wish wish = usual;
    struct tls_server server = {0};

    (void)state;
    wish.hold_finished = true;
    assert_int_equal(open_with(&server, &wish), CLIENT_OK);
    assert_int_equal(client_conn_wait_close(&server.conn, 0), CLIENT_TIMEOUT);
    assert_int_equal(client_call_null(&server.conn), CLIENT_OK);
    tls_server_stop(&server);
    assert_int_equal(server.calls, 1);

    server = (struct tls_server){0};
    assert_int_equal(open_with(&server, &wish), CLIENT_OK);
    client_tls_truncate(&server.conn);
    tls_server_stop(&server);
    assert_false(server.accepted);
}

static void handshake_comes_in_pieces(void **state)
{
    struct client_tls_wish wish = usual;
    struct tls_server server = {0};

    (void)state;
    wish.split_bytes = 1;
    assert_int_equal(open_with(&server, &wish), CLIENT_OK);
    assert_int_equal(client_call_null(&server.conn), CLIENT_OK);
    tls_server_stop(&server);
}

static void certificate_of_the_client_is_shown(void **state)
{
    struct client_tls_wish wish = usual;
    struct tls_server server = {.asks = true};

    (void)state;
    wish.cert = cert;
    wish.key = key;
    assert_int_equal(open_with(&server, &wish), CLIENT_OK);
    assert_true(client_tls_facts(&server.conn)->cert_asked);
    assert_int_equal(client_call_null(&server.conn), CLIENT_OK);
    tls_server_stop(&server);
    assert_string_equal(server.client, "client1");
}

/* In TLS 1.3 the client is done before the server has seen its certificate. */
static void refusal_of_the_certificate_is_seen(void **state)
{
    struct client_tls_wish stolen = usual, none = usual;
    struct tls_server server = {.asks = true};

    (void)state;
    stolen.cert = cert;
    stolen.stolen_cert = true;
    assert_int_equal(open_with(&server, &stolen), CLIENT_OK);
    assert_int_not_equal(client_call_null(&server.conn), CLIENT_OK);
    assert_int_equal(client_tls_facts(&server.conn)->alert, 51); /* decrypt_error */
    assert_string_equal(server.conn.why, "the server ended TLS: decrypt error");
    tls_server_stop(&server);
    assert_false(server.accepted);

    server = (struct tls_server){.asks = true};
    assert_int_equal(open_with(&server, &none), CLIENT_OK);
    assert_int_not_equal(client_call_null(&server.conn), CLIENT_OK);
    assert_int_equal(client_tls_facts(&server.conn)->alert, 116); /* certificate_required */
    tls_server_stop(&server);
}

struct doubt {
    const char *cert, *name, *why;
};

static void doubtful_server_is_not_used(void **state)
{
    static const struct doubt doubts[] = {
        {"server", "elsewhere.mainstay.test", "for other names than elsewhere.mainstay.test: DNS:"},
        {"server", "192.0.2.1", "for other names than 192.0.2.1"},
        {"nosan", "localhost", "it has no subjectAltName"},
        {"rogue", "client1.mainstay.test", "from a CA that "},
        {"self", NULL, "from a CA that "},
        {"old", NULL, "expired: 2"},
        {"future", NULL, "not yet valid"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(doubts) / sizeof(*doubts); i++) {
        struct client_tls_wish wish = {.ca = ca, .name = doubts[i].name};
        struct tls_server server = {.cert = doubts[i].cert};

        assert_int_equal(open_with(&server, &wish), CLIENT_FAILED);
        if (!strstr(why, doubts[i].why))
            fail_msg("%s: %s", doubts[i].cert, why);
        tls_server_stop(&server);
        assert_false(server.accepted);

        wish.trust_any = true;
        server = (struct tls_server){.cert = doubts[i].cert};
        assert_int_equal(open_with(&server, &wish), CLIENT_OK);
        tls_server_stop(&server);
    }
}

static void addresses_are_names(void **state)
{
    static const char *const names[] = {"127.0.0.1", "::1", "server.mainstay.test"};

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        const struct client_tls_wish wish = {.ca = ca, .name = names[i]};
        struct tls_server server = {0};

        assert_int_equal(open_with(&server, &wish), CLIENT_OK);
        tls_server_stop(&server);
    }
}

static void server_without_tls_is_told(void **state)
{
    struct tls_server server = {.refuses = true};

    (void)state;
    assert_int_equal(open_with(&server, &usual), CLIENT_REJECTED);
    assert_string_equal(why, "the server does not offer TLS");
    tls_server_stop(&server);
}

static void versions_that_differ_are_told(void **state)
{
    struct client_tls_wish old = usual;
    struct tls_server server = {.only_12 = true};

    (void)state;
    assert_int_equal(open_with(&server, &usual), CLIENT_CLOSED);
    assert_non_null(strstr(why, "the server ended the TLS handshake: protocol version"));
    tls_server_stop(&server);

    old.only_12 = true;
    server = (struct tls_server){.only_12 = true};
    assert_int_equal(open_with(&server, &old), CLIENT_OK);
    assert_string_equal(client_tls_facts(&server.conn)->version, "TLSv1.2");
    tls_server_stop(&server);
}

/* By the server, of itself and when the client asks. */
static void keys_can_change(void **state)
{
    (void)state;
    for (int asked = 0; asked < 2; asked++) {
        struct tls_server server = {.updates_keys = !asked, .tickets = 2};

        assert_int_equal(open_with(&server, &usual), CLIENT_OK);
        if (asked)
            assert_int_equal(client_tls_key_update(&server.conn, true), CLIENT_OK);
        for (int i = 0; i < 3; i++)
            assert_int_equal(client_call_null(&server.conn), CLIENT_OK);
        assert_int_equal(client_tls_facts(&server.conn)->key_updates, 1);
        assert_int_equal(client_tls_facts(&server.conn)->tickets, 2);
        tls_server_stop(&server);
    }
}

static void end_is_orderly_or_not(void **state)
{
    struct tls_server server = {0};

    (void)state;
    assert_int_equal(open_with(&server, &usual), CLIENT_OK);
    client_tls_truncate(&server.conn);
    tls_server_stop(&server);
    assert_true(server.accepted);
    assert_false(server.close_notify);

    server = (struct tls_server){0};
    assert_int_equal(open_with(&server, &usual), CLIENT_OK);
    assert_int_equal(client_tls_end(&server.conn), CLIENT_OK);
    assert_int_equal(client_conn_wait_close(&server.conn, 60000), CLIENT_CLOSED);
    tls_server_stop(&server);
    assert_true(server.close_notify);
}

static void files_that_are_no_good_are_told(void **state)
{
    struct client_tls_wish wish = {.ca = "/nonexistent/ca.pem"};
    struct tls_server server = {0};

    (void)state;
    assert_int_equal(open_with(&server, &wish), CLIENT_FAILED);
    assert_string_equal(why, "the CA file /nonexistent/ca.pem: No such file or directory");
    wish = (struct client_tls_wish){.ca = ca, .cert = key};
    assert_int_equal(client_tls_start(&server.conn, &wish, why), CLIENT_FAILED);
    assert_non_null(strstr(why, "the certificate file "));
    wish = (struct client_tls_wish){.ca = ca, .cert = cert, .key = ca};
    assert_int_equal(client_tls_start(&server.conn, &wish, why), CLIENT_FAILED);
    assert_non_null(strstr(why, "the key file "));
    wish.key = NULL;
    assert_int_equal(client_tls_start(&server.conn, &wish, why), CLIENT_FAILED);
    assert_non_null(strstr(why, "no key is given, and none is in "));
    tls_server_stop(&server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(calls_go_through_tls),
        cmocka_unit_test(error_of_others_is_not_ours),
        cmocka_unit_test(long_records_pass),
        cmocka_unit_test(finished_waits_for_the_first_call),
        cmocka_unit_test(handshake_comes_in_pieces),
        cmocka_unit_test(certificate_of_the_client_is_shown),
        cmocka_unit_test(refusal_of_the_certificate_is_seen),
        cmocka_unit_test(doubtful_server_is_not_used),
        cmocka_unit_test(addresses_are_names),
        cmocka_unit_test(server_without_tls_is_told),
        cmocka_unit_test(versions_that_differ_are_told),
        cmocka_unit_test(keys_can_change),
        cmocka_unit_test(end_is_orderly_or_not),
        cmocka_unit_test(files_that_are_no_good_are_told),
    };

    return test_group_run_fixtures(tests, group_setup, group_teardown);
}
