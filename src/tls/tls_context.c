/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/tls_context.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/memory.h"
#include "tls/tls_chain.h"
#include "tls/tls_context_internal.h"
#include "tls/tls_error.h"
#include "tls/tls_kernel.h"
#include "tls/tls_peer.h"
#include "tls/tls_secret.h"
#include "tls/tls_verify.h"

struct tls_context {
    _Atomic uint32_t refs;
    uint64_t number; /* of those of the process, in the order in which reading them began */
    SSL_CTX *settings;
    bool offloads;
};

static _Atomic uint64_t numbers;

/* What a file is wrong about; the first complaint counts. */
struct complaint {
    char *text;
    size_t size;
};

__attribute__((format(printf, 2, 3))) static bool complain(const struct complaint *why,
                                                           const char *format, ...)
{
    va_list args;

    va_start(args, format);
    (void)vsnprintf(why->text, why->size, format, args);
    va_end(args);
    ERR_clear_error();
    return false;
}

/* ---- files ---- */

/* Can the file be read, and has it an end?  OpenSSL would only say that it cannot, or wait. */
static bool file_check(const char *path, const char *what, const struct complaint *why)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat st = {0};
    bool opened = fd >= 0 && fstat(fd, &st) == 0;

    if (!opened)
        complain(why, "%s %s cannot be read: %s", what, path, strerror(errno));
    if (fd >= 0)
        close(fd);
    if (!opened)
        return false;
    if (!S_ISREG(st.st_mode))
        return complain(why, "%s %s is no regular file", what, path);
    if (st.st_size > LIMIT_TLS_FILE_BYTES)
        return complain(why, "%s %s is longer than %d MiB", what, path, LIMIT_TLS_FILE_BYTES >> 20);
    return true;
}

/* Instead of asking on the terminal. */
static int no_password(char *buffer, int size, int for_writing, void *asked)
{
    (void)buffer;
    (void)size;
    (void)for_writing;
    *(bool *)asked = true;
    return -1;
}

static bool cert_load(SSL_CTX *settings, const char *path, const struct complaint *why)
{
    char text[128];

    if (!file_check(path, "the certificate", why))
        return false;
    if (SSL_CTX_use_certificate_chain_file(settings, path) == 1)
        return true;
    return complain(why, "%s has no certificate that can be used: %s", path,
                    tls_error_take(text, sizeof(text), "not in PEM format"));
}

static EVP_PKEY *key_read(const char *path, const struct complaint *why)
{
    FILE *file = file_check(path, "the key", why) ? fopen(path, "re") : NULL;
    bool asked = false;
    EVP_PKEY *key;
    char text[128];

    if (!file)
        return NULL;
    key = PEM_read_PrivateKey(file, NULL, no_password, &asked);
    (void)fclose(file);
    if (key)
        return key;
    if (asked)
        complain(why, "the key %s is protected by a password", path);
    else
        complain(why, "%s has no key that can be used: %s", path,
                 tls_error_take(text, sizeof(text), "not in PEM format"));
    return NULL;
}

static bool key_load(SSL_CTX *settings, const struct tls_files *files, const struct complaint *why)
{
    EVP_PKEY *key = key_read(files->key, why);
    X509 *cert = SSL_CTX_get0_certificate(settings);
    bool loaded;

    if (!key)
        return false;
    loaded = X509_check_private_key(cert, key) == 1 && SSL_CTX_use_PrivateKey(settings, key) == 1;
    EVP_PKEY_free(key);
    if (loaded)
        return true;
    return complain(why, "the key %s does not belong to the certificate %s", files->key,
                    files->cert);
}

/* Chains end at roots.  An intermediate certificate alone would let nobody in: nor may it, because
 * its own revocation, by the root, could not be told.  So say so before clients wonder. */
static bool has_anchor(const X509_STORE *store)
{
    const STACK_OF(X509_OBJECT) *objects = X509_STORE_get0_objects(store);

    for (int i = 0; i < sk_X509_OBJECT_num(objects); i++) {
        X509 *cert = X509_OBJECT_get0_X509(sk_X509_OBJECT_value(objects, i));

        if (cert && tls_verify_is_anchor(cert))
            return true;
    }
    return false;
}

static bool ca_load(SSL_CTX *settings, const char *path, const struct complaint *why)
{
    char text[128];

    if (!path)
        return true;
    if (!file_check(path, "the CA file", why))
        return false;
    if (X509_STORE_load_file(SSL_CTX_get_cert_store(settings), path) == 1)
        return has_anchor(SSL_CTX_get_cert_store(settings)) ||
               complain(why,
                        "%s has only intermediate certificates, where no chain ends: add that of "
                        "the root CA, which has signed itself",
                        path);
    return complain(why, "%s has no CA certificate that can be used: %s", path,
                    tls_error_take(text, sizeof(text), "not in PEM format"));
}

static bool crl_load(SSL_CTX *settings, const char *path, const struct complaint *why)
{
    X509_LOOKUP *lookup;
    char text[128];

    if (!path)
        return true;
    if (!file_check(path, "the revocation list", why))
        return false;
    lookup = X509_STORE_add_lookup(SSL_CTX_get_cert_store(settings), X509_LOOKUP_file());
    if (lookup && X509_load_crl_file(lookup, path, X509_FILETYPE_PEM) > 0)
        return true;
    return complain(why, "%s has no revocation list that can be used: %s", path,
                    tls_error_take(text, sizeof(text), "not in PEM format"));
}

