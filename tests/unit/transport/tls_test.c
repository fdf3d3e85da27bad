/* SPDX-License-Identifier: Apache-2.0 */
/* RPC-with-TLS as the transport sees it, by clients that keep to RFC 9289 and by others. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/pki.h"
#include "lib/test.h"
#include "lib/tls_client.h"
#include "lib/wait.h"
#include "rpc_server.h"
#include "tls/tls_context.h"
#include "tls/tls_kernel.h"
#include "tls/tls_session.h"

enum {
    WORDS_MAX = LIMIT_RPC_RECORD_BYTES / 4,
    NULL_REPLY_RECORD = NULL_REPLY_BYTES - 4,
};

static struct pki pki;
static struct rpc_server server;
static bool offload; /* have the kernel encrypt what the server sends, if it can */
static uint32_t words[WORDS_MAX];
static uint8_t bytes[LIMIT_REPLY_BYTES + 4096];

/* ---- the server ---- */

static struct tls_context *context_of(const char *cert, const char *crl)
{
    char path[5][PKI_PATH_BYTES], name[64], why[TLS_WHY_BYTES];
    struct tls_files files = {.ca = pki_path(&pki, "ca.pem", path[0]), .offload = offload};
    struct tls_context *context;

    snprintf(name, sizeof(name), "%s.pem", cert);
    files.cert = pki_path(&pki, name, path[1]);
    snprintf(name, sizeof(name), "%s.key", cert);
    files.key = pki_path(&pki, name, path[2]);
    if (crl)
        files.crl = pki_path(&pki, crl, path[3]);
    context = tls_context_create(&files, why, sizeof(why));
    if (!context)
        print_message("%s\n", why);
    assert_non_null(context);
    return context;
}

static void tls_use(const char *cert, const char *crl)
{
    struct tls_context *context = context_of(cert, crl);

    transport_tls_set(server.transport, context);
    tls_context_put(context);
}

static int group_setup(void **state)
{
    (void)state;
    pki_create(&pki);
    for (uint32_t i = 0; i < WORDS_MAX; i++)
        words[i] = i * 2654435761u;
    return 0;
}

static int group_teardown(void **state)
{
    (void)state;
    pki_destroy(&pki);
    return 0;
}

static int setup(void **state)
{
    (void)state;
    rpc_server_start(&server, 2, 0);
    tls_use("server", "revoked.crl");
    return 0;
}

static int setup_small(void **state)
{
    (void)state;
    rpc_server_start_tls(&server, 100, 8);
    tls_use("server", NULL);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    rpc_server_stop(&server);
    return 0;
}

static int setup_offloaded(void **state)
{
    offload = true;
    return setup(state);
}

static int setup_small_offloaded(void **state)
{
    offload = true;
    return setup_small(state);
}

static int teardown_suites(void **state)
{
    offload = false;
    return teardown(state);
}

static bool kernel_sends(void)
{
    return offload && tls_kernel_is_able();
}

/* Where the kernel has no TLS, nothing differs. */
static int teardown_offloaded(void **state)
{
    struct transport_stats stats = rpc_server_stats(&server);

    assert_true(stats.tls_sessions > 0);
    assert_int_equal(stats.tls_kernel, kernel_sends() ? stats.tls_sessions : 0);
    offload = false;
    return teardown(state);
}

/* ---- clients ---- */

/* A client whose probe was answered, with that certificate; NULL: without. */
static void client_begin(struct tls_client *client, const char *cert, int fd)
{
    char path[3][PKI_PATH_BYTES], name[64];
    struct tls_client_wish wish = {.ca = pki_path(&pki, "ca.pem", path[0])};

    if (cert) {
        snprintf(name, sizeof(name), "%s.pem", cert);
        wish.cert = pki_path(&pki, name, path[1]);
        snprintf(name, sizeof(name), "%s.key", strcmp(cert, "chain-leaf") == 0 ? "chain" : cert);
        wish.key = pki_path(&pki, name, path[2]);
    }
    assert_true(tls_client_probe(fd, TEST_PROGRAM, 4));
    tls_client_init(client, fd, &wish);
}

static void client_open(struct tls_client *client, const char *cert)
{
    client_begin(client, cert, client_connect(&server));
    assert_true(tls_client_connect(client));
}

static void secure_call(struct tls_client *client, uint32_t xid, uint32_t proc, size_t count)
{
    tls_client_send(client, bytes, call_encode(bytes, xid, proc, words, count));
}

static uint32_t word(size_t i)
{
    uint32_t be;

    memcpy(&be, bytes + 4 * i, sizeof(be));
    return ntohl(be);
}

static void expect_reply(struct tls_client *client, uint32_t xid, size_t count)
{
    assert_int_equal(tls_client_receive_record(client, bytes, sizeof(bytes)), 24 + 4 * count);
    assert_int_equal(word(0), xid);
    for (size_t i = 2; i < 6; i++)
        assert_int_equal(word(i), 0);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(word(6 + i), words[i]);
}

static void expect_alive(struct tls_client *client)
{
    secure_call(client, 77, PROC_ECHO, 3);
    expect_reply(client, 77, 3);
}

/* ---- what works ---- */

static void calls_large_and_small(void **state)
{
    static const size_t counts[] = {0, 1, 100, 4096, 16384, 100000, WORDS_MAX - 1024};
    struct tls_client client;

    (void)state;
    client_open(&client, "client1");
    assert_true(client.cert_asked);
    assert_string_equal(SSL_get_version(client.ssl), "TLSv1.3");
    assert_string_equal(SSL_get_cipher_name(client.ssl), "TLS_AES_128_GCM_SHA256");
    for (uint32_t i = 0; i < ARRAY_SIZE(counts); i++) {
        secure_call(&client, i, PROC_ECHO, counts[i]);
        expect_reply(&client, i, counts[i]);
    }
    assert_int_equal(client.tickets, 0);
    assert_int_equal(client.key_updates, 0);
    tls_client_fini(&client);
}

