/* SPDX-License-Identifier: Apache-2.0 */
#include "client/client_tls.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "client/client_call.h"
#include "client/client_tls_cert.h"
#include "client/client_tls_context.h"
#include "client/client_tls_session.h"
#include "wire/nfs4_const.h"

enum {
    CRED_TLS = 7, /* AUTH_TLS, RFC 9289 §4.1 */
};

#define STARTTLS "STARTTLS"

/* ---- probe ---- */

static size_t probe_encode(uint32_t xid, uint8_t *out, size_t size)
{
    struct rpc_call_header header = {
        .xid = xid,
        .rpcvers = RPC_VERSION,
        .prog = NFS4_PROGRAM,
        .vers = NFS_V4,
        .proc = NFSPROC4_NULL,
        .cred = {.flavor = CRED_TLS},
    };
    struct xdr x;

    xdr_init_encode(&x, out + RPC_RECORD_MARK_BYTES, size - RPC_RECORD_MARK_BYTES);
    CHECK(wire_rpc_call_header(&x, &header));
    rpc_record_mark_put(out, (uint32_t)xdr_pos(&x), true);
    return RPC_RECORD_MARK_BYTES + xdr_pos(&x);
}

/* The token is in the verifier of any accepted reply. */
static bool offers(const struct client_reply *reply)
{
    const struct opaque_auth *verf = &reply->header.verf;

    return reply->header.stat == MSG_ACCEPTED && verf->flavor == AUTH_NONE &&
           verf->body.len == sizeof(STARTTLS) - 1 &&
           memcmp(verf->body.data, STARTTLS, sizeof(STARTTLS) - 1) == 0;
}

enum client_status client_tls_probe(struct client_conn *conn, const void *behind, size_t len,
                                    bool *offered)
{
    uint8_t *call = must_malloc(CLIENT_CALL_HEADER_BYTES + len);
    const uint32_t xid = ++conn->xid;
    size_t size = probe_encode(xid, call, CLIENT_CALL_HEADER_BYTES);
    struct client_reply reply = {0};
    enum client_status status;

    *offered = false;
    if (len)
        memcpy(call + size, behind, len);
    status = client_conn_send_raw(conn, call, size + len);
    free(call);
    if (status == CLIENT_OK)
        status = client_call_receive(conn, xid, &reply);
    if (status == CLIENT_OK || status == CLIENT_REJECTED) {
        *offered = offers(&reply);
        client_reply_free(&reply);
    }
    return status == CLIENT_REJECTED && *offered ? CLIENT_OK : status;
}

/* ---- handshake ---- */

/* Note what the server sends. */
static void message_see(int sent, int version, int type, const void *data, size_t len, SSL *ssl,
                        void *arg)
{
    struct client_tls *tls = arg;
    const uint8_t *bytes = data;

    (void)version;
    (void)ssl;
    if (sent || len == 0)
        return;
    if (type == SSL3_RT_ALERT && len > 1 && bytes[1] != SSL_AD_CLOSE_NOTIFY) {
        tls->facts.alert = bytes[1];
    } else if (type == SSL3_RT_HANDSHAKE) {
        tls->facts.tickets += bytes[0] == SSL3_MT_NEWSESSION_TICKET;
        tls->facts.key_updates += bytes[0] == SSL3_MT_KEY_UPDATE;
        tls->facts.cert_asked |= bytes[0] == SSL3_MT_CERTIFICATE_REQUEST;
    }
}

static int cert_see(int good, X509_STORE_CTX *store)
{
    SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
    struct client_tls *tls = SSL_get_app_data(ssl);

    client_tls_cert_tell(X509_STORE_CTX_get0_cert(store), &tls->facts);
    return good || tls->wish.trust_any;
}

