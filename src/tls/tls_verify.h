/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether a client's certificate is good: its path to a CA (RFC 5280), dates, revocation, what it
 * may be used for.  RFC 9289 has extended key usages of its own, which OpenSSL does not know; so it
 * checks all but these.
 */
#pragma once

#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <stddef.h>

#include "tls/tls_session.h"

struct tls_chain;

/* Have `settings` verify clients' certificates.  False without memory. */
bool tls_verify_set_up(SSL_CTX *settings, bool with_crl) MUST_USE;

/* Verify the chain under the same settings.  X509_V_OK, or what is wrong with it. */
int tls_verify_chain(SSL_CTX *settings, const struct tls_chain *chain);

/* May a chain end at this certificate of the CA file?  It has signed itself, or the file says so
 * (TRUSTED CERTIFICATE). */
bool tls_verify_is_anchor(X509 *cert);

/* X509_V_ERR_... in words, and as a reason. */
const char *tls_verify_text(int error);
enum tls_reason tls_verify_reason(int error);