static void tail_exchange(struct tls_client *client, uint32_t proc, uint32_t len)
{
    uint32_t arguments[] = {len, len};

    tls_client_send(client, bytes, call_encode(bytes, len, proc, arguments, 2));
    assert_int_equal(tls_client_receive_record(client, bytes, sizeof(bytes)),
                     28 + (len + 3) / 4 * 4);
    for (uint32_t at = 0; at < len; at++)
        assert_int_equal(bytes[28 + at], at % 251);
}

static void tails(void **state)
{
    static const uint32_t lens[] = {1, 4096, 70000, 1 << 20};
    struct tls_client client;

    (void)state;
    client_open(&client, NULL);
    for (uint32_t i = 0; i < ARRAY_SIZE(lens); i++) {
        tail_exchange(&client, PROC_TAIL, lens[i]);
        tail_exchange(&client, PROC_PIECES, lens[i]);
    }
    /* A file that is cut off meanwhile. */
    tls_client_send(&client, bytes,
                    call_encode(bytes, 1, PROC_TAIL, (const uint32_t[]){70000, 20000}, 2));
    wait_unsigned(&server.closed, 1);
    assert_int_equal(rpc_server_stats(&server).tails_short, 1);
    tls_client_fini(&client);
}

/* Replies that the client does not read for a while: nothing is lost, nothing comes twice. */
static void slow_reader(void **state)
{
    enum {
        CALLS = 24
    };
    struct tls_client client;
    uint32_t arguments[] = {1 << 18};

    (void)state;
    client_begin(&client, NULL, client_connect_small(&server, 4096));
    assert_true(tls_client_connect(&client));
    for (uint32_t i = 0; i < CALLS; i++)
        tls_client_send(&client, bytes,
                        i % 2 ? call_encode(bytes, i, PROC_FILL, arguments, 1)
                              : call_encode(bytes, i, i % 4 ? PROC_TAIL : PROC_PIECES,
                                            (const uint32_t[]){1 << 20, 1 << 20}, 2));
    wait_until(rpc_server_stats(&server).unsent_bytes > 0);
    for (uint32_t i = 0; i < CALLS; i++) {
        assert_true(tls_client_receive_record(&client, bytes, sizeof(bytes)) >= 1 << 20);
        assert_int_equal(word(0), i);
        for (uint32_t at = 0; at < 1 << 18 && i % 2; at++)
            assert_int_equal(word(6 + at), at);
        for (uint32_t at = 0; at < 1 << 20 && i % 2 == 0; at++)
            assert_int_equal(bytes[28 + at], at % 251);
    }
    tls_client_fini(&client);
}

/* Linux sends its first call in one segment with Finished: it must not wait for more to come. */
static void call_with_finished(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 20; i++) {
        struct tls_client client;
        uint8_t call[NULL_CALL_BYTES + 64];
        size_t len = call_encode(call, i, PROC_ECHO, words, 4);

        client_begin(&client, i % 2 ? "client1" : NULL, client_connect(&server));
        assert_true(tls_client_shake(&client));
        tls_client_write(&client, call, len);
        tls_client_flush(&client, 0);
        expect_reply(&client, i, 4);
        tls_client_fini(&client);
    }
}

static void bytes_one_by_one(void **state)
{
    struct tls_client client;
    uint8_t call[NULL_CALL_BYTES + 64];

    (void)state;
    client_begin(&client, "client1", client_connect(&server));
    assert_true(tls_client_shake(&client));
    tls_client_write(&client, call, call_encode(call, 5, PROC_ECHO, words, 9));
    tls_client_flush(&client, 1);
    expect_reply(&client, 5, 9);
    tls_client_fini(&client);
}

/* Two threads use the session: replies from calls that block, while others are received. */
static void calls_that_block(void **state)
{
    enum {
        CALLS = 40
    };
    struct tls_client client;
    bool seen[CALLS] = {0};

    (void)state;
    client_open(&client, NULL);
    for (uint32_t i = 0; i < CALLS; i++) {
        words[0] = i * 100;
        secure_call(&client, i, i % 2 ? PROC_SLEEP_MAY : PROC_ECHO, 20000);
    }
    for (uint32_t i = 0; i < CALLS; i++) {
        assert_int_equal(tls_client_receive_record(&client, bytes, sizeof(bytes)), 24 + 80000);
        assert_true(word(0) < CALLS && !seen[word(0)]);
        seen[word(0)] = true;
        assert_int_equal(word(6), word(0) * 100);
        assert_int_equal(word(7), words[1]);
    }
    words[0] = 0;
    tls_client_fini(&client);
}

/* ---- the probe ---- */

