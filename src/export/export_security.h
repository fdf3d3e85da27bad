/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What exports demand of those who call: flavors of RPC (sec=), security of the connection
 * (xprtsec=), and certificates (tls_peer=).  Immutable with its export; thread safe.
 *
 * A caller is one bit: flavor, transport, and whether its port is reserved.  An export has a mask
 * of those that it takes, so the usual check is one test (export_admit() in export.h).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"

struct sockaddr;
struct tls_peer; /* tls/tls_peer.h */

enum security_flavor {
    SECURITY_NONE,
    SECURITY_SYS,
    SECURITY_KRB5,  /* RPCSEC_GSS: authentication */
    SECURITY_KRB5I, /* integrity */
    SECURITY_KRB5P, /* privacy */
    SECURITY_FLAVOR_COUNT
};

/* The weakest connection that will do: each takes those behind it, too. */
enum export_xprtsec {
    XPRTSEC_NONE,
    XPRTSEC_TLS,  /* TLS; a certificate of the client is neither needed nor refused */
    XPRTSEC_MTLS, /* TLS with a certificate that was verified */
    XPRTSEC_COUNT
};

/* "none", "sys", "krb5", "krb5i", "krb5p"; "none", "tls", "mtls". */
const char *security_flavor_name(enum security_flavor flavor);
const char *export_xprtsec_name(enum export_xprtsec xprtsec);

enum {
    EXPORT_SECURITY_TEXT_BYTES = 32 /* of either list */
};

/* Lists in order of preference, without doubles; as configured. */
struct export_security {
    uint8_t flavor_count, xprtsec_count;
    uint8_t flavors[SECURITY_FLAVOR_COUNT]; /* enum security_flavor: the order of SECINFO */
    uint8_t xprtsecs[XPRTSEC_COUNT];        /* enum export_xprtsec: the weakest decides */
};

/* Who calls, as exports see it. */
struct export_caller {
    const struct sockaddr *peer;
    const struct tls_peer *tls; /* NULL: plain TCP */
    enum security_flavor flavor;
    enum export_xprtsec xprtsec;
    uint32_t bit; /* of all three, and the port: export_caller_bit() */
};

/* The bit of a caller; `reserved`: its port is below 1024. */
static inline uint32_t export_caller_bit(enum security_flavor flavor, enum export_xprtsec xprtsec,
                                         bool reserved)
{
    return UINT32_C(1) << ((unsigned)flavor +
                           SECURITY_FLAVOR_COUNT *
                               ((unsigned)xprtsec + (reserved ? XPRTSEC_COUNT : 0u)));
}

/* The defaults: AUTH_SYS alone, over any connection. */
void export_security_init(struct export_security *security);

/* What the lists take, for people. */
#define EXPORT_SEC_WANTS "krb5p, krb5i, krb5, sys or none, or several with colons between them"
#define EXPORT_XPRTSEC_WANTS "mtls, tls or none, or several with colons between them"

/* Read a list, "krb5p:krb5".  False, with `error`: what is wrong with it; the list is not to be
 * used. */
bool export_security_set_flavors(struct export_security *security, const char *text, char *error,
                                 size_t size) MUST_USE;
bool export_security_set_xprtsecs(struct export_security *security, const char *text, char *error,
                                  size_t size) MUST_USE;

bool export_security_has_flavor(const struct export_security *security,
                                enum security_flavor flavor);

/* The weakest connection that will do. */
enum export_xprtsec export_security_weakest(const struct export_security *security);

/* The callers taken, as bits.  `secure`: those who prove nothing, neither by RPCSEC_GSS nor by a
 * certificate, only from reserved ports. */
uint32_t export_security_mask(const struct export_security *security, bool secure);

bool export_security_same_flavors(const struct export_security *a, const struct export_security *b);
bool export_security_same_xprtsecs(const struct export_security *a,
                                   const struct export_security *b);

/* "krb5p:krb5:sys".  Returns `text`. */
const char *export_security_print_flavors(const struct export_security *security, char *text,
                                          size_t size);
const char *export_security_print_xprtsecs(const struct export_security *security, char *text,
                                           size_t size);
