/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/tls_secret.h"

#include <openssl/crypto.h>
#include <string.h>

static const char label[] = "SERVER_TRAFFIC_SECRET_0 ";

void tls_secret_keep(SSL *ssl, struct tls_secret *secret)
{
    SSL_set_app_data(ssl, secret);
}

static uint8_t digit(char c)
{
    return (uint8_t)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
}

/* A line is a label, the client's random and the secret, in hexadecimal, with blanks between. */
void tls_secret_note(const SSL *ssl, const char *line)
{
    struct tls_secret *secret = SSL_get_app_data(ssl);
    const char *text = strrchr(line, ' ');
    size_t len = text ? strlen(text + 1) / 2 : 0;

    if (!secret || strncmp(line, label, sizeof(label) - 1) != 0 || len > sizeof(secret->bytes))
        return;
    for (size_t i = 0; i < len; i++)
        secret->bytes[i] = (uint8_t)(digit(text[1 + 2 * i]) << 4 | digit(text[2 + 2 * i]));
    secret->len = len;
}

void tls_secret_forget(SSL *ssl, struct tls_secret *secret)
{
    SSL_set_app_data(ssl, NULL);
    OPENSSL_cleanse(secret, sizeof(*secret));
}