static bool has_bytes(int fd)
{
    uint8_t byte;

    return recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

/* The timer of the transport notices that all is answered. */
static bool has_bytes_after_tick(int fd)
{
    transport_tick(server.transport, 1);
    return has_bytes(fd);
}

/* Replies to calls before the probe come before the probe's, in plain, also if one takes long. */
static void calls_before_the_probe(void **state)
{
    char path[PKI_PATH_BYTES];
    struct tls_client_wish wish = {.ca = pki_path(&pki, "ca.pem", path)};
    int fd = client_connect(&server);
    struct tls_client client;
    uint8_t call[256];
    uint32_t got[8];
    size_t len = 0;

    (void)state;
    len = call_encode(call, 1, PROC_ECHO, words, 2);
    len += call_encode(call + len, 2, PROC_GATE_WILL, words, 1);
    len += call_encode(call + len, 3, PROC_ECHO, words, 1);
    len += tls_client_probe_encode(call + len, 4, TEST_PROGRAM, 4);
    client_send(fd, call, len);
    assert_int_equal(client_reply(fd, got, 8, NULL), 1);
    assert_int_equal(client_reply(fd, got, 8, NULL), 3);
    wait_unsigned(&server.gate_waiting, 1);
    transport_tick(server.transport, 1);
    assert_false(has_bytes(fd));
    rpc_server_open_gate(&server);
    assert_int_equal(client_reply(fd, got, 8, NULL), 2);
    wait_until(has_bytes_after_tick(fd));
    assert_int_equal(client_receive_record(fd, call, sizeof(call)), 32);
    assert_memory_equal(call + 20, "STARTTLS", 8);
    tls_client_init(&client, fd, &wish);
    assert_true(tls_client_connect(&client));
    expect_alive(&client);
    tls_client_fini(&client);
}

static const struct {
    const char *what;
    uint32_t program, version, proc, cred_len, verf_flavor;
    uint32_t stat, detail, accept; /* of the reply */
} probes[] = {
    {"another program", 100003, 4, 0, 0, 0, 0, 0, 1},
    {"another version", TEST_PROGRAM, 9, 0, 0, 0, 0, 0, 2},
    {"a procedure", TEST_PROGRAM, 4, PROC_ECHO, 0, 0, 1, 1, 1},
    {"a credential", TEST_PROGRAM, 4, 0, 8, 0, 1, 1, 1},
    {"a verifier", TEST_PROGRAM, 4, 0, 0, 1, 1, 1, 3},
};

/* RFC 9289 4.1: AUTH_TLS with anything but an empty NULL call is AUTH_BADCRED. */
static void odd_probes(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(probes); i++) {
        int fd = client_connect(&server);
        uint32_t call[16] = {0};
        size_t at = 0;

        call[at++] = 0;
        call[at++] = htonl(i);
        call[at++] = 0;
        call[at++] = htonl(2);
        call[at++] = htonl(probes[i].program);
        call[at++] = htonl(probes[i].version);
        call[at++] = htonl(probes[i].proc);
        call[at++] = htonl(7);
        call[at++] = htonl(probes[i].cred_len);
        at += probes[i].cred_len / 4;
        call[at++] = htonl(probes[i].verf_flavor);
        call[at++] = 0;
        call[0] = htonl(0x80000000u | (uint32_t)(4 * at - 4));
        client_send(fd, call, 4 * at);
        client_receive_record(fd, bytes, sizeof(bytes));
        assert_int_equal(word(2), probes[i].stat);
        if (probes[i].stat == 0) {
            assert_memory_equal(bytes + 16 + 4, "STARTTLS", 8);
            assert_int_equal(word(7), probes[i].accept);
        } else {
            assert_int_equal(word(3), probes[i].detail);
            assert_int_equal(word(4), probes[i].accept);
            client_ping(fd, 9); /* the connection stays plain */
        }
        close(fd);
    }
}

/* Within TLS it is AUTH_BADCRED, and the session goes on. */
static void probe_in_tls(void **state)
{
    struct tls_client client;
    uint8_t call[64];

    (void)state;
    client_open(&client, NULL);
    tls_client_send(&client, call, tls_client_probe_encode(call, 3, TEST_PROGRAM, 4));
    assert_int_equal(tls_client_receive_record(&client, bytes, sizeof(bytes)), 20);
    assert_int_equal(word(2), 1);
    assert_int_equal(word(3), 1);
    assert_int_equal(word(4), 1);
    expect_alive(&client);
    tls_client_fini(&client);
}

/* Without a certificate the server answers a plain NULL. */
static void not_offered(void **state)
{
    int fd = client_connect(&server);

    (void)state;
    transport_tls_set(server.transport, NULL);
    assert_false(tls_client_probe(fd, TEST_PROGRAM, 4));
    client_ping(fd, 2);
    close(fd);
}

/* What follows the probe is no RPC: not answered, and the connection is closed. */
static void stray_bytes(void **state)
{
    int fd = client_connect(&server);
    uint8_t call[256];
    size_t len = tls_client_probe_encode(call, 1, TEST_PROGRAM, 4);

    (void)state;
    len += call_encode(call + len, 2, PROC_ECHO, words, 1);
    client_send(fd, call, len);
    client_expect_close(fd);
    assert_int_equal(rpc_server_stats(&server).tls_refused_protocol, 1);
    close(fd);

    fd = client_connect(&server);
    assert_true(tls_client_probe(fd, TEST_PROGRAM, 4));
    client_call(fd, 3, PROC_ECHO, words, 1); /* behind the reply, in plain */
    client_expect_close(fd);
    assert_true(rpc_server_stats(&server).tls_refused_protocol == 2 ||
                rpc_server_stats(&server).tls_refused_version == 1);
    close(fd);
}

/* A handshake that does not wait for the probe's reply is not mistaken for RPC. */
static void hello_behind_the_probe(void **state)
{
    char path[PKI_PATH_BYTES];
    struct tls_client_wish wish = {.ca = pki_path(&pki, "ca.pem", path)};
    int fd = client_connect(&server);
    struct tls_client client;
    uint8_t call[4096];
    size_t len = tls_client_probe_encode(call, 1, TEST_PROGRAM, 4);
    size_t hello_len;
    char *hello;

    (void)state;
    tls_client_init(&client, fd, &wish);
    assert_int_equal(SSL_do_handshake(client.ssl), -1);
    hello_len = (size_t)BIO_get_mem_data(client.out, &hello);
    assert_true(hello_len < sizeof(call) - len);
    memcpy(call + len, hello, hello_len);
    len += hello_len;
    BIO_reset(client.out);
    client_send(fd, call, len);
    client_receive(fd, call, 36);
    assert_true(tls_client_connect(&client));
    expect_alive(&client);
    tls_client_fini(&client);
}

