/* SPDX-License-Identifier: Apache-2.0 */
/* The certificates of a peer, as it sent them. */
#pragma once

#include <openssl/x509.h>

struct tls_chain {
    X509 *leaf;
    STACK_OF(X509) * others; /* NULL: it sent no other */
};
