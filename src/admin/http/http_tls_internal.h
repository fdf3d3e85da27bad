/* SPDX-License-Identifier: Apache-2.0 */
/* What sessions take from a struct http_tls; it all lives as long as that. */
#pragma once

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <stdbool.h>

#include "admin/http/http_tls.h"

/* Of libmicrohttpd's option, in GnuTLS's words. */
extern const char http_tls_priorities[];

gnutls_certificate_credentials_t http_tls_credentials(const struct http_tls *tls);
const struct tls_context *http_tls_context(const struct http_tls *tls);
bool http_tls_is_mutual(const struct http_tls *tls);

/* Connections have a certificate of their own (http_shake.h).  libmicrohttpd does not start without
 * one, so it gets this, which has none: a session that was left without fails. */
int http_tls_none(gnutls_session_t session, const gnutls_datum_t *authorities, int count,
                  const gnutls_pk_algorithm_t *algorithms, int algorithm_count,
                  gnutls_pcert_st **chain, unsigned *chain_len, gnutls_privkey_t *key);
