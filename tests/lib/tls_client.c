/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/tls_client.h"

#include <arpa/inet.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/params.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/check.h"
#include "lib/test.h"

enum {
    PROBE_BYTES = 44,
    CHUNK_BYTES = 64 << 10,
};

/* ---- the probe ---- */

size_t tls_client_probe_encode(uint8_t *out, uint32_t xid, uint32_t program, uint32_t version)
{
    const uint32_t words[] = {
        0x80000000u | (PROBE_BYTES - 4), xid, 0, 2, program, version, 0, 7, 0, 0, 0};

    for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
        uint32_t be = htonl(words[i]);

        memcpy(out + 4 * i, &be, 4);
    }
    return sizeof(words);
}

static bool receive_all(int fd, void *data, size_t len)
{
    return recv(fd, data, len, MSG_WAITALL) == (ssize_t)len;
}

bool tls_client_probe(int fd, uint32_t program, uint32_t version)
{
    uint8_t bytes[256];
    uint32_t mark;

    assert_int_equal(
        send(fd, bytes, tls_client_probe_encode(bytes, 0x715, program, version), MSG_NOSIGNAL),
        PROBE_BYTES);
    if (!receive_all(fd, &mark, sizeof(mark)))
        return false;
    mark = ntohl(mark) & 0x7fffffff;
    assert_true(mark <= sizeof(bytes) && receive_all(fd, bytes, mark));
    /* xid, REPLY, accepted, AUTH_NONE, 8 bytes */
    return mark >= 32 && memcmp(bytes + 8, "\0\0\0\0\0\0\0\0\0\0\0\10STARTTLS", 20) == 0;
}

/* ---- the session ---- */

static void message_seen(int sent, int version, int type, const void *data, size_t len, SSL *ssl,
                         void *arg)
{
    struct tls_client *client = arg;
    const uint8_t *bytes = data;

    (void)version;
    (void)ssl;
    if (sent || len < 2)
        return;
    if (type == SSL3_RT_ALERT)
        client->alert = bytes[1];
    if (type != SSL3_RT_HANDSHAKE)
        return;
    client->tickets += bytes[0] == SSL3_MT_NEWSESSION_TICKET;
    client->key_updates += bytes[0] == SSL3_MT_KEY_UPDATE;
    client->cert_asked |= bytes[0] == SSL3_MT_CERTIFICATE_REQUEST;
}

/* A session that the server has never heard of, with which early data may be sent. */
static int session_pretend(SSL *ssl, const EVP_MD *md, const unsigned char **id, size_t *id_len,
                           SSL_SESSION **session)
{
    static const uint8_t secret[32] = {1}, suite[2] = {0x13, 0x01};
    SSL_SESSION *made = SSL_SESSION_new();

    (void)md;
    assert_non_null(made);
    assert_int_equal(SSL_SESSION_set1_master_key(made, secret, sizeof(secret)), 1);
    assert_int_equal(SSL_SESSION_set_cipher(made, SSL_CIPHER_find(ssl, suite)), 1);
    assert_int_equal(SSL_SESSION_set_protocol_version(made, TLS1_3_VERSION), 1);
    assert_int_equal(SSL_SESSION_set_max_early_data(made, 16384), 1);
    *id = secret;
    *id_len = sizeof(secret);
    *session = made;
    return 1;
}

/* A key of its own that claims to be the one of the certificate. */
static void key_pretend(SSL_CTX *settings)
{
    EVP_PKEY_CTX *maker = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    uint8_t secret[32] = {1};
    OSSL_PARAM own[] = {OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_PRIV_KEY, secret, sizeof(secret)),
                        OSSL_PARAM_construct_end()};
    OSSL_PARAM *known, *both;
    EVP_PKEY *key = NULL;

    assert_int_equal(EVP_PKEY_todata(X509_get0_pubkey(SSL_CTX_get0_certificate(settings)),
                                     EVP_PKEY_PUBLIC_KEY, &known),
                     1);
    both = OSSL_PARAM_merge(known, own);
    assert_true(maker && both && EVP_PKEY_fromdata_init(maker) == 1);
    assert_int_equal(EVP_PKEY_fromdata(maker, &key, EVP_PKEY_KEYPAIR, both), 1);
    assert_int_equal(SSL_CTX_use_PrivateKey(settings, key), 1);
    EVP_PKEY_free(key);
    OPENSSL_free(both);
    OSSL_PARAM_free(known);
    EVP_PKEY_CTX_free(maker);
}

