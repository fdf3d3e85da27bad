/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tokens of RFC 4121 §4.2 from keys that never change, so without locks: MIC, and wrap with
 * encryption.  We are the acceptor.  The sequence numbers in them are only filled in: RPCSEC_GSS
 * has its own (RFC 2203 §5.2.2).
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"
#include "gss/gss_key.h"

enum {
    GSS_CFX_TOKEN_BYTES = 16 /* the header of tokens */
};

struct gss_cfx {
    struct gss_key ours, theirs;
    _Atomic uint64_t next_seq;
};

/* From the acceptor's subkey, one that gss_key_knows().  False: OpenSSL fails. */
bool gss_cfx_init(struct gss_cfx *cfx, uint32_t enctype, const uint8_t *subkey,
                  uint64_t seq) MUST_USE;
void gss_cfx_fini(struct gss_cfx *cfx);

/* Of any message. */
uint32_t gss_cfx_mic_bytes(const struct gss_cfx *cfx);
uint32_t gss_cfx_header_bytes(const struct gss_cfx *cfx);
uint32_t gss_cfx_trailer_bytes(const struct gss_cfx *cfx);

/* As in gss_token.h. */
bool gss_cfx_mic(struct gss_cfx *cfx, const void *data, size_t bytes, uint8_t *mic) MUST_USE;
bool gss_cfx_verify(const struct gss_cfx *cfx, const void *data, size_t bytes, const uint8_t *mic,
                    size_t mic_bytes) MUST_USE;
bool gss_cfx_wrap(struct gss_cfx *cfx, uint8_t *data, size_t bytes) MUST_USE;
uint8_t *gss_cfx_unwrap(const struct gss_cfx *cfx, uint8_t *token, size_t token_bytes,
                        size_t *bytes) MUST_USE;
