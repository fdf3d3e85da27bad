/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The client's side of a TLS 1.3 handshake (RFC 8446) as RPC-with-TLS has it (RFC 9289). After it,
 * the kernel encrypts and decrypts by itself: it gets the keys by setsockopt(2).
 */
#ifndef MAINSTAY_TESTS_KERNEL_AGENT_TLS_H
#define MAINSTAY_TESTS_KERNEL_AGENT_TLS_H

#include "agent_netlink.h"

struct agent_files {
    const char *ca;          /* PEM, as the others */
    const char *certificate; /* with its chain; NULL: none */
    const char *key;
    const char *alpn; /* a protocol to ask for; NULL: none, as ktls-utils does */
};

/* Returns 0 or a value of errno, told on stderr. Blocks, up to the request's limit. */
int agent_tls_handshake(const struct agent_request *request, const struct agent_files *files);

#endif