static void settings_init(SSL_CTX *settings, const struct tls_client_wish *wish)
{
    int version = wish->version ? wish->version : TLS1_3_VERSION;

    assert_int_equal(SSL_CTX_set_min_proto_version(settings, version), 1);
    assert_int_equal(SSL_CTX_set_max_proto_version(settings, version), 1);
    if (wish->ca) {
        assert_int_equal(SSL_CTX_load_verify_file(settings, wish->ca), 1);
        SSL_CTX_set_verify(settings, SSL_VERIFY_PEER, NULL);
    }
    if (wish->cert) {
        assert_int_equal(SSL_CTX_use_certificate_chain_file(settings, wish->cert), 1);
        if (wish->stolen_cert)
            key_pretend(settings);
        else
            assert_int_equal(SSL_CTX_use_PrivateKey_file(settings, wish->key, SSL_FILETYPE_PEM), 1);
    }
    if (wish->groups)
        assert_int_equal(SSL_CTX_set1_groups_list(settings, wish->groups), 1);
    if (wish->early_data)
        SSL_CTX_set_psk_use_session_callback(settings, session_pretend);
    if (wish->alpn)
        assert_int_equal(SSL_CTX_set_alpn_protos(settings, (const uint8_t *)wish->alpn,
                                                 (unsigned)strlen(wish->alpn)),
                         0);
}

void tls_client_init(struct tls_client *client, int fd, const struct tls_client_wish *wish)
{
    *client = (struct tls_client){.fd = fd, .alert = -1};
    client->settings = SSL_CTX_new(TLS_client_method());
    assert_non_null(client->settings);
    settings_init(client->settings, wish);
    client->ssl = SSL_new(client->settings);
    client->in = BIO_new(BIO_s_mem());
    client->out = BIO_new(BIO_s_mem());
    assert_true(client->ssl && client->in && client->out);
    SSL_set_bio(client->ssl, client->in, client->out);
    SSL_set_connect_state(client->ssl);
    SSL_set_msg_callback(client->ssl, message_seen);
    SSL_set_msg_callback_arg(client->ssl, client);
}

void tls_client_fini(struct tls_client *client)
{
    SSL_free(client->ssl);
    SSL_CTX_free(client->settings);
    ERR_clear_error();
    close(client->fd);
}

void tls_client_flush(struct tls_client *client, size_t step)
{
    char *data;
    size_t len = (size_t)BIO_get_mem_data(client->out, &data);

    for (size_t done = 0, n; done < len; done += n) {
        n = step > 0 && len - done > step ? step : len - done;
        if (send(client->fd, data + done, n, MSG_NOSIGNAL) != (ssize_t)n)
            break; /* the server has gone: the next receive says so */
    }
    BIO_reset(client->out);
}

/* More from the server.  False at the end. */
static bool fill(struct tls_client *client)
{
    uint8_t bytes[CHUNK_BYTES];
    ssize_t n = recv(client->fd, bytes, sizeof(bytes), 0);

    return n > 0 && BIO_write(client->in, bytes, (int)n) == n;
}

bool tls_client_shake(struct tls_client *client)
{
    int result;

    while ((result = SSL_do_handshake(client->ssl)) != 1) {
        if (SSL_get_error(client->ssl, result) != SSL_ERROR_WANT_READ)
            return false;
        tls_client_flush(client, 0);
        if (!fill(client))
            return false;
    }
    return true;
}

bool tls_client_connect(struct tls_client *client)
{
    bool done = tls_client_shake(client);

    tls_client_flush(client, 0);
    return done;
}

void tls_client_write(struct tls_client *client, const void *data, size_t len)
{
    for (size_t done = 0, n; done < len; done += n)
        assert_int_equal(SSL_write_ex(client->ssl, (const uint8_t *)data + done, len - done, &n),
                         1);
}

void tls_client_send(struct tls_client *client, const void *data, size_t len)
{
    tls_client_write(client, data, len);
    tls_client_flush(client, 0);
}

bool tls_client_receive(struct tls_client *client, void *data, size_t len)
{
    for (size_t done = 0, n; done < len; done += n) {
        n = 0;
        ERR_clear_error(); /* of other clients in this thread */
        if (SSL_read_ex(client->ssl, (uint8_t *)data + done, len - done, &n) == 1)
            continue;
        if (SSL_get_error(client->ssl, 0) != SSL_ERROR_WANT_READ)
            return false;
        tls_client_flush(client, 0);
        if (!fill(client))
            return false;
    }
    return true;
}

size_t tls_client_receive_record(struct tls_client *client, void *data, size_t size)
{
    uint32_t mark;

    if (!tls_client_receive(client, &mark, sizeof(mark)))
        return 0;
    mark = ntohl(mark);
    assert_true(mark & 0x80000000u);
    mark &= 0x7fffffff;
    assert_true(mark <= size);
    return tls_client_receive(client, data, mark) ? mark : 0;
}

bool tls_client_drain(struct tls_client *client)
{
    uint8_t byte;

    while (tls_client_receive(client, &byte, 1))
        continue;
    return client->alert == SSL_AD_CLOSE_NOTIFY;
}