/* ---- certificates ---- */

/* Does the session serve a call? */
static bool is_served(struct tls_client *client)
{
    secure_call(client, 5, PROC_NULL, 0);
    return tls_client_receive_record(client, bytes, sizeof(bytes)) == NULL_REPLY_RECORD;
}

static uint64_t counter_of(const char *name)
{
    struct transport_stats stats = rpc_server_stats(&server);

#define X(counter, help)                                                                           \
    if (strcmp(name, #counter) == 0)                                                               \
        return stats.counter;
    TRANSPORT_COUNTERS(X)
#undef X
    fail_msg("no counter %s", name);
    return 0;
}

static void certificates(void **state)
{
    static const struct {
        const char *cert, *counter; /* NULL: it is good */
        int alert;                  /* 0: any, or none */
    } cases[] = {
        {"client1", NULL, -1},
        {"client-rpc", NULL, -1},
        {"client-any", NULL, -1},
        {"nosan", NULL, -1},
        {"chain", NULL, -1},
        {"chain-leaf", "tls_refused_untrusted", SSL_AD_UNKNOWN_CA},
        {"client-server-only", "tls_refused_untrusted", SSL_AD_UNSUPPORTED_CERTIFICATE},
        {"forged", "tls_refused_untrusted", 0},
        {"rogue", "tls_refused_untrusted", SSL_AD_UNKNOWN_CA},
        {"self", "tls_refused_untrusted", SSL_AD_UNKNOWN_CA},
        {"old", "tls_refused_expired", SSL_AD_CERTIFICATE_EXPIRED},
        {"future", "tls_refused_expired", SSL_AD_BAD_CERTIFICATE},
        {"revoked", "tls_refused_revoked", SSL_AD_CERTIFICATE_REVOKED},
        {"long", "tls_refused_certificate", 0}, /* it may have sent on, and so lose the alert */
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct tls_client client;
        uint64_t before = cases[i].counter ? counter_of(cases[i].counter) : 0;

        print_message("%s\n", cases[i].cert);
        client_begin(&client, cases[i].cert, client_connect(&server));
        assert_true(tls_client_connect(&client) || cases[i].counter);
        if (cases[i].counter)
            assert_false(tls_client_drain(&client));
        else
            assert_true(is_served(&client));
        if (cases[i].alert)
            assert_int_equal(client.alert, cases[i].alert);
        if (cases[i].counter)
            assert_int_equal(counter_of(cases[i].counter), before + 1);
        tls_client_fini(&client);
    }
}

/* A list that is out of date says nothing: nobody gets in. */
static void list_out_of_date(void **state)
{
    struct tls_client client;

    (void)state;
    tls_use("server", "old.crl");
    client_begin(&client, "client1", client_connect(&server));
    tls_client_connect(&client);
    assert_false(is_served(&client));
    assert_int_equal(counter_of("tls_refused_revoked"), 1);
    tls_client_fini(&client);
}

static void old_versions(void **state)
{
    struct tls_client_wish wish = {.version = TLS1_2_VERSION};
    struct tls_client client;
    int fd = client_connect(&server);

    (void)state;
    assert_true(tls_client_probe(fd, TEST_PROGRAM, 4));
    tls_client_init(&client, fd, &wish);
    assert_false(tls_client_connect(&client));
    assert_int_equal(client.alert, SSL_AD_PROTOCOL_VERSION);
    assert_int_equal(counter_of("tls_refused_version"), 1);
    tls_client_fini(&client);
}

static void alpn(void **state)
{
    static const struct {
        const char *offered;
        bool good;
    } cases[] = {{"\6sunrpc", true}, {"\2h2\6sunrpc", true}, {"\2h2", false}};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct tls_client_wish wish = {.alpn = cases[i].offered};
        struct tls_client client;
        int fd = client_connect(&server);
        const uint8_t *chosen;
        unsigned len;

        assert_true(tls_client_probe(fd, TEST_PROGRAM, 4));
        tls_client_init(&client, fd, &wish);
        assert_int_equal(tls_client_connect(&client), cases[i].good);
        SSL_get0_alpn_selected(client.ssl, &chosen, &len);
        assert_int_equal(len, cases[i].good ? 6 : 0);
        if (!cases[i].good)
            assert_int_equal(client.alert, SSL_AD_NO_APPLICATION_PROTOCOL);
        tls_client_fini(&client);
    }
    assert_int_equal(counter_of("tls_refused_alpn"), 1);
}

/* Whoever has only seen a certificate cannot sign with its key. */
static void stolen_certificate(void **state)
{
    char path[2][PKI_PATH_BYTES];
    struct tls_client_wish wish = {.ca = pki_path(&pki, "ca.pem", path[0]),
                                   .cert = pki_path(&pki, "client1.pem", path[1]),
                                   .stolen_cert = true};
    struct tls_client client;
    int fd = client_connect(&server);

    (void)state;
    assert_true(tls_client_probe(fd, TEST_PROGRAM, 4));
    tls_client_init(&client, fd, &wish);
    assert_true(tls_client_connect(&client));
    assert_false(is_served(&client));
    assert_int_equal(client.alert, SSL_AD_DECRYPT_ERROR);
    assert_int_equal(counter_of("tls_refused_protocol"), 1);
    assert_int_equal(counter_of("tls_sessions"), 0);
    tls_client_fini(&client);
}

/* RFC 9289 7: what comes before the handshake is done is not run. */
static void early_data(void **state)
{
    struct tls_client_wish wish = {.early_data = true};
    struct tls_client client;
    int fd = client_connect(&server);
    uint8_t call[64];
    size_t written;

    (void)state;
    assert_true(tls_client_probe(fd, TEST_PROGRAM, 4));
    tls_client_init(&client, fd, &wish);
    assert_int_equal(
        SSL_write_early_data(client.ssl, call, call_encode(call, 1, PROC_NULL, NULL, 0), &written),
        1);
    assert_false(tls_client_connect(&client) && is_served(&client));
    assert_int_not_equal(SSL_get_early_data_status(client.ssl), SSL_EARLY_DATA_ACCEPTED);
    assert_int_equal(counter_of("tls_refused_protocol"), 1);
    assert_int_equal(counter_of("tls_sessions"), 0);
    tls_client_fini(&client);
}

/* Only elliptic curves: a key of 8,192 bits would hold up all clients of a thread. */
static void costly_groups(void **state)
{
    static const struct {
        const char *groups;
        bool good;
    } cases[] = {{"ffdhe8192", false}, {"ffdhe2048", false}, {"ffdhe8192:P-384", true},
                 {"P-256", true},      {"P-521", true},      {"X25519", true}};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct tls_client_wish wish = {.groups = cases[i].groups};
        struct tls_client client;
        int fd = client_connect(&server);

        assert_true(tls_client_probe(fd, TEST_PROGRAM, 4));
        tls_client_init(&client, fd, &wish);
        assert_int_equal(tls_client_connect(&client), cases[i].good);
        if (cases[i].good)
            expect_alive(&client);
        tls_client_fini(&client);
    }
    assert_int_equal(counter_of("tls_refused_version"), 2);
}

