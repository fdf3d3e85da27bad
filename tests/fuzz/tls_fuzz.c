/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a server reads after the probe of TLS.  The first byte says how: bytes as they are instead
 * of a handshake; a client's handshake and calls, some bytes of which are changed; bytes as they
 * are after a good handshake.  Whatever comes, nothing is written beyond the output, and what a
 * session hands out is what its client has sent.
 */
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/check.h"
#include "tls/tls_context.h"
#include "tls/tls_peer.h"
#include "tls/tls_session.h"

enum {
    MODE_RAW,
    MODE_CHANGED,
    MODE_BEHIND,
    MODE_COUNT,
    OUT_BYTES = 64 << 10,
    PLAIN_BYTES = 40000, /* more than one record */
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct both {
    struct tls_session *server;
    SSL *client;
    BIO *to_client, *to_server;
    const uint8_t *changes; /* of what goes to the server: two bytes of offset, one to xor */
    size_t change_count;
    bool failed;
};

static struct tls_context *context;
static SSL_CTX *settings;
static uint8_t plain[PLAIN_BYTES];

/* ---- what both trust ---- */

/* A certificate that is its own CA, for server and client. */
static X509 *cert_make(EVP_PKEY *key)
{
    X509 *cert = X509_new();
    X509_NAME *name = X509_get_subject_name(cert);

    CHECK(ASN1_INTEGER_set(X509_get_serialNumber(cert), 7) == 1);
    CHECK(X509_gmtime_adj(X509_getm_notBefore(cert), -60) &&
          X509_gmtime_adj(X509_getm_notAfter(cert), 86400));
    CHECK(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const uint8_t *)"fuzz", -1, -1, 0));
    CHECK(X509_set_issuer_name(cert, name) == 1 && X509_set_pubkey(cert, key) == 1);
    CHECK(X509_sign(cert, key, EVP_sha256()) > 0);
    return cert;
}

static void context_make(X509 *cert, EVP_PKEY *key)
{
    char path[] = "/tmp/mainstay-fuzz-XXXXXX", why[TLS_WHY_BYTES];
    int fd = mkstemp(path);
    FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL;

    CHECK(file && PEM_write_X509(file, cert) == 1);
    CHECK(PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL) == 1 && fclose(file) == 0);
    context = tls_context_create(&(struct tls_files){.cert = path, .key = path, .ca = path}, why,
                                 sizeof(why));
    CHECK(unlink(path) == 0 && context);
}

static void start(void)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *cert = cert_make(key);

    context_make(cert, key);
    settings = SSL_CTX_new(TLS_client_method());
    CHECK(SSL_CTX_use_certificate(settings, cert) == 1);
    CHECK(SSL_CTX_use_PrivateKey(settings, key) == 1);
    X509_free(cert);
    EVP_PKEY_free(key);
    for (size_t i = 0; i < sizeof(plain); i++)
        plain[i] = (uint8_t)(i * 7);
}

/* ---- one session ---- */

static void both_init(struct both *both)
{
    *both = (struct both){.server = tls_session_create(context), .client = SSL_new(settings)};
    both->to_client = BIO_new(BIO_s_mem());
    both->to_server = BIO_new(BIO_s_mem());
    CHECK(both->server && both->client && both->to_client && both->to_server);
    SSL_set_bio(both->client, both->to_client, both->to_server);
    SSL_set_connect_state(both->client);
}

static void both_fini(struct both *both)
{
    tls_session_destroy(both->server);
    SSL_free(both->client);
    ERR_clear_error();
}

/* The next change that is due within these bytes. */
static void change(struct both *both, uint8_t *data, size_t len)
{
    size_t at;

    if (both->change_count == 0 || len == 0)
        return;
    at = (size_t)both->changes[0] << 8 | both->changes[1];
    data[at % len] ^= both->changes[2];
    both->changes += 3;
    both->change_count--;
}

static void feed_handshake(struct both *both, const uint8_t *data, size_t len, bool *done)
{
    uint8_t *out = malloc(OUT_BYTES);
    enum tls_status status;

    CHECK(out);
    tls_session_input(both->server, data, len);
    tls_session_output(both->server, out, OUT_BYTES);
    status = tls_session_handshake(both->server);
    CHECK(tls_session_output_len(both->server) <= OUT_BYTES);
    CHECK(BIO_write(both->to_client, out, (int)tls_session_output_len(both->server)) >= 0 ||
          tls_session_output_len(both->server) == 0);
    both->failed = status == TLS_FAILED || status == TLS_CLOSED;
    if (both->failed)
        CHECK(*tls_session_why(both->server));
    *done = status == TLS_OK;
    free(out);
}

/* What is handed out is a beginning of `plain`.  Returns how much. */
static size_t feed_open(struct both *both, const uint8_t *data, size_t len)
{
    uint8_t *got = malloc(len + TLS_RECORD_BYTES);
    size_t n;

    CHECK(got);
    tls_session_input(both->server, data, len);
    if (tls_session_read(both->server, got, len + TLS_RECORD_BYTES, &n) == TLS_FAILED)
        both->failed = true;
    CHECK(n <= sizeof(plain) && memcmp(got, plain, n) == 0);
    free(got);
    return n;
}

static void peer_look(struct both *both)
{
    struct tls_peer *peer = tls_session_peer(both->server);

    CHECK(peer && (!peer->has_certificate || strcmp(peer->subject, "CN=fuzz") == 0));
    tls_peer_destroy(peer);
}

/* What the client has to send now, in memory of its own; *len 0: nothing. */
static uint8_t *client_take(struct both *both, size_t *len)
{
    char *pending;
    uint8_t *data;

    *len = (size_t)BIO_get_mem_data(both->to_server, &pending);
    data = malloc(*len ? *len : 1);
    CHECK(data);
    if (*len)
        memcpy(data, pending, *len);
    (void)BIO_reset(both->to_server);
    return data;
}

/* True: both have shaken hands. */
static bool shake(struct both *both)
{
    bool done = false;

    for (int round = 0; round < 4 && !done && !both->failed; round++) {
        size_t len;
        uint8_t *data;

        (void)SSL_do_handshake(both->client);
        data = client_take(both, &len);
        change(both, data, len);
        if (len > 0)
            feed_handshake(both, data, len, &done);
        free(data);
    }
    if (done)
        peer_look(both);
    return done;
}

/* Without a change all must arrive. */
static void run_changed(struct both *both)
{
    bool unchanged = both->change_count == 0;
    size_t len, n;
    uint8_t *data;

    if (!shake(both) || SSL_write_ex(both->client, plain, sizeof(plain), &n) != 1) {
        CHECK(!unchanged);
        return;
    }
    data = client_take(both, &len);
    change(both, data, len);
    n = feed_open(both, data, len);
    CHECK(!unchanged || (n == sizeof(plain) && !both->failed));
    free(data);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct both both;
    bool done = false;
    unsigned mode;

    if (!context)
        start();
    if (size == 0)
        return 0;
    mode = data[0] % MODE_COUNT;
    data++;
    size--;
    both_init(&both);
    if (mode == MODE_RAW) {
        for (size_t at = 0; at < size && !both.failed && !done; at += 1000)
            feed_handshake(&both, data + at, size - at < 1000 ? size - at : 1000, &done);
    } else if (mode == MODE_CHANGED) {
        both.changes = data;
        both.change_count = size / 3;
        run_changed(&both);
    } else if (shake(&both)) {
        (void)feed_open(&both, data, size);
    }
    both_fini(&both);
    return 0;
}