/* Require `name` in the certificate; RFC 9289 §5.2.1 wants no wildcards and no common name. */
static void name_require(SSL *ssl, const char *name)
{
    X509_VERIFY_PARAM *param = SSL_get0_param(ssl);
    uint8_t address[16];

    X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_WILDCARDS |
                                               X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
    if (inet_pton(AF_INET, name, address) == 1 || inet_pton(AF_INET6, name, address) == 1)
        X509_VERIFY_PARAM_set1_ip_asc(param, name);
    else
        X509_VERIFY_PARAM_set1_host(param, name, 0);
}

static struct client_tls *tls_create(SSL_CTX *ctx, const struct client_tls_wish *wish)
{
    struct client_tls *tls = must_calloc(1, sizeof(*tls));

    tls->ctx = ctx;
    tls->wish = *wish;
    tls->facts.alert = -1;
    tls->ssl = SSL_new(ctx);
    tls->in = BIO_new(BIO_s_mem());
    tls->out = BIO_new(BIO_s_mem());
    CHECK(tls->ssl && tls->in && tls->out);
    SSL_set_bio(tls->ssl, tls->in, tls->out);
    SSL_set_connect_state(tls->ssl);
    SSL_set_app_data(tls->ssl, tls);
    SSL_set_verify(tls->ssl, SSL_VERIFY_PEER, cert_see);
    SSL_set_msg_callback(tls->ssl, message_see);
    SSL_set_msg_callback_arg(tls->ssl, tls);
    X509_VERIFY_PARAM_set_purpose(SSL_get0_param(tls->ssl), X509_PURPOSE_ANY);
    if (wish->name && !wish->trust_any) {
        name_require(tls->ssl, wish->name);
        if (!strchr(wish->name, ':'))
            SSL_set_tlsext_host_name(tls->ssl, wish->name);
    }
    return tls;
}

/* Send what the handshake has to send. */
static enum client_status handshake_flush(struct client_conn *conn, int64_t deadline_ns)
{
    while (!client_tls_flush(conn, conn->tls->wish.split_bytes)) {
        enum client_status status;

        if (errno != EAGAIN)
            return errno == EPIPE || errno == ECONNRESET ? CLIENT_CLOSED : CLIENT_FAILED;
        status = client_conn_wait(conn, POLLOUT, deadline_ns);
        if (status != CLIENT_OK)
            return status;
    }
    return CLIENT_OK;
}

enum client_status client_tls_start(struct client_conn *conn, const struct client_tls_wish *wish,
                                    char why[CLIENT_WHY_BYTES])
{
    SSL_CTX *ctx = client_tls_context_create(wish, why);

    CHECK(!conn->tls);
    if (!ctx) {
        errno = EINVAL;
        return CLIENT_FAILED;
    }
    conn->tls = tls_create(ctx, wish);
    (void)SSL_do_handshake(conn->tls->ssl);
    return handshake_flush(conn, client_conn_deadline(conn));
}

static void facts_fill(struct client_tls *tls)
{
    struct client_tls_facts *facts = &tls->facts;
    const uint8_t *alpn;
    unsigned len;

    facts->done = true;
    (void)snprintf(facts->version, sizeof(facts->version), "%s", SSL_get_version(tls->ssl));
    (void)snprintf(facts->suite, sizeof(facts->suite), "%s", SSL_get_cipher_name(tls->ssl));
    SSL_get0_alpn_selected(tls->ssl, &alpn, &len);
    (void)snprintf(facts->alpn, sizeof(facts->alpn), "%.*s", (int)len,
                   alpn ? (const char *)alpn : "");
}

/* The handshake failed at this end. */
static enum client_status refuse(struct client_conn *conn, char why[CLIENT_WHY_BYTES])
{
    struct client_tls *tls = conn->tls;
    const long result = SSL_get_verify_result(tls->ssl);
    const char *reason = ERR_reason_error_string(ERR_peek_error());