/* The client does not trust the server. */
static void client_refuses(void **state)
{
    char path[PKI_PATH_BYTES];
    struct tls_client_wish wish = {.ca = pki_path(&pki, "rogueca.pem", path)};
    struct tls_client client;
    int fd = client_connect(&server);

    (void)state;
    assert_true(tls_client_probe(fd, TEST_PROGRAM, 4));
    tls_client_init(&client, fd, &wish);
    assert_false(tls_client_connect(&client));
    client_expect_close(fd);
    assert_int_equal(counter_of("tls_refused_by_client"), 1);
    tls_client_fini(&client);

    client_begin(&client, NULL, client_connect(&server)); /* close_notify in the handshake */
    SSL_do_handshake(client.ssl);
    tls_client_flush(&client, 0);
    client_send(client.fd, "\x15\x03\x03\x00\x02\x01\x00", 7);
    tls_client_drain(&client);
    assert_int_equal(counter_of("tls_refused_by_client"), 2);
    tls_client_fini(&client);
}

/* ---- the session ---- */

/* The client may change its key, and may ask for the like. */
static void key_updates(void **state)
{
    struct tls_client client;

    (void)state;
    client_open(&client, NULL);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(SSL_key_update(client.ssl, i % 2 ? SSL_KEY_UPDATE_REQUESTED
                                                          : SSL_KEY_UPDATE_NOT_REQUESTED),
                         1);
        expect_alive(&client);
    }
    assert_int_equal(client.key_updates, 1);
    for (unsigned i = 0; i < LIMIT_TLS_KEY_UPDATES; i++) {
        assert_int_equal(SSL_key_update(client.ssl, SSL_KEY_UPDATE_NOT_REQUESTED), 1);
        assert_int_equal(SSL_do_handshake(client.ssl), 1);
    }
    tls_client_flush(&client, 0);
    assert_false(is_served(&client));
    tls_client_fini(&client);
}

/* Also a suite that this kernel may lack (ChaCha20) works, by the server then. */
static void suites(void **state)
{
    static const char *const names[] = {"TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384",
                                        "TLS_CHACHA20_POLY1305_SHA256"};
    uint32_t arguments[] = {100000, 100000};
    struct tls_client client;

    (void)state;
    for (uint32_t i = 0; i < ARRAY_SIZE(names); i++) {
        client_begin(&client, NULL, client_connect(&server));
        assert_int_equal(SSL_set_ciphersuites(client.ssl, names[i]), 1);
        assert_true(tls_client_connect(&client));
        assert_string_equal(SSL_get_cipher_name(client.ssl), names[i]);
        expect_alive(&client);
        tls_client_send(&client, bytes, call_encode(bytes, i, PROC_TAIL, arguments, 2));
        assert_int_equal(tls_client_receive_record(&client, bytes, sizeof(bytes)), 28 + 100000);
        for (uint32_t at = 0; at < 100000; at++)
            assert_int_equal(bytes[28 + at], at % 251);
        if (i == 1)
            assert_int_equal(counter_of("tls_kernel"), kernel_sends() ? 2 : 0);
        tls_client_fini(&client);
    }
}

/* The kernel's key stays: a client that wants another one has to connect again. */
static void key_asked_for(void **state)
{
    struct tls_client client;

    (void)state;
    client_open(&client, NULL);
    assert_int_equal(SSL_key_update(client.ssl, SSL_KEY_UPDATE_NOT_REQUESTED), 1);
    expect_alive(&client);
    assert_int_equal(SSL_key_update(client.ssl, SSL_KEY_UPDATE_REQUESTED), 1);
    if (!kernel_sends()) {
        expect_alive(&client);
        assert_int_equal(client.key_updates, 1);
    } else {
        secure_call(&client, 78, PROC_ECHO, 3);
        assert_true(tls_client_drain(&client));
        assert_int_equal(counter_of("tls_refused_protocol"), 1);
    }
    tls_client_fini(&client);
    client_open(&client, NULL);
    expect_alive(&client);
    tls_client_fini(&client);
}

