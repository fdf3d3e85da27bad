/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/tls_kernel.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/kdf.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tls/tls_secret.h"

/* The C library of Debian 12 has neither. */
#ifndef TCP_ULP
#define TCP_ULP 31
#endif
#ifndef SOL_TLS
#define SOL_TLS 282
#endif

enum {
    SUITE_AES_128_GCM = 0x1301,
    SUITE_AES_256_GCM = 0x1302,
    SUITE_CHACHA20_POLY1305 = 0x1303,
    RECORD_ALERT = 21, /* RFC 8446 5.1 */
    IV_BYTES = 12,
    KEY_BYTES_MAX = 32,
};

static bool ulp_set(int fd)
{
    return setsockopt(fd, IPPROTO_TCP, TCP_ULP, "tls", sizeof("tls")) == 0;
}

/* A socket that is not connected is refused for that only if there is TLS. */
bool tls_kernel_is_able(void)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool able;

    if (fd < 0)
        return false;
    able = ulp_set(fd) || errno == ENOTCONN;
    close(fd);
    return able;
}

/* ---- keys ---- */

/* HKDF-Expand-Label without a context (RFC 8446 7.1). */
static bool secret_expand(const struct tls_secret *secret, const char *digest, const char *label,
                          uint8_t *out, size_t size)
{
    EVP_KDF *kdf = EVP_KDF_fetch(NULL, "TLS13-KDF", NULL);
    EVP_KDF_CTX *context = kdf ? EVP_KDF_CTX_new(kdf) : NULL;
    int mode = EVP_KDF_HKDF_MODE_EXPAND_ONLY;
    const OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_int(OSSL_KDF_PARAM_MODE, &mode),
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char *)digest, 0),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, (void *)secret->bytes, secret->len),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_PREFIX, "tls13 ", 6),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_LABEL, (void *)label, strlen(label)),
        OSSL_PARAM_construct_end(),
    };
    bool done = context && EVP_KDF_derive(context, out, size, parameters) == 1;

    EVP_KDF_CTX_free(context);
    EVP_KDF_free(kdf);
    ERR_clear_error();
    return done;
}

/* The kernel calls the first bytes of an IV its salt.  The number of the next record is 0. */
#define FILL(keys, member, cipher, key, nonce)                                                     \
    do {                                                                                           \
        (keys)->size = sizeof((keys)->info.member);                                                \
        (keys)->info.head.cipher_type = (cipher);                                                  \
        memcpy((keys)->info.member.key, key, sizeof((keys)->info.member.key));                     \
        memcpy((keys)->info.member.salt, nonce, sizeof((keys)->info.member.salt));                 \
        memcpy((keys)->info.member.iv, (nonce) + sizeof((keys)->info.member.salt),                 \
               sizeof((keys)->info.member.iv));                                                    \
    } while (0)

static void keys_fill(struct tls_kernel_keys *keys, uint16_t suite, const uint8_t *key,
                      const uint8_t *iv)
{
    *keys = (struct tls_kernel_keys){.info.head.version = TLS_1_3_VERSION};
    if (suite == SUITE_AES_128_GCM)
        FILL(keys, aes128, TLS_CIPHER_AES_GCM_128, key, iv);
    else if (suite == SUITE_AES_256_GCM)
        FILL(keys, aes256, TLS_CIPHER_AES_GCM_256, key, iv);
    else
        FILL(keys, chacha, TLS_CIPHER_CHACHA20_POLY1305, key, iv);
}

bool tls_kernel_keys_make(struct tls_kernel_keys *keys, uint16_t suite,
                          const struct tls_secret *secret)
{
    const char *digest = suite == SUITE_AES_256_GCM ? "SHA384" : "SHA256";
    size_t key_len = suite == SUITE_AES_128_GCM ? 16 : 32;
    uint8_t key[KEY_BYTES_MAX], iv[IV_BYTES];
    bool made;

    if (suite < SUITE_AES_128_GCM || suite > SUITE_CHACHA20_POLY1305 || secret->len == 0)
        return false;
    made = secret_expand(secret, digest, "key", key, key_len) &&
           secret_expand(secret, digest, "iv", iv, sizeof(iv));
    if (made)
        keys_fill(keys, suite, key, iv);
    OPENSSL_cleanse(key, sizeof(key));
    OPENSSL_cleanse(iv, sizeof(iv));
    return made;
}

/* ---- the socket ---- */

/* With TCP_ULP alone, a socket sends plain bytes as before. */
bool tls_kernel_send_begin(int fd, const struct tls_kernel_keys *keys)
{
    return ulp_set(fd) && setsockopt(fd, SOL_TLS, TLS_TX, &keys->info, (socklen_t)keys->size) == 0;
}

bool tls_kernel_send_alert(int fd, uint8_t level, uint8_t description)
{
    uint8_t alert[] = {level, description};
    struct iovec iov = {alert, sizeof(alert)};
    union {
        struct cmsghdr head;
        uint8_t space[CMSG_SPACE(1)];
    } control = {0};
    struct msghdr message = {.msg_iov = &iov,
                             .msg_iovlen = 1,
                             .msg_control = &control,
                             .msg_controllen = sizeof(control.space)};

    control.head.cmsg_level = SOL_TLS;
    control.head.cmsg_type = TLS_SET_RECORD_TYPE;
    control.head.cmsg_len = CMSG_LEN(1);
    *CMSG_DATA(&control.head) = RECORD_ALERT;
    return sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)sizeof(alert);
}
