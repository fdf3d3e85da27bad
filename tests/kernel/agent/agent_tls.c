/* SPDX-License-Identifier: Apache-2.0 */
#include "agent_tls.h"
#include "agent_keys.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum {
    TIMEOUT_USUAL_MS = 10000,
    ALPN_MAX = 255,
};

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static bool context_load(SSL_CTX *context, const struct agent_request *request,
                         const struct agent_files *files)
{
    if (SSL_CTX_load_verify_locations(context, files->ca, NULL) != 1)
        return false;
    if (!request->certificate || files->certificate == NULL)
        return true;
    return SSL_CTX_use_certificate_chain_file(context, files->certificate) == 1 &&
           SSL_CTX_use_PrivateKey_file(context, files->key, SSL_FILETYPE_PEM) == 1;
}

static SSL_CTX *context_create(const struct agent_request *request, const struct agent_files *files)
{
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());

    if (context == NULL)
        return NULL;
    SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
    SSL_CTX_set_ciphersuites(context, "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384");
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_keylog_callback(context, agent_keys_log);
    if (!context_load(context, request, files)) {
        SSL_CTX_free(context);
        return NULL;
    }
    return context;
}

/* Whom the server's certificate must name. */
static bool session_expect(SSL *session, const char *peer)
{
    unsigned char address[sizeof(struct in6_addr)];

    if (peer[0] == '\0')
        return true;
    if (inet_pton(AF_INET, peer, address) == 1 || inet_pton(AF_INET6, peer, address) == 1)
        return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(session), peer) == 1;
    return SSL_set_tlsext_host_name(session, peer) == 1 && SSL_set1_host(session, peer) == 1;
}

static bool session_ask_alpn(SSL *session, const char *protocol)
{
    unsigned char list[1 + ALPN_MAX];
    const size_t length = protocol != NULL ? strnlen(protocol, ALPN_MAX) : 0;

    if (length == 0)
        return true;
    list[0] = (unsigned char)length;
    memcpy(list + 1, protocol, length);
    return SSL_set_alpn_protos(session, list, (unsigned)length + 1) == 0;
}

/* Returns 0 or a value of errno. */
static int session_connect(SSL *session, int socket, int64_t limit_ms)
{
    for (;;) {
        const int result = SSL_connect(session);
        struct pollfd wanted = {.fd = socket};
        int64_t left_ms;

        if (result == 1)
            return 0;
        switch (SSL_get_error(session, result)) {
        case SSL_ERROR_WANT_READ:
            wanted.events = POLLIN;
            break;
        case SSL_ERROR_WANT_WRITE:
            wanted.events = POLLOUT;
            break;
        default:
            return EACCES;
        }
        left_ms = limit_ms - now_ms();
        if (left_ms <= 0 || poll(&wanted, 1, (int)left_ms) == 0)
            return ETIMEDOUT;
    }
}

static int session_run(SSL *session, const struct agent_request *request,
                       const struct agent_files *files)
{
    const int64_t limit_ms =
        now_ms() + (request->timeout_ms != 0 ? request->timeout_ms : TIMEOUT_USUAL_MS);
    struct agent_keys keys = {0};
    int error;

    SSL_set_app_data(session, &keys);
    if (SSL_set_fd(session, request->socket) != 1 || !session_expect(session, request->peer) ||
        !session_ask_alpn(session, files->alpn))
        return EIO;
    error = session_connect(session, request->socket, limit_ms);
    if (error == 0 && !agent_keys_hand_over(&keys, session, request->socket))
        error = EIO;
    OPENSSL_cleanse(&keys, sizeof(keys));
    return error;
}

int agent_tls_handshake(const struct agent_request *request, const struct agent_files *files)
{
    SSL_CTX *context = context_create(request, files);
    SSL *session = context != NULL ? SSL_new(context) : NULL;
    const int error = session != NULL ? session_run(session, request, files) : EIO;

    if (error != 0) {
        const long verified = session != NULL ? SSL_get_verify_result(session) : X509_V_OK;

        fprintf(stderr, "handshake-agent: with %s: %s; certificate: %s\n",
                request->peer[0] != '\0' ? request->peer : "a server", strerror(error),
                X509_verify_cert_error_string(verified));
        ERR_print_errors_fp(stderr);
    }
    SSL_free(session);
    SSL_CTX_free(context);
    return error;
}
