/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/test.h"

#include "tls_server.h"

#include <openssl/ssl.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "wire/rpc_msg.h"

#define RECORD_BYTES (2u << 20)

/* read() of the socket, or of TLS. */
static bool read_all(int fd, SSL *ssl, void *data, size_t len)
{
    uint8_t *at = data;

    while (len > 0) {
        int n = ssl ? SSL_read(ssl, at, (int)len) : (int)read(fd, at, len);

        if (n <= 0)
            return false;
        at += n;
        len -= (size_t)n;
    }
    return true;
}

/* Returns the xid, or 0. */
static uint32_t call_receive(int fd, SSL *ssl, uint8_t *record)
{
    uint8_t mark[RPC_RECORD_MARK_BYTES];
    uint32_t len, xid;
    bool last;

    if (!read_all(fd, ssl, mark, sizeof(mark)))
        return 0;
    len = rpc_record_mark_get(mark, &last);
    if (len < 4 || len > RECORD_BYTES || !read_all(fd, ssl, record, len))
        return 0;
    memcpy(&xid, record, sizeof(xid));
    return be32toh(xid);
}

static bool reply_send(int fd, SSL *ssl, uint32_t xid, bool token)
{
    struct rpc_reply_header header = {.xid = xid, .stat = MSG_ACCEPTED};
    uint8_t reply[128];
    struct xdr x;
    size_t len;

    if (token)
        header.verf.body = (struct wire_opaque){(const uint8_t *)"STARTTLS", 8};
    xdr_init_encode(&x, reply + RPC_RECORD_MARK_BYTES, sizeof(reply) - RPC_RECORD_MARK_BYTES);
    if (!wire_rpc_reply_header(&x, &header))
        return false;
    len = xdr_pos(&x) + RPC_RECORD_MARK_BYTES;
    rpc_record_mark_put(reply, (uint32_t)xdr_pos(&x), true);
    return (ssl ? SSL_write(ssl, reply, (int)len) : (int)write(fd, reply, len)) == (int)len;
}

static int alpn_choose(SSL *ssl, const unsigned char **out, unsigned char *len,
                       const unsigned char *in, unsigned in_len, void *arg)
{
    const struct tls_server *server = arg;

    (void)ssl;
    (void)in;
    (void)in_len;
    *out = (const unsigned char *)server->alpn;
    *len = (unsigned char)strlen(server->alpn);
    return SSL_TLSEXT_ERR_OK;
}

static SSL_CTX *settings(struct tls_server *server)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    char file[32], path[PKI_PATH_BYTES];
    bool ok;

    (void)snprintf(file, sizeof(file), "%s.pem", server->cert ? server->cert : "server");
    ok = SSL_CTX_use_certificate_chain_file(ctx, pki_path(server->pki, file, path)) == 1;
    (void)snprintf(file, sizeof(file), "%s.key", server->cert ? server->cert : "server");
    ok = ok &&
         SSL_CTX_use_PrivateKey_file(ctx, pki_path(server->pki, file, path), SSL_FILETYPE_PEM) == 1;
    ok = ok && SSL_CTX_load_verify_file(ctx, pki_path(server->pki, "ca.pem", path)) == 1;
    if (server->asks)
        SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    SSL_CTX_set_num_tickets(ctx, server->tickets);
    SSL_CTX_set_max_proto_version(ctx, server->only_12 ? TLS1_2_VERSION : TLS1_3_VERSION);
    if (server->alpn)
        SSL_CTX_set_alpn_select_cb(ctx, alpn_choose, server);
    if (!ok)
        (void)fprintf(stderr, "the server's files can't be read\n");
    return ctx;
}

static void serve(struct tls_server *server, SSL *ssl, uint8_t *record)
{
    X509 *cert = SSL_get0_peer_certificate(ssl);
    uint32_t xid;

    server->accepted = true;
    if (cert)
        X509_NAME_get_text_by_NID(X509_get_subject_name(cert), NID_commonName, server->client,
                                  sizeof(server->client));
    while ((xid = call_receive(-1, ssl, record)) != 0) {
        if (server->updates_keys && server->calls == 0)
            SSL_key_update(ssl, SSL_KEY_UPDATE_NOT_REQUESTED);
        if (!reply_send(-1, ssl, xid, false))
            break;
        server->calls++;
    }
    server->close_notify = SSL_get_shutdown(ssl) & SSL_RECEIVED_SHUTDOWN;
}

static void *run(void *arg)
{
    struct tls_server *server = arg;
    SSL_CTX *ctx = settings(server);
    SSL *ssl = SSL_new(ctx);
    uint8_t *record = malloc(RECORD_BYTES);
    uint32_t xid = call_receive(server->fd, NULL, record);

    if (xid && reply_send(server->fd, NULL, xid, !server->refuses) && !server->refuses) {
        SSL_set_fd(ssl, server->fd);
        if (SSL_accept(ssl) == 1)
            serve(server, ssl, record);
        (void)shutdown(server->fd, SHUT_WR);
        while (read(server->fd, record, RECORD_BYTES) > 0)
            ;
    }
    free(record);
    SSL_free(ssl);
    SSL_CTX_free(ctx);
    return NULL;
}

void tls_server_start(struct tls_server *server, const struct pki *pki)
{
    int fds[2];

    (void)signal(SIGPIPE, SIG_IGN); /* OpenSSL writes to whom is gone */
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
    client_conn_adopt(&server->conn, fds[0], 60000);
    server->fd = fds[1];
    server->pki = pki;
    assert_int_equal(pthread_create(&server->thread, NULL, run, server), 0);
}

void tls_server_stop(struct tls_server *server)
{
    client_conn_close(&server->conn);
    assert_int_equal(pthread_join(server->thread, NULL), 0);
    close(server->fd);
}
