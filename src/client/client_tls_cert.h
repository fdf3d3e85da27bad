/* SPDX-License-Identifier: Apache-2.0 */
/* A server's certificate in words: what it says, and why it is not believed. */
#pragma once

#include <openssl/ssl.h>

#include "client/client_tls.h"

/* Fill subject, issuer, names and not_after. */
void client_tls_cert_tell(X509 *cert, struct client_tls_facts *facts);

/* Why verification ended with `result` (X509_V_ERR_...). */
void client_tls_cert_why(long result, const struct client_tls_wish *wish,
                         const struct client_tls_facts *facts, char why[CLIENT_WHY_BYTES]);