/* ---- settings ---- */

/* Usually none is offered: no client in the field sends ALPN, though RFC 9289 5 demands it. */
static int alpn_choose(SSL *ssl, const unsigned char **chosen, unsigned char *chosen_len,
                       const unsigned char *offered, unsigned offered_len, void *unused)
{
    static const unsigned char ours[] = "\6sunrpc";

    (void)ssl;
    (void)unused;
    if (SSL_select_next_proto((unsigned char **)chosen, chosen_len, ours, sizeof(ours) - 1, offered,
                              offered_len) != OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    /* Of our own, not of the message, which is freed. */
    *chosen = ours + 1;
    return SSL_TLSEXT_ERR_OK;
}

/* AES-GCM first: it is the fastest here, and what kernels have. */
#define SUITES "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256"

/* Without finite fields: a client that asks for ffdhe8192 costs a hundred times as much. */
#define GROUPS "X25519:P-256:X448:P-384:P-521"

static bool settings_init(SSL_CTX *settings)
{
    SSL_CTX_set_options(settings, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET |
                                      SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_mode(settings, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                   SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    /* A session that is resumed would keep a revoked certificate alive. */
    SSL_CTX_set_session_cache_mode(settings, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_alpn_select_cb(settings, alpn_choose, NULL);
    SSL_CTX_set_max_cert_list(settings, LIMIT_TLS_CHAIN_BYTES);
    return SSL_CTX_set_min_proto_version(settings, TLS1_3_VERSION) == 1 &&
           SSL_CTX_set_max_proto_version(settings, TLS1_3_VERSION) == 1 &&
           SSL_CTX_set_ciphersuites(settings, SUITES) == 1 &&
           SSL_CTX_set1_groups_list(settings, GROUPS) == 1 &&
           SSL_CTX_set_num_tickets(settings, 0) == 1 &&
           SSL_CTX_set_max_early_data(settings, 0) == 1 &&
           SSL_CTX_set_recv_max_early_data(settings, 0) == 1;
}

static bool settings_load(SSL_CTX *settings, const struct tls_files *files,
                          const struct complaint *why)
{
    char text[128];

    if (!settings_init(settings) || !tls_verify_set_up(settings, files->crl != NULL))
        return complain(why, "OpenSSL: %s", tls_error_take(text, sizeof(text), "out of memory"));
    return cert_load(settings, files->cert, why) && key_load(settings, files, why) &&
           ca_load(settings, files->ca, why) && crl_load(settings, files->crl, why);
}

/* ---- life ---- */

struct tls_context *tls_context_create(const struct tls_files *files, char *why, size_t size)
{
    struct tls_context *context = memory_zalloc(MEMORY_connections, sizeof(*context));
    const struct complaint complaint = {.text = why, .size = size};

    if (!context) {
        complain(&complaint, "out of memory");
        return NULL;
    }
    atomic_init(&context->refs, 1);
    context->number = atomic_fetch_add_explicit(&numbers, 1, memory_order_relaxed);
    context->settings = SSL_CTX_new(TLS_server_method());
    if (!context->settings)
        complain(&complaint, "OpenSSL: out of memory");
    if (!context->settings || !settings_load(context->settings, files, &complaint)) {
        tls_context_put(context);
        return NULL;
    }
    /* Now, not for each session: the kernel may have to load a module. */
    context->offloads = files->offload && tls_kernel_is_able();
    if (context->offloads)
        SSL_CTX_set_keylog_callback(context->settings, tls_secret_note);
    return context;
}

bool tls_context_is_before(const struct tls_context *context, const struct tls_context *other)
{
    return context->number < other->number;
}

struct tls_context *tls_context_get(struct tls_context *context)
{
    atomic_fetch_add_explicit(&context->refs, 1, memory_order_relaxed);
    return context;
}

void tls_context_put(struct tls_context *context)
{
    if (!context || atomic_fetch_sub_explicit(&context->refs, 1, memory_order_acq_rel) != 1)
        return;
    SSL_CTX_free(context->settings);
    memory_free(MEMORY_connections, context);
}

SSL_CTX *tls_context_settings(const struct tls_context *context)
{
    return context->settings;
}

bool tls_context_offloads(const struct tls_context *context)
{
    return context->offloads;
}

int64_t tls_context_not_after_s(const struct tls_context *context)
{
    const X509 *cert = SSL_CTX_get0_certificate(context->settings);
    struct tm tm;

    return ASN1_TIME_to_tm(X509_get0_notAfter(cert), &tm) == 1 ? (int64_t)timegm(&tm) : 0;
}

bool tls_context_verify(const struct tls_context *context, const struct tls_peer *peer, char *why,
                        size_t size)
{
    int error;

    if (!peer->has_certificate)
        return true;
    error = tls_verify_chain(context->settings, peer->chain);
    ERR_clear_error();
    if (error == X509_V_OK)
        return true;
    snprintf(why, size, "%s", tls_verify_text(error));
    return false;
}
