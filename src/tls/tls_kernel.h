/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Linux encrypts what is sent over a socket, by the keys of a TLS 1.3 session (Linux's
 * Documentation/networking/tls.rst).  sendmsg() and sendfile() then take plain bytes.  Nothing else
 * may encrypt for the peer from then on: the kernel numbers the records.
 *
 * Only the way to the peer; receiving stays with the session.  Nothing here is logged, and copies
 * of keys are wiped.
 */
#pragma once

#include <linux/tls.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"

struct tls_secret; /* tls/tls_secret.h */

/* What the kernel takes as the keys of one direction. */
struct tls_kernel_keys {
    union {
        struct tls_crypto_info head;
        struct tls12_crypto_info_aes_gcm_128 aes128;
        struct tls12_crypto_info_aes_gcm_256 aes256;
        struct tls12_crypto_info_chacha20_poly1305 chacha;
    } info;
    size_t size; /* of the member in use */
};

/* Has this kernel TLS?  Loads its module if the process may; can wait for a disk. */
bool tls_kernel_is_able(void);

/* The keys that a cipher suite (RFC 8446 B.4) derives from a secret, before the first record.
 * False: a suite that the kernel does not have, or no memory. */
bool tls_kernel_keys_make(struct tls_kernel_keys *keys, uint16_t suite,
                          const struct tls_secret *secret) MUST_USE;

/* From now on the kernel encrypts what this connected socket of TCP sends.  False, with errno: the
 * socket sends as before. */
bool tls_kernel_send_begin(int fd, const struct tls_kernel_keys *keys) MUST_USE;

/* Send an alert (RFC 8446 6) through such a socket, after all that was sent before.  As send(). */
bool tls_kernel_send_alert(int fd, uint8_t level, uint8_t description);