/* A record that was tampered with ends the session; nothing of it is run. */
static void tampered(void **state)
{
    struct tls_client client;
    uint8_t call[NULL_CALL_BYTES];
    char *data;

    (void)state;
    client_open(&client, NULL);
    tls_client_write(&client, call, call_encode(call, 1, PROC_NULL, NULL, 0));
    BIO_get_mem_data(client.out, &data);
    data[10] ^= 1;
    tls_client_flush(&client, 0);
    assert_false(tls_client_drain(&client));
    assert_int_equal(client.alert, SSL_AD_BAD_RECORD_MAC);
    assert_int_equal(counter_of("tls_refused_protocol"), 1);
    tls_client_fini(&client);
}

static void ends(void **state)
{
    struct tls_client client;

    (void)state;
    client_open(&client, NULL); /* an orderly end, behind a call that is still answered */
    tls_client_write(&client, bytes, call_encode(bytes, 8, PROC_ECHO, words, 2));
    SSL_shutdown(client.ssl);
    tls_client_flush(&client, 0);
    expect_reply(&client, 8, 2);
    assert_true(tls_client_drain(&client));
    tls_client_fini(&client);
    assert_int_equal(counter_of("tls_truncated"), 0);

    client_open(&client, NULL); /* what follows the end is ignored (RFC 8446 §6.1) */
    tls_client_write(&client, bytes, call_encode(bytes, 9, PROC_ECHO, words, 2));
    SSL_shutdown(client.ssl);
    (void)BIO_write(client.out,
                    "\x17\x03\x03\x00\x05"
                    "after",
                    10);
    tls_client_flush(&client, 0);
    expect_reply(&client, 9, 2);
    assert_true(tls_client_drain(&client));
    tls_client_fini(&client);
    assert_int_equal(counter_of("tls_refused_protocol"), 0);

    client_open(&client, NULL); /* a call that takes longer than the end takes to come */
    tls_client_write(&client, bytes, call_encode(bytes, 10, PROC_GATE_WILL, words, 2));
    SSL_shutdown(client.ssl);
    tls_client_flush(&client, 0);
    wait_unsigned(&server.gate_waiting, 1);
    rpc_server_open_gate(&server);
    expect_reply(&client, 10, 2);
    assert_true(tls_client_drain(&client));
    tls_client_fini(&client);

    client_open(&client, NULL); /* cut off in the middle of a record */
    expect_alive(&client);
    tls_client_write(&client, bytes, call_encode(bytes, 8, PROC_ECHO, words, 2000));
    client_send(client.fd, "\x17\x03\x03\x10\x00half", 9);
    shutdown(client.fd, SHUT_WR);
    tls_client_drain(&client);
    assert_int_equal(counter_of("tls_truncated"), 1);
    tls_client_fini(&client);
}

/* After many records with one key the server ends the session, in order. */
static void many_records(void **state)
{
    struct tls_client client;

    (void)state;
    client_open(&client, NULL);
    for (int i = 0; i < 100; i++)
        assert_true(is_served(&client));
    assert_true(tls_client_drain(&client));
    assert_int_equal(counter_of("tls_spent"), 1);
    tls_client_fini(&client);
    client_open(&client, NULL);
    expect_alive(&client);
    tls_client_fini(&client);
}

/* ---- reload ---- */

static void reload(void **state)
{
    struct tls_client good, revoked, chained, anonymous, later;

    (void)state;
    client_open(&good, "client2");
    client_open(&revoked, "client1");
    client_open(&anonymous, NULL);
    expect_alive(&good);
    expect_alive(&revoked);
    expect_alive(&anonymous);
    tls_use("server2", "client1.crl");
    expect_alive(&good);
    expect_alive(&anonymous);
    assert_false(is_served(&revoked));
    assert_int_equal(counter_of("tls_no_longer_good"), 1);
    client_open(&later, NULL);
    expect_alive(&later);

    client_open(&chained, "chain"); /* its CA is revoked, not its own certificate */
    expect_alive(&chained);
    tls_use("server2", "middle.crl");
    assert_false(is_served(&chained));
    assert_int_equal(counter_of("tls_no_longer_good"), 2);
    tls_client_fini(&chained);
    client_begin(&chained, "chain", client_connect(&server));
    assert_true(tls_client_connect(&chained));
    assert_false(is_served(&chained));
    assert_int_equal(counter_of("tls_refused_revoked"), 1);
    expect_alive(&good);
    tls_client_fini(&chained);
    tls_client_fini(&good);
    tls_client_fini(&revoked);
    tls_client_fini(&anonymous);
    tls_client_fini(&later);
}

/* A handshake that began before the reload is judged by what came with it. */
static void reload_within_a_handshake(void **state)
{
    struct tls_client revoked, good;

    (void)state;
    client_begin(&revoked, "client1", client_connect(&server));
    client_begin(&good, "client2", client_connect(&server));
    assert_true(tls_client_shake(&revoked));
    assert_true(tls_client_shake(&good));
    tls_use("server", "client1.crl");
    tls_client_flush(&revoked, 0);
    tls_client_flush(&good, 0);
    assert_false(is_served(&revoked));
    assert_int_equal(counter_of("tls_no_longer_good"), 1);
    expect_alive(&good);
    tls_client_fini(&revoked);
    tls_client_fini(&good);
}

