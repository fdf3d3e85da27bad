/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the receiver makes OpenSSL send (the answer to a KeyUpdate, an alert) is kept in `aside`
 * until the sender writes next: the output is the sender's, and the order of records is that in
 * which they were encrypted.
 *
 * When the kernel sends, what OpenSSL encrypts has the wrong number and is thrown away; of an alert
 * the plain bytes are kept.  A peer that asks for a new key of ours (RFC 8446 4.6.3) loses its
 * connection, since kernels before 6.14 cannot change a key; nobody is known to ask.
 */
#include "tls/tls_session.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>

#include "base/limits.h"
#include "base/memory.h"
#include "tls/tls_bio.h"
#include "tls/tls_context_internal.h"
#include "tls/tls_error.h"
#include "tls/tls_frame.h"
#include "tls/tls_kernel.h"
#include "tls/tls_peer.h"
#include "tls/tls_peer_internal.h"
#include "tls/tls_secret.h"
#include "tls/tls_verify.h"

enum {
    ASIDE_BYTES = 512,
    KEY_UPDATE_REQUEST = 4, /* where a KeyUpdate says whether it asks for another one */
};

struct tls_session {
    struct tls_context *context;
    pthread_mutex_t lock; /* guards all below once the handshake is done; a leaf */
    SSL *ssl;
    struct tls_bio memory;
    struct tls_bio output; /* the sender's: memory.out while it uses the session */
    uint8_t aside[ASIDE_BYTES];
    size_t aside_len;
    struct tls_frame received;
    unsigned key_updates;
    bool key_wanted; /* the peer asks for a new key of ours */
    bool offloaded;  /* the kernel sends */
    struct tls_alert alert;
    struct tls_secret secret; /* until the end of the handshake */
    _Atomic uint64_t records;
    enum tls_reason reason;
    char why[TLS_WHY_BYTES];
};

/* ---- life ---- */

/* A client that makes one KeyUpdate after the other only costs us time. */
static void key_update_seen(struct tls_session *session, const uint8_t *message, size_t len)
{
    session->key_updates++;
    session->key_wanted |=
        len > KEY_UPDATE_REQUEST && message[KEY_UPDATE_REQUEST] == SSL_KEY_UPDATE_REQUESTED;
}

static void message_seen(int sent, int version, int type, const void *data, size_t len, SSL *ssl,
                         void *arg)
{
    struct tls_session *session = arg;
    const uint8_t *message = data;

    (void)version;
    (void)ssl;
    if (!sent && type == SSL3_RT_HANDSHAKE && len > 0 && message[0] == SSL3_MT_KEY_UPDATE)
        key_update_seen(session, message, len);
    if (sent && type == SSL3_RT_ALERT && len == 2)
        session->alert = (struct tls_alert){.level = message[0], .description = message[1]};
}

static bool ssl_create(struct tls_session *session)
{
    BIO *bio;

    session->ssl = SSL_new(tls_context_settings(session->context));
    bio = session->ssl ? tls_bio_create(&session->memory) : NULL;
    if (!bio)
        return false;
    SSL_set_bio(session->ssl, bio, bio);
    SSL_set_accept_state(session->ssl);
    SSL_set_msg_callback(session->ssl, message_seen);
    SSL_set_msg_callback_arg(session->ssl, session);
    tls_secret_keep(session->ssl, &session->secret);
    return true;
}

struct tls_session *tls_session_create(struct tls_context *context)
{
    struct tls_session *session = memory_zalloc(MEMORY_connections, sizeof(*session));

    if (!session)
        return NULL;
    session->context = tls_context_get(context);
    session->alert = (struct tls_alert){SSL3_AL_WARNING, SSL_AD_CLOSE_NOTIFY};
    CHECK(pthread_mutex_init(&session->lock, NULL) == 0);
    if (ssl_create(session))
        return session;
    ERR_clear_error();
    tls_session_destroy(session);
    return NULL;
}

void tls_session_destroy(struct tls_session *session)
{
    if (!session)
        return;
    SSL_free(session->ssl);
    tls_context_put(session->context);
    pthread_mutex_destroy(&session->lock);
    OPENSSL_cleanse(session->aside, sizeof(session->aside));
    OPENSSL_cleanse(&session->secret, sizeof(session->secret));
    memory_free(MEMORY_connections, session);
}

/* ---- input and output ---- */

/* With the lock: where a client has sent the half of a KeyUpdate, OpenSSL looks for the other half
 * when the sender writes, too. */
void tls_session_input(struct tls_session *session, const uint8_t *data, size_t len)
{
    pthread_mutex_lock(&session->lock);
    tls_frame_feed(&session->received, data, len);
    session->memory.in = data;
    session->memory.in_len = len;
    pthread_mutex_unlock(&session->lock);
}

size_t tls_session_input_left(const struct tls_session *session)
{
    return session->memory.in_len;
}

size_t tls_session_record_used(const struct tls_session *session)
{
    return session->received.used;
}

void tls_session_output(struct tls_session *session, uint8_t *data, size_t size)
{
    session->output = (struct tls_bio){.out = data, .out_size = size};
}

