/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Per-message tokens of an established context (RFC 2743 §2.3, for Kerberos RFC 4121): MIC, wrap
 * and unwrap, in place.  The server is the acceptor of the context, and this also for callbacks.
 *
 * Contexts with AES keys (RFC 3962, RFC 8009) use OpenSSL, without locks; all others the Kerberos
 * library, one thread at a time for each context.  Expiry is the caller's business
 * (gss_context_is_expired()).  Thread safe.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"
#include "gss/gss_context.h"

/* What tokens of a context take, whatever the length of the message. */
struct gss_token_sizes {
    uint32_t mic;     /* exactly; at most LIMIT_GSS_MIC_BYTES */
    uint32_t header;  /* exactly: in front of a wrapped message; at most LIMIT_GSS_HEADER_BYTES */
    uint32_t trailer; /* at most: behind it; at most LIMIT_GSS_TRAILER_BYTES.  Exactly, with AES */
};

const struct gss_token_sizes *gss_token_sizes(const struct gss_context *context);

/* Write the MIC of `bytes` bytes at `data` to `mic`, which has room for sizes->mic; that is its
 * length.  False: out of memory, or the library fails. */
bool gss_token_mic(struct gss_context *context, const void *data, size_t bytes,
                   uint8_t *mic) MUST_USE;

/* Is it the client's MIC of these bytes?  Takes no longer for a MIC that is nearly right. */
bool gss_token_verify(struct gss_context *context, const void *data, size_t bytes, const void *mic,
                      size_t mic_bytes) MUST_USE;

/* Encrypt the `bytes` bytes at `data` in place.  There is room for sizes->header bytes in front of
 * them and sizes->trailer behind.  The token begins at data - sizes->header; returns its length, at
 * most header + bytes + trailer, or 0 on failure: then the data is lost. */
size_t gss_token_wrap(struct gss_context *context, uint8_t *data, size_t bytes) MUST_USE;

/* Decrypt a token in place.  Returns where in it the message begins, and its length in `bytes`.
 * NULL: it is not the client's, was changed, or is not encrypted; what stood there is lost. */
uint8_t *gss_token_unwrap(struct gss_context *context, uint8_t *token, size_t token_bytes,
                          size_t *bytes) MUST_USE;