/* Of two reloads at once the one that began first ends last: what it has read may be older. */
static void reloads_at_once(void **state)
{
    struct tls_context *first = context_of("server", "revoked.crl");
    struct tls_context *second = context_of("server", "client1.crl");
    struct tls_client client;

    (void)state;
    assert_true(transport_tls_set(server.transport, second));
    assert_false(transport_tls_set(server.transport, first));
    client_begin(&client, "client1", client_connect(&server));
    tls_client_connect(&client);
    assert_false(is_served(&client));
    assert_int_equal(counter_of("tls_refused_revoked"), 1);
    tls_client_fini(&client);
    assert_true(transport_tls_set(server.transport, second));
    assert_true(transport_tls_set(server.transport, NULL));
    assert_true(transport_tls_set(server.transport, first));
    client_open(&client, "client1");
    expect_alive(&client);
    tls_client_fini(&client);
    tls_context_put(first);
    tls_context_put(second);
}

/* ---- those who never finish ---- */

/* A record of TLS whose rest does not come ends its connection as one of RPC does. */
static void half_sealed_records(void **state)
{
    static const size_t lens[] = {1, 4, 5, 6, 40}; /* in the header, at its end, behind it */
    struct tls_client client, idle;
    int64_t now_s = 1;

    (void)state;
    transport_tick(server.transport, now_s * 1000000000);
    client_open(&idle, NULL);
    for (size_t i = 0; i < 2 * ARRAY_SIZE(lens); i++) {
        const size_t first = lens[i / 2];
        uint8_t call[NULL_CALL_BYTES], sealed[256];
        size_t len;
        char *data;

        print_message("%zu bytes\n", first);
        client_open(&client, NULL);
        tls_client_write(&client, call, call_encode(call, 5, PROC_NULL, NULL, 0));
        len = (size_t)BIO_get_mem_data(client.out, &data);
        assert_true(len > first && len <= sizeof(sealed));
        memcpy(sealed, data, len);
        (void)BIO_reset(client.out);
        client_send(client.fd, sealed, first);
        wait_until(rpc_server_stats(&server).half_records == 1);
        assert_int_equal(rpc_server_stats(&server).half_record_bytes,
                         TLS_RECORD_BYTES + TLS_RECORD_EXTRA_BYTES);
        if (i % 2) { /* the rest comes in time */
            client_send(client.fd, sealed + first, len - first);
            assert_int_equal(tls_client_receive_record(&client, bytes, sizeof(bytes)),
                             NULL_REPLY_RECORD);
            wait_until(rpc_server_stats(&server).half_records == 0);
        }
        for (unsigned s = 0; s < LIMIT_RECORD_S + 2; s++)
            transport_tick(server.transport, ++now_s * 1000000000);
        if (i % 2)
            expect_alive(&client);
        else
            assert_false(tls_client_drain(&client));
        assert_int_equal(counter_of("half_records_late"), i / 2 + 1);
        tls_client_fini(&client);
    }
    expect_alive(&idle);
    tls_client_fini(&idle);
}

static void handshakes_that_never_finish(void **state)
{
    enum {
        SILENT = 200
    };
    struct tls_client client, silent[SILENT];

    (void)state;
    for (int i = 0; i < SILENT; i++) {
        client_begin(&silent[i], NULL, client_connect(&server));
        if (i % 2) { /* silent from the beginning, or behind ClientHello */
            SSL_do_handshake(silent[i].ssl);
            tls_client_flush(&silent[i], 0);
        }
    }
    assert_int_equal(rpc_server_stats(&server).tls_handshakes, SILENT);
    client_open(&client, "client1");
    expect_alive(&client);
    for (int64_t s = 1; s <= LIMIT_TLS_HANDSHAKE_S + 2; s++)
        transport_tick(server.transport, s * 1000000000);
    assert_int_equal(counter_of("tls_late"), SILENT);
    assert_int_equal(rpc_server_stats(&server).tls_handshakes, 0);
    expect_alive(&client);
    tls_client_fini(&client);
    for (int i = 0; i < SILENT; i++)
        tls_client_fini(&silent[i]);
}

/* With too many handshakes in progress the oldest gives way, so that others still get in. */
static void handshakes_displaced(void **state)
{
    struct tls_client client, silent[12];

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(silent); i++)
        client_begin(&silent[i], NULL, client_connect(&server));
    for (int i = 0; i < 4; i++)
        assert_false(tls_client_drain(&silent[i]));
    assert_int_equal(counter_of("tls_displaced"), 4);
    client_open(&client, "client1");
    expect_alive(&client);
    assert_true(tls_client_connect(&silent[11]));
    expect_alive(&silent[11]);
    assert_int_equal(counter_of("tls_probes"), 13);
    assert_int_equal(counter_of("tls_sessions"), 2);
    assert_int_equal(counter_of("tls_mutual"), 1);
    tls_client_fini(&client);
    for (size_t i = 0; i < ARRAY_SIZE(silent); i++)
        tls_client_fini(&silent[i]);
}

/* A client at that address, with its probe answered, that then falls silent. */
static int silent_begin(uint32_t address)
{
    int fd = client_connect_from(&server, address);

    assert_true(tls_client_probe(fd, TEST_PROGRAM, 4));
    return fd;
}

/* Where there are too many in all, one of the address with the most gives way, not the oldest. */
static void busiest_address_is_displaced(void **state)
{
    enum {
        OTHERS = 8
    };
    struct tls_client early, late;
    int silent[OTHERS];

    (void)state;
    client_begin(&early, "client1", client_connect(&server));
    for (int i = 0; i < OTHERS; i++)
        silent[i] = silent_begin(0x7f000002);
    client_expect_close(silent[0]);
    client_begin(&late, NULL, client_connect(&server));
    client_expect_close(silent[1]);
    assert_int_equal(counter_of("tls_displaced"), 2);
    assert_int_equal(counter_of("tls_displaced_address"), 0);
    assert_true(tls_client_connect(&early));
    assert_true(tls_client_connect(&late));
    expect_alive(&early);
    expect_alive(&late);
    tls_client_fini(&early);
    tls_client_fini(&late);
    for (int i = 0; i < OTHERS; i++)
        close(silent[i]);
}