size_t tls_session_output_len(const struct tls_session *session)
{
    return session->output.out_len;
}

/* What OpenSSL writes now goes to the output, behind what was set aside. */
static void sender_begin(struct tls_session *session)
{
    struct tls_bio *output = &session->output;
    struct tls_bio *memory = &session->memory;

    if (session->aside_len > 0 && session->aside_len <= output->out_size - output->out_len) {
        memcpy(output->out + output->out_len, session->aside, session->aside_len);
        output->out_len += session->aside_len;
        session->aside_len = 0;
    }
    memory->out = output->out;
    memory->out_len = output->out_len;
    memory->out_size = output->out_size;
}

static void sender_end(struct tls_session *session)
{
    session->output.out_len = session->memory.out_len;
}

static void receiver_begin(struct tls_session *session)
{
    session->memory.out = session->aside;
    session->memory.out_len = session->aside_len;
    session->memory.out_size = sizeof(session->aside);
}

static void receiver_end(struct tls_session *session)
{
    session->aside_len = session->offloaded ? 0 : session->memory.out_len;
}

/* ---- failure ---- */

static enum tls_reason reason_of(int reason)
{
    switch (reason) {
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_VERSION_TOO_LOW:
    case SSL_R_NO_SHARED_CIPHER:
    case SSL_R_NO_SUITABLE_KEY_SHARE:
    case SSL_R_NO_SHARED_GROUPS:
    case SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM:
    case SSL_R_WRONG_VERSION_NUMBER:
        return TLS_REASON_VERSION;
    case SSL_R_NO_APPLICATION_PROTOCOL:
        return TLS_REASON_ALPN;
    case SSL_R_EXCESSIVE_MESSAGE_SIZE:
        return TLS_REASON_CERTIFICATE;
    case ERR_R_MALLOC_FAILURE:
        return TLS_REASON_MEMORY;
    default:
        return reason > SSL_AD_REASON_OFFSET && reason < SSL_AD_REASON_OFFSET + 256
                   ? TLS_REASON_REFUSED
                   : TLS_REASON_PROTOCOL;
    }
}

static const char *words_of(enum tls_reason reason)
{
    switch (reason) {
    case TLS_REASON_VERSION:
        return "the client offers no TLS 1.3 that we know";
    case TLS_REASON_ALPN:
        return "the client wants to speak another protocol than sunrpc (ALPN)";
    case TLS_REASON_CERTIFICATE:
        return "the client's certificates are too long";
    case TLS_REASON_MEMORY:
        return "out of memory";
    default:
        return NULL;
    }
}

/* What a client says about the server's certificate by its alert; NULL: its text must do. */
static const char *alert_words(int reason)
{
    switch (reason - SSL_AD_REASON_OFFSET) {
    case SSL_AD_UNKNOWN_CA:
        return "the client does not trust the CA of the server's certificate (unknown CA)";
    case SSL_AD_BAD_CERTIFICATE:
        return "the client refuses the server's certificate (bad certificate): often because it "
               "mounts by a name that is not in it";
    case SSL_AD_CERTIFICATE_EXPIRED:
        return "the client finds the server's certificate expired: compare the clocks, too";
    default:
        return NULL;
    }
}

/* OpenSSL has given up; note why. */
static enum tls_status session_failed(struct tls_session *session)
{
    unsigned long code = ERR_peek_error();
    long verified = SSL_get_verify_result(session->ssl);
    const char *words;
    char text[128];

    session->reason = reason_of(ERR_GET_LIB(code) == ERR_LIB_SSL ? ERR_GET_REASON(code) : 0);
    words = session->reason == TLS_REASON_REFUSED ? alert_words(ERR_GET_REASON(code))
                                                  : words_of(session->reason);
    if (ERR_GET_LIB(code) == ERR_LIB_SSL &&
        ERR_GET_REASON(code) == SSL_R_CERTIFICATE_VERIFY_FAILED) {
        session->reason = tls_verify_reason((int)verified);
        words = tls_verify_text((int)verified);
    }
    tls_error_take(text, sizeof(text), "the session failed");
    if (words)
        snprintf(session->why, sizeof(session->why), "%s", words);
    else if (session->reason == TLS_REASON_REFUSED)
        snprintf(session->why, sizeof(session->why), "the client has given up: %s", text);
    else
        snprintf(session->why, sizeof(session->why), "%s", text);
    return TLS_FAILED;
}

/* A call of OpenSSL has returned no success. */
static enum tls_status session_status(struct tls_session *session, int result)
{
    switch (SSL_get_error(session->ssl, result)) {
    case SSL_ERROR_WANT_READ:
        return TLS_WANT;
    case SSL_ERROR_ZERO_RETURN:
        session->reason = TLS_REASON_REFUSED;
        snprintf(session->why, sizeof(session->why), "the client has ended the session");
        return TLS_CLOSED;
    default:
        return session_failed(session);
    }
}

enum tls_reason tls_session_reason(const struct tls_session *session)
{
    return session->reason;
}

const char *tls_session_why(const struct tls_session *session)
{
    return session->why;
}

/* ---- the session ---- */

enum tls_status tls_session_handshake(struct tls_session *session)
{
    int result;

