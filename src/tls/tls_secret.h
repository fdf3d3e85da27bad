/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The traffic secret that a TLS 1.3 session protects with what the server sends.  OpenSSL tells it
 * only as a line of a key log, which goes nowhere else.
 */
#pragma once

#include <openssl/ssl.h>
#include <stddef.h>
#include <stdint.h>

enum {
    TLS_SECRET_BYTES_MAX = 48, /* of SHA-384 */
};

/* 0 bytes: not known. */
struct tls_secret {
    uint8_t bytes[TLS_SECRET_BYTES_MAX];
    size_t len;
};

/* Keep the secret of this session in `secret`, until tls_secret_forget().  For the sessions of
 * settings that have tls_secret_note() as the callback of their key log. */
void tls_secret_keep(SSL *ssl, struct tls_secret *secret);
void tls_secret_note(const SSL *ssl, const char *line);

/* Wipe it. */
void tls_secret_forget(SSL *ssl, struct tls_secret *secret);
