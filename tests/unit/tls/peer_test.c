/* SPDX-License-Identifier: Apache-2.0 */
/* What a certificate says of its owner, also when it was made to deceive. */
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <unistd.h>

#include "base/check.h"
#include "lib/test.h"
#include "tls/tls_context.h"
#include "tls/tls_peer.h"
#include "tls/tls_session.h"

enum {
    OUT_BYTES = 64 << 10,
};

static EVP_PKEY *key;

static int setup(void **state)
{
    (void)state;
    key = EVP_EC_gen("P-256");
    return key ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    EVP_PKEY_free(key);
    return 0;
}

/* ---- certificates ---- */

/* One to be signed with cert_sign(), by itself. */
static X509 *cert_begin(const char *common_name, size_t len)
{
    X509 *cert = X509_new();
    X509_NAME *name = X509_get_subject_name(cert);

    assert_int_equal(X509_set_version(cert, X509_VERSION_3), 1);
    assert_int_equal(ASN1_INTEGER_set(X509_get_serialNumber(cert), 7), 1);
    assert_non_null(X509_gmtime_adj(X509_getm_notBefore(cert), -60));
    assert_non_null(X509_gmtime_adj(X509_getm_notAfter(cert), 86400));
    assert_int_equal(X509_NAME_add_entry_by_txt(name, "CN", V_ASN1_UTF8STRING,
                                                (const uint8_t *)common_name, (int)len, -1, 0),
                     1);
    assert_int_equal(X509_set_issuer_name(cert, name), 1);
    assert_int_equal(X509_set_pubkey(cert, key), 1);
    return cert;
}

static void name_add(GENERAL_NAMES *names, int type, const char *data, size_t len)
{
    ASN1_STRING *value = type == GEN_IPADD ? ASN1_OCTET_STRING_new() : ASN1_IA5STRING_new();
    GENERAL_NAME *name = GENERAL_NAME_new();

    assert_int_equal(ASN1_STRING_set(value, data, (int)len), 1);
    GENERAL_NAME_set0_value(name, type, value);
    assert_true(sk_GENERAL_NAME_push(names, name) > 0);
}

/* ---- sessions ---- */

static void bytes_move(struct tls_session *session, BIO *to_client, BIO *to_server,
                       enum tls_status *status)
{
    uint8_t *out = must_malloc(OUT_BYTES);
    char *in;
    size_t len = (size_t)BIO_get_mem_data(to_server, &in);

    tls_session_input(session, (const uint8_t *)in, len);
    tls_session_output(session, out, OUT_BYTES);
    *status = tls_session_handshake(session);
    (void)BIO_reset(to_server);
    (void)BIO_write(to_client, out, (int)tls_session_output_len(session));
    free(out);
}

static struct tls_peer *shake(struct tls_context *context, X509 *cert)
{
    struct tls_session *session = tls_session_create(context);
    SSL_CTX *settings = SSL_CTX_new(TLS_client_method());
    BIO *to_client = BIO_new(BIO_s_mem()), *to_server = BIO_new(BIO_s_mem());
    enum tls_status status = TLS_WANT;
    struct tls_peer *peer;
    SSL *client;

    assert_int_equal(SSL_CTX_use_certificate(settings, cert), 1);
    assert_int_equal(SSL_CTX_use_PrivateKey(settings, key), 1);
    client = SSL_new(settings);
    SSL_set_bio(client, to_client, to_server);
    SSL_set_connect_state(client);
    while (status == TLS_WANT) {
        (void)SSL_do_handshake(client);
        bytes_move(session, to_client, to_server, &status);
    }
    if (status != TLS_OK)
        print_message("%s\n", tls_session_why(session));
    assert_int_equal(status, TLS_OK);
    peer = tls_session_peer(session);
    assert_non_null(peer);
    tls_session_destroy(session);
    SSL_free(client);
    SSL_CTX_free(settings);
    return peer;
}

/* The peer who shows this certificate, to a server that trusts it.  Frees it. */
static struct tls_peer *peer_with(X509 *cert)
{
    char path[] = "/tmp/mainstay-peer-XXXXXX", why[TLS_WHY_BYTES] = "";
    int fd = mkstemp(path);
    FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL;
    struct tls_context *context;
    struct tls_peer *peer;

    assert_true(X509_sign(cert, key, EVP_sha256()) > 0);
    assert_true(file && PEM_write_X509(file, cert) == 1);
    assert_int_equal(PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL), 1);
    assert_int_equal(fclose(file), 0);
    context = tls_context_create(&(struct tls_files){.cert = path, .key = path, .ca = path}, why,
                                 sizeof(why));
    assert_int_equal(unlink(path), 0);
    assert_string_equal(why, "");
    peer = shake(context, cert);
    tls_context_put(context);
    X509_free(cert);
    return peer;
}

/* ---- cases ---- */

