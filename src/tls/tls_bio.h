/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The two ends of a session that OpenSSL reads from and writes to: memory that others own, so that
 * no byte is copied once more and no system call is made under the session's lock.
 */
#pragma once

#include <openssl/bio.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"

struct tls_bio {
    const uint8_t *in; /* what can be read */
    size_t in_len;
    uint8_t *out; /* room for what is written */
    size_t out_len, out_size;
};

/* A BIO over *memory, which must outlive it.  An empty input is "try again"; an output without room
 * is an error.  NULL without memory. */
BIO *tls_bio_create(struct tls_bio *memory) MUST_USE;