    pthread_mutex_lock(&session->lock);
    ERR_clear_error();
    sender_begin(session);
    result = SSL_do_handshake(session->ssl);
    sender_end(session);
    pthread_mutex_unlock(&session->lock);
    return result == 1 ? TLS_OK : session_status(session, result);
}

/* The session has put out nothing since its handshake, so the kernel's first record is number 0. */
static bool offload_locked(struct tls_session *session, int fd)
{
    uint16_t suite = SSL_CIPHER_get_protocol_id(SSL_get_current_cipher(session->ssl));
    struct tls_kernel_keys keys;
    bool begun =
        tls_kernel_keys_make(&keys, suite, &session->secret) && tls_kernel_send_begin(fd, &keys);

    OPENSSL_cleanse(&keys, sizeof(keys));
    return begun;
}

bool tls_session_offload(struct tls_session *session, int fd)
{
    pthread_mutex_lock(&session->lock);
    if (tls_context_offloads(session->context) && session->aside_len == 0)
        session->offloaded = offload_locked(session, fd);
    tls_secret_forget(session->ssl, &session->secret);
    pthread_mutex_unlock(&session->lock);
    return session->offloaded;
}

struct tls_peer *tls_session_peer(struct tls_session *session)
{
    return tls_peer_create(session->ssl);
}

static enum tls_status read_locked(struct tls_session *session, uint8_t *data, size_t len,
                                   size_t *got)
{
    size_t n;
    int result;

    while (*got < len) {
        result = SSL_read_ex(session->ssl, data + *got, len - *got, &n);
        if (result != 1)
            return session_status(session, result);
        *got += n;
    }
    return TLS_OK;
}

static enum tls_status session_refused(struct tls_session *session, const char *why)
{
    session->reason = TLS_REASON_PROTOCOL;
    snprintf(session->why, sizeof(session->why), "%s", why);
    return TLS_FAILED;
}

enum tls_status tls_session_read(struct tls_session *session, void *data, size_t len, size_t *got)
{
    enum tls_status status;

    *got = 0;
    pthread_mutex_lock(&session->lock);
    ERR_clear_error();
    receiver_begin(session);
    status = read_locked(session, data, len, got);
    receiver_end(session);
    if (status != TLS_FAILED && session->key_updates > LIMIT_TLS_KEY_UPDATES)
        status = session_refused(session, "the client changes its key too often");
    else if (status != TLS_FAILED && session->key_wanted && session->offloaded)
        status = session_refused(session, "the client asks for a new key, which the kernel that "
                                          "encrypts for it cannot take (tls.offload)");
    pthread_mutex_unlock(&session->lock);
    return status;
}

/* How many more plain bytes the output has room for, if they are written at once. */
static size_t room(const struct tls_session *session)
{
    size_t left = session->memory.out_size - session->memory.out_len;
    size_t whole = left / (TLS_RECORD_BYTES + TLS_RECORD_EXTRA_BYTES);

    return whole * TLS_RECORD_BYTES;
}

/* Each record has the bytes of one iovec only: small ones are worth gathering before. */
static ssize_t write_locked(struct tls_session *session, const struct iovec *iov, size_t count)
{
    size_t written = 0;

    for (size_t i = 0; i < count; i++) {
        for (size_t done = 0, n; done < iov[i].iov_len; done += n) {
            size_t len = iov[i].iov_len - done;

            if (room(session) == 0)
                return (ssize_t)written;
            if (len > TLS_RECORD_BYTES)
                len = TLS_RECORD_BYTES;
            if (SSL_write_ex(session->ssl, (const uint8_t *)iov[i].iov_base + done, len, &n) != 1)
                return -1;
            atomic_fetch_add_explicit(&session->records, 1, memory_order_relaxed);
            written += n;
        }
    }
    return (ssize_t)written;
}

ssize_t tls_session_write(struct tls_session *session, const struct iovec *iov, size_t count)
{
    ssize_t written;

    pthread_mutex_lock(&session->lock);
    CHECK(!session->offloaded);
    ERR_clear_error();
    sender_begin(session);
    written = write_locked(session, iov, count);
    ERR_clear_error();
    sender_end(session);
    pthread_mutex_unlock(&session->lock);
    return written;
}

void tls_session_flush(struct tls_session *session)
{
    pthread_mutex_lock(&session->lock);
    sender_begin(session);
    sender_end(session);
    pthread_mutex_unlock(&session->lock);
}

struct tls_alert tls_session_alert(struct tls_session *session)
{
    struct tls_alert alert;

    pthread_mutex_lock(&session->lock);
    alert = session->alert;
    pthread_mutex_unlock(&session->lock);
    return alert;
}

void tls_session_close(struct tls_session *session)
{
    pthread_mutex_lock(&session->lock);
    CHECK(!session->offloaded);
    ERR_clear_error();
    sender_begin(session);
    SSL_shutdown(session->ssl);
    ERR_clear_error();
    sender_end(session);
    pthread_mutex_unlock(&session->lock);
}

uint64_t tls_session_records(const struct tls_session *session)
{
    return atomic_load_explicit(&session->records, memory_order_relaxed);
}