/* RFC 5280 4.1.2.2 allows 20 bytes; one that is longer stays unknown. */
static void serials(void **state)
{
    (void)state;
    for (int len = 1; len <= 30; len++) {
        for (int negative = 0; negative < 2; negative++) {
            X509 *cert = cert_begin("node7", 5);
            ASN1_INTEGER *serial = X509_get_serialNumber(cert);
            uint8_t bytes[30];
            struct tls_peer *peer;

            memset(bytes, 0x5a, sizeof(bytes));
            assert_int_equal(ASN1_STRING_set(serial, bytes, len), 1);
            serial->type = negative ? V_ASN1_NEG_INTEGER : V_ASN1_INTEGER;
            peer = peer_with(cert);
            assert_int_equal(strlen(peer->serial), len > 20 ? 0 : 2 * len + negative);
            assert_int_equal(strlen(peer->fingerprint), 64);
            assert_int_equal(strspn(peer->serial, negative ? "-5a" : "5a"), strlen(peer->serial));
            tls_peer_destroy(peer);
        }
    }
}

static void names_that_deceive(void **state)
{
    X509 *cert = cert_begin("root\0.lab.example", 17);
    GENERAL_NAMES *names = sk_GENERAL_NAME_new_null();
    struct tls_peer *peer;

    (void)state;
    name_add(names, GEN_DNS, "root.lab.example\0.evil.example", 30);
    name_add(names, GEN_DNS, "*.lab.example", 13);
    name_add(names, GEN_DNS, "a b.example", 11);
    name_add(names, GEN_DNS, "caf\xe9.example", 12);
    name_add(names, GEN_EMAIL, "root@lab.example\0", 17);
    name_add(names, GEN_URI, "spiffe://lab\n", 13);
    for (size_t len = 0; len <= 17; len++) {
        if (len != 4 && len != 16)
            name_add(names, GEN_IPADD, "\x7f\0\0\1\0\0\0\0\0\0\0\0\0\0\0\0\0", len);
    }
    name_add(names, GEN_IPADD, "\x7f\0\0\2", 4);
    name_add(names, GEN_DNS, "node7.lab.example", 17);
    assert_int_equal(X509_add1_ext_i2d(cert, NID_subject_alt_name, names, 0, 0), 1);
    sk_GENERAL_NAME_pop_free(names, GENERAL_NAME_free);
    peer = peer_with(cert);
    assert_string_equal(peer->common_name, "root\\00.lab.example");
    assert_string_equal(peer->subject, "CN=root\\00.lab.example");
    assert_int_equal(peer->name_count, 2);
    assert_int_equal(peer->names[0].kind, TLS_NAME_IP);
    assert_string_equal(peer->names[0].text, "127.0.0.2");
    assert_int_equal(peer->names[1].kind, TLS_NAME_DNS);
    assert_string_equal(peer->names[1].text, "node7.lab.example");
    tls_peer_destroy(peer);
}

/* A certificate of that common name and these names; NULL: without subjectAltName. */
static uint64_t machine_of(const char *common_name, const char *const names[2], int serial)
{
    X509 *cert = cert_begin(common_name, strlen(common_name));
    GENERAL_NAMES *alternatives = sk_GENERAL_NAME_new_null();
    struct tls_peer *peer;
    uint64_t machine;

    assert_int_equal(ASN1_INTEGER_set(X509_get_serialNumber(cert), serial), 1);
    for (size_t i = 0; names && i < 2 && names[i]; i++)
        name_add(alternatives, GEN_DNS, names[i], strlen(names[i]));
    if (names)
        assert_int_equal(X509_add1_ext_i2d(cert, NID_subject_alt_name, alternatives, 0, 0), 1);
    sk_GENERAL_NAME_pop_free(alternatives, GENERAL_NAME_free);
    peer = peer_with(cert);
    machine = peer->machine;
    tls_peer_destroy(peer);
    return machine;
}

/* Renewed certificates are of the same machine; those of other names are not. */
static void machines(void **state)
{
    static const char *const one[2] = {"node7.lab"}, *const other[2] = {"node8.lab"};
    static const char *const two[2] = {"node7.lab", "web.lab"}, *const joint[2] = {
                                                                    "node7.labweb.lab"};
    static const char *const turned[2] = {"web.lab", "NODE7.lab"};
    const uint64_t machine = machine_of("node7", one, 7);

    (void)state;
    assert_int_not_equal(machine, 0);
    assert_int_equal(machine_of("node7", one, 8), machine);
    assert_int_equal(machine_of("renamed", one, 9), machine);
    assert_int_not_equal(machine_of("node7", other, 7), machine);
    assert_int_not_equal(machine_of("node7", two, 7), machine);
    assert_int_equal(machine_of("node7", two, 7), machine_of("node7", turned, 7));
    assert_int_not_equal(machine_of("node7", two, 7), machine_of("node7", joint, 7));
    assert_int_equal(machine_of("node7", NULL, 7), machine_of("node7", NULL, 8));
    assert_int_not_equal(machine_of("node7", NULL, 7), machine_of("node8", NULL, 7));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(serials),
        cmocka_unit_test(names_that_deceive),
        cmocka_unit_test(machines),
    };

    return test_group_run_fixtures(tests, setup, teardown);
}