/* An address has a share of those in progress; what its clients have finished does not count. */
static void handshakes_of_one_address(void **state)
{
    enum {
        MORE = 3,
        SILENT = LIMIT_TLS_HANDSHAKES_PER_ADDRESS + MORE
    };
    struct tls_client neighbour, finished;
    int silent[SILENT];

    (void)state;
    client_begin(&neighbour, "client1", client_connect(&server));
    client_begin(&finished, NULL, client_connect_from(&server, 0x7f000002));
    assert_true(tls_client_connect(&finished));
    for (int i = 0; i < SILENT; i++)
        silent[i] = silent_begin(0x7f000002);
    for (int i = 0; i < MORE; i++)
        client_expect_close(silent[i]);
    assert_int_equal(counter_of("tls_displaced_address"), MORE);
    assert_int_equal(counter_of("tls_displaced"), 0);
    assert_int_equal(rpc_server_stats(&server).tls_handshakes,
                     LIMIT_TLS_HANDSHAKES_PER_ADDRESS + 1);
    assert_true(tls_client_connect(&neighbour));
    expect_alive(&neighbour);
    expect_alive(&finished);

    for (int i = MORE; i < SILENT; i++) /* those that leave give their places back */
        close(silent[i]);
    wait_until(rpc_server_stats(&server).tls_handshakes == 0);
    for (int i = 0; i < SILENT - MORE; i++)
        silent[i] = silent_begin(0x7f000002);
    assert_int_equal(counter_of("tls_displaced_address"), MORE);
    tls_client_fini(&neighbour);
    tls_client_fini(&finished);
    for (int i = 0; i < SILENT - MORE; i++)
        close(silent[i]);
}

/* The same again with the kernel sending, where it has TLS. */
#define OFFLOADED(test, setup)                                                                     \
    {                                                                                              \
        .name = #test "_offloaded", .test_func = (test), .setup_func = setup##_offloaded,          \
        .teardown_func = teardown_offloaded                                                        \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(calls_large_and_small, setup, teardown),
        cmocka_unit_test_setup_teardown(tails, setup, teardown),
        cmocka_unit_test_setup_teardown(slow_reader, setup, teardown),
        cmocka_unit_test_setup_teardown(call_with_finished, setup, teardown),
        cmocka_unit_test_setup_teardown(bytes_one_by_one, setup, teardown),
        cmocka_unit_test_setup_teardown(calls_that_block, setup, teardown),
        cmocka_unit_test_setup_teardown(calls_before_the_probe, setup, teardown),
        cmocka_unit_test_setup_teardown(odd_probes, setup, teardown),
        cmocka_unit_test_setup_teardown(probe_in_tls, setup, teardown),
        cmocka_unit_test_setup_teardown(not_offered, setup, teardown),
        cmocka_unit_test_setup_teardown(stray_bytes, setup, teardown),
        cmocka_unit_test_setup_teardown(hello_behind_the_probe, setup, teardown),
        cmocka_unit_test_setup_teardown(certificates, setup, teardown),
        cmocka_unit_test_setup_teardown(list_out_of_date, setup, teardown),
        cmocka_unit_test_setup_teardown(old_versions, setup, teardown),
        cmocka_unit_test_setup_teardown(alpn, setup, teardown),
        cmocka_unit_test_setup_teardown(stolen_certificate, setup, teardown),
        cmocka_unit_test_setup_teardown(early_data, setup, teardown),
        cmocka_unit_test_setup_teardown(costly_groups, setup, teardown),
        cmocka_unit_test_setup_teardown(key_updates, setup, teardown),
        cmocka_unit_test_setup_teardown(tampered, setup, teardown),
        cmocka_unit_test_setup_teardown(ends, setup, teardown),
        cmocka_unit_test_setup_teardown(reload, setup, teardown),
        cmocka_unit_test_setup_teardown(reload_within_a_handshake, setup, teardown),
        cmocka_unit_test_setup_teardown(reloads_at_once, setup, teardown),
        cmocka_unit_test_setup_teardown(half_sealed_records, setup, teardown),
        cmocka_unit_test_setup_teardown(client_refuses, setup, teardown),
        cmocka_unit_test_setup_teardown(many_records, setup_small, teardown),
        cmocka_unit_test_setup_teardown(handshakes_displaced, setup_small, teardown),
        cmocka_unit_test_setup_teardown(busiest_address_is_displaced, setup_small, teardown),
        cmocka_unit_test_setup_teardown(handshakes_of_one_address, setup, teardown),
        cmocka_unit_test_setup_teardown(handshakes_that_never_finish, setup, teardown),
        OFFLOADED(calls_large_and_small, setup),
        OFFLOADED(tails, setup),
        OFFLOADED(slow_reader, setup),
        cmocka_unit_test_setup_teardown(suites, setup_offloaded, teardown_suites),
        OFFLOADED(call_with_finished, setup),
        OFFLOADED(calls_that_block, setup),
        OFFLOADED(key_asked_for, setup),
        OFFLOADED(tampered, setup),
        OFFLOADED(ends, setup),
        OFFLOADED(reload, setup),
        OFFLOADED(many_records, setup_small),
    };

    return test_group_run_fixtures(tests, group_setup, group_teardown);
}
