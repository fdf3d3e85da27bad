/* SPDX-License-Identifier: Apache-2.0 */
/* The settings of a TLS client, made of a wish (client/client_tls.h). */
#pragma once

#include <openssl/ssl.h>

#include "client/client_tls.h"

/* NULL, and `why`, if a file is missing or is no good.  SSL_CTX_free() it. */
MUST_USE SSL_CTX *client_tls_context_create(const struct client_tls_wish *wish,
                                            char why[CLIENT_WHY_BYTES]);
