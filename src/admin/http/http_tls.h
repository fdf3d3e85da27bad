/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTPS of the admin endpoint: what its TLS sessions are made with.  They are GnuTLS's, which
 * libmicrohttpd has; the certificates are those of a tls_context, which also judges clients'.
 * TLS 1.3 only; no tickets, no early data, no resumption.
 *
 * Immutable, with a reference count; thread safe.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/check.h"

struct http_tls;
struct tls_context;

/* Does libmicrohttpd know TLS? */
bool http_tls_is_built(void);

/* One reference; keeps one on the context.  `mutual`: clients must show a certificate that the
 * context lets in, else none is asked for.  NULL: GnuTLS does not take the certificate or the key,
 * and `why` of `size` bytes says so. */
struct http_tls *http_tls_create(struct tls_context *context, bool mutual, char *why,
                                 size_t size) MUST_USE;

struct http_tls *http_tls_get(struct http_tls *tls);

/* NULL is allowed. */
void http_tls_put(struct http_tls *tls);
