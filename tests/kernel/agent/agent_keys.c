/* SPDX-License-Identifier: Apache-2.0 */
#include "agent_keys.h"

#include <linux/tls.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/core_names.h>
#include <openssl/kdf.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

/* Debian 12's C library has neither. */
#ifndef TCP_ULP
#define TCP_ULP 31
#endif
#ifndef SOL_TLS
#define SOL_TLS 282
#endif

enum {
    IV_BYTES = 12, /* of which the kernel calls the first four salt */
    KEY_MAX = 32,
};

/* What setsockopt(2) takes. */
union crypto_info {
    struct tls_crypto_info head;
    struct tls12_crypto_info_aes_gcm_128 aes128;
    struct tls12_crypto_info_aes_gcm_256 aes256;
};

/* ---- secrets */

static void secret_decode(struct agent_secret *secret, const char *text)
{
    unsigned byte;

    secret->size = 0;
    while (secret->size < sizeof(secret->bytes) && sscanf(text, "%2x", &byte) == 1) {
        secret->bytes[secret->size++] = (unsigned char)byte;
        text += 2;
    }
}

void agent_keys_log(const SSL *session, const char *line)
{
    struct agent_keys *keys = SSL_get_app_data(session);
    const char *secret = strrchr(line, ' ');

    if (secret == NULL)
        return;
    if (strncmp(line, "CLIENT_TRAFFIC_SECRET_0 ", 24) == 0)
        secret_decode(&keys->send, secret + 1);
    else if (strncmp(line, "SERVER_TRAFFIC_SECRET_0 ", 24) == 0)
        secret_decode(&keys->receive, secret + 1);
}

/* HKDF-Expand-Label of RFC 8446 7.1, with an empty context. */
static bool secret_expand(const struct agent_secret *secret, const char *digest, const char *label,
                          unsigned char *out, size_t size)
{
    EVP_KDF *kdf = EVP_KDF_fetch(NULL, "TLS13-KDF", NULL);
    EVP_KDF_CTX *context = EVP_KDF_CTX_new(kdf);
    char mode[] = "EXPAND_ONLY";
    char prefix[] = "tls13 ";
    const OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_MODE, mode, 0),
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char *)digest, 0),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, (void *)secret->bytes, secret->size),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_PREFIX, prefix, strlen(prefix)),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_LABEL, (void *)label, strlen(label)),
        OSSL_PARAM_construct_end(),
    };
    const bool done = context != NULL && EVP_KDF_derive(context, out, size, parameters) == 1;

    EVP_KDF_CTX_free(context);
    EVP_KDF_free(kdf);
    return done;
}

/* ---- the kernel */

static bool socket_set_keys(int socket, int direction, const struct agent_secret *secret,
                            bool aes256)
{
    const char *digest = aes256 ? "SHA384" : "SHA256";
    unsigned char key[KEY_MAX];
    unsigned char iv[IV_BYTES];
    union crypto_info info = {0};
    socklen_t size;
    bool done;

    if (secret->size == 0 || !secret_expand(secret, digest, "key", key, aes256 ? 32 : 16) ||
        !secret_expand(secret, digest, "iv", iv, sizeof(iv)))
        return false;
    info.head.version = TLS_1_3_VERSION;
    if (aes256) {
        size = sizeof(info.aes256);
        info.head.cipher_type = TLS_CIPHER_AES_GCM_256;
        memcpy(info.aes256.key, key, sizeof(info.aes256.key));
        memcpy(info.aes256.salt, iv, sizeof(info.aes256.salt));
        memcpy(info.aes256.iv, iv + sizeof(info.aes256.salt), sizeof(info.aes256.iv));
    } else {
        size = sizeof(info.aes128);
        info.head.cipher_type = TLS_CIPHER_AES_GCM_128;
        memcpy(info.aes128.key, key, sizeof(info.aes128.key));
        memcpy(info.aes128.salt, iv, sizeof(info.aes128.salt));
        memcpy(info.aes128.iv, iv + sizeof(info.aes128.salt), sizeof(info.aes128.iv));
    }
    done = setsockopt(socket, SOL_TLS, direction, &info, size) == 0;
    OPENSSL_cleanse(&info, sizeof(info));
    OPENSSL_cleanse(key, sizeof(key));
    return done;
}

bool agent_keys_hand_over(const struct agent_keys *keys, const SSL *session, int socket)
{
    const bool aes256 = SSL_CIPHER_get_protocol_id(SSL_get_current_cipher(session)) == 0x1302;

    if (setsockopt(socket, IPPROTO_TCP, TCP_ULP, "tls", sizeof("tls")) != 0 ||
        !socket_set_keys(socket, TLS_TX, &keys->send, aes256) ||
        !socket_set_keys(socket, TLS_RX, &keys->receive, aes256)) {
        perror("handshake-agent: kernel TLS");
        return false;
    }
    return true;
}
