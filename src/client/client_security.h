/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a client's connections are secured: flavor of the calls and TLS below them.  A mount takes
 * it from its credentials (cred.security); other connections by client_security_begin().
 */
#pragma once

#include "client/client_gss.h"
#include "client/client_tls.h"

enum client_sec {
    CLIENT_SEC_SYS,
    CLIENT_SEC_NONE,
    CLIENT_SEC_KRB5,
    CLIENT_SEC_KRB5I,
    CLIENT_SEC_KRB5P,
};

enum client_xprtsec {
    CLIENT_XPRTSEC_NONE,
    CLIENT_XPRTSEC_TLS,
    CLIENT_XPRTSEC_MTLS, /* with a certificate */
};

/* All zero: AUTH_SYS over plain TCP. */
struct client_security {
    enum client_sec sec;
    enum client_xprtsec xprtsec;
    struct client_gss_wish gss; /* server NULL: the host of the target */
    struct client_tls_wish tls; /* name NULL: the host of the target, unless trust_any */
    struct client_gss *context; /* use this one and make none; NULL: make one */
};

/* "sys", "krb5p", "mtls".  False: there is no such name. */
MUST_USE bool client_sec_parse(const char *text, enum client_sec *sec);
MUST_USE bool client_xprtsec_parse(const char *text, enum client_xprtsec *xprtsec);
const char *client_sec_name(enum client_sec sec);
const char *client_xprtsec_name(enum client_xprtsec xprtsec);

/* Secure a connection that is just made to `target`: TLS first, then a context.  NULL: nothing.
 * On failure conn->why says why, until the connection is opened anew. */
MUST_USE enum client_status client_security_begin(struct client_conn *conn, const char *target,
                                                  const struct client_security *security);

/* Destroy the context that client_security_begin() made, ignoring errors. */
void client_security_end(struct client_conn *conn);
