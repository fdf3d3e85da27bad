/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the traffic secrets of a TLS 1.3 session to the kernel's keys (RFC 8446 7.3; the kernel's
 * Documentation/networking/tls.rst). The secrets come as lines of a key log, and go nowhere else.
 */
#ifndef MAINSTAY_TESTS_KERNEL_AGENT_KEYS_H
#define MAINSTAY_TESTS_KERNEL_AGENT_KEYS_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>

enum {
    AGENT_SECRET_MAX = 64,
};

struct agent_secret {
    unsigned char bytes[AGENT_SECRET_MAX];
    size_t size; /* 0: not known yet */
};

struct agent_keys {
    struct agent_secret send;
    struct agent_secret receive;
};

/* A callback for SSL_CTX_set_keylog_callback(); the session's app data is its struct agent_keys. */
void agent_keys_log(const SSL *session, const char *line);

/*
 * Let the kernel encrypt and decrypt. No record may have been sent or received by the new keys: the
 * peer must not send session tickets. False: the kernel does not take them; told on stderr.
 */
bool agent_keys_hand_over(const struct agent_keys *keys, const SSL *session, int socket);

#endif
