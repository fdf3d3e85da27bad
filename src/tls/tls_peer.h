/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who is at the other end of a TLS session, by its certificate (RFC 9289 5.2.1).  It was verified
 * when the session began, and again after each reload of the CA or of its revocation list.
 *
 * Names are UTF-8, escaped as RFC 2253 does, without control characters.  Immutable; thread safe.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"

struct tls_chain; /* the certificates themselves: tls_chain.h */

enum {
    TLS_FINGERPRINT_TEXT_BYTES = 2 * 32 + 1,
    TLS_SERIAL_TEXT_BYTES = 2 * 20 + 2 + 1, /* up to 20 bytes (RFC 5280 4.1.2.2), with a sign */
    TLS_SUITE_BYTES = 32,
};

enum tls_name_kind {
    TLS_NAME_DNS,
    TLS_NAME_IP, /* as inet_ntop() writes it */
    TLS_NAME_URI,
    TLS_NAME_EMAIL,
    TLS_NAME_KINDS
};

struct tls_name {
    enum tls_name_kind kind;
    const char *text;
};

struct tls_peer {
    bool has_certificate; /* false: it showed none; all below is empty, but version and suite */
    const char *subject, *issuer;
    const char *common_name;                      /* "" without one */
    char serial[TLS_SERIAL_TEXT_BYTES];           /* hex digits, "-" before if negative */
    char fingerprint[TLS_FINGERPRINT_TEXT_BYTES]; /* SHA-256, hex digits */
    const struct tls_name *names; /* subjectAltName; those with a wildcard are left out, RFC 9289 */
    uint32_t name_count;
    uint64_t machine; /* of all its names, or the subject if it has none: renewed, it is the same */
    int64_t not_before_s, not_after_s; /* seconds since 1970 */
    char version[8];                   /* "TLSv1.3" */
    char suite[TLS_SUITE_BYTES];       /* "TLS_AES_128_GCM_SHA256" */
    struct tls_chain *chain;
};

/* Has it shown a certificate, which was good?  NULL (the connection is plain): no. */
static inline bool tls_peer_is_known(const struct tls_peer *peer)
{
    return peer && peer->has_certificate;
}

/* "DNS", "IP", "URI", "EMAIL". */
const char *tls_name_kind_text(enum tls_name_kind kind);

/* NULL is allowed. */
void tls_peer_destroy(struct tls_peer *peer);
