/* SPDX-License-Identifier: Apache-2.0 */
/* A context as the files of tls/ see it. */
#pragma once

#include <openssl/ssl.h>

#include "tls/tls_context.h"

/* The settings that sessions are made with; lives as long as the context. */
SSL_CTX *tls_context_settings(const struct tls_context *context);
