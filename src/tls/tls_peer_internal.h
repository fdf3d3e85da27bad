/* SPDX-License-Identifier: Apache-2.0 */
/* How a session makes its peer. */
#pragma once

#include <openssl/ssl.h>

#include "tls/tls_peer.h"

/* What the session knows of its peer, after the handshake.  NULL without memory. */
struct tls_peer *tls_peer_create(SSL *ssl) MUST_USE;
