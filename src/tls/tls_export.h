/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A context for sessions that another TLS library makes: it gets the same certificate and key, and
 * has clients' certificates judged here, so that both refuse the same ones in the same words.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"
#include "tls/tls_session.h"

/* PEM texts, without a NUL. */
struct tls_pem {
    char *chain; /* the server's certificate, then the intermediate ones */
    char *key;
    size_t chain_len, key_len;
};

/* False without memory: nothing is left to be freed. */
bool tls_export_pem(const struct tls_context *context, struct tls_pem *pem) MUST_USE;

/* Wipes the key. */
void tls_pem_fini(struct tls_pem *pem);

/* A certificate in DER. */
struct tls_der {
    const uint8_t *data;
    size_t len;
};

/* Would the context let a client in that shows these certificates, its own first, now?  If not,
 * `reason`, and `why` of `size` bytes in words.  Takes about a millisecond. */
bool tls_export_verify(const struct tls_context *context, const struct tls_der *certificates,
                       size_t count, enum tls_reason *reason, char *why, size_t size) MUST_USE;