    (void)client_tls_break(conn);
    if (tls->facts.alert >= 0)
        (void)snprintf(why, CLIENT_WHY_BYTES, "the server ended the TLS handshake: %s",
                       client_tls_alert_name(tls->facts.alert));
    else if (result != X509_V_OK && !tls->wish.trust_any)
        client_tls_cert_why(result, &tls->wish, &tls->facts, why);
    else
        (void)snprintf(why, CLIENT_WHY_BYTES, "the TLS handshake failed: %s",
                       reason ? reason : "no reason known");
    errno = EPROTO;
    return tls->facts.alert >= 0 ? CLIENT_CLOSED : CLIENT_FAILED;
}

/* Wait for more of the handshake. */
static enum client_status handshake_fill(struct client_conn *conn, int64_t deadline_ns,
                                         char why[CLIENT_WHY_BYTES])
{
    enum client_status status = client_conn_wait(conn, POLLIN, deadline_ns);
    ssize_t n;

    if (status != CLIENT_OK) {
        (void)snprintf(why, CLIENT_WHY_BYTES, "the TLS handshake was not answered");
        return status;
    }
    n = client_tls_fill(conn);
    if (n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR)))
        return CLIENT_OK;
    (void)snprintf(why, CLIENT_WHY_BYTES, "the server closed the connection during the handshake");
    return CLIENT_CLOSED;
}

enum client_status client_tls_finish(struct client_conn *conn, char why[CLIENT_WHY_BYTES])
{
    struct client_tls *tls = conn->tls;
    const int64_t deadline_ns = client_conn_deadline(conn);
    enum client_status status = CLIENT_OK;

    while (status == CLIENT_OK) {
        int done = SSL_do_handshake(tls->ssl);

        if (done == 1) {
            facts_fill(tls);
            tls->hold = tls->wish.hold_finished;
            return handshake_flush(conn, deadline_ns);
        }
        if (SSL_get_error(tls->ssl, done) != SSL_ERROR_WANT_READ)
            return refuse(conn, why);
        status = handshake_flush(conn, deadline_ns);
        if (status == CLIENT_OK)
            status = handshake_fill(conn, deadline_ns, why);
    }
    return status;
}

enum client_status client_tls_open(struct client_conn *conn, const struct client_tls_wish *wish,
                                   char why[CLIENT_WHY_BYTES])
{
    enum client_status status;
    bool offered;

    *why = '\0';
    status = client_tls_probe(conn, NULL, 0, &offered);
    if (status == CLIENT_REJECTED || (status == CLIENT_OK && !offered)) {
        (void)snprintf(why, CLIENT_WHY_BYTES, "the server does not offer TLS");
        return CLIENT_REJECTED;
    }
    if (status == CLIENT_OK)
        status = client_tls_start(conn, wish, why);
    if (status == CLIENT_OK)
        status = client_tls_finish(conn, why);
    return status;
}

/* ---- the session ---- */

const struct client_tls_facts *client_tls_facts(const struct client_conn *conn)
{
    return conn->tls ? &conn->tls->facts : NULL;
}

enum client_status client_tls_key_update(struct client_conn *conn, bool in_return)
{
    struct client_tls *tls = conn->tls;

    if (SSL_key_update(tls->ssl,
                       in_return ? SSL_KEY_UPDATE_REQUESTED : SSL_KEY_UPDATE_NOT_REQUESTED) != 1 ||
        SSL_do_handshake(tls->ssl) != 1)
        return CLIENT_FAILED;
    return handshake_flush(conn, client_conn_deadline(conn));
}

enum client_status client_tls_end(struct client_conn *conn)
{
    return client_tls_shutdown(conn) ? CLIENT_OK : CLIENT_CLOSED;
}

enum client_status client_tls_send_below(struct client_conn *conn, const void *data, size_t len)
{
    struct client_tls *tls = conn->tls;
    enum client_status status;

    conn->tls = NULL;
    status = client_conn_send_raw(conn, data, len);
    conn->tls = tls;
    return status;
}

const char *client_tls_alert_name(int alert)
{
    return SSL_alert_desc_string_long(alert);
}
