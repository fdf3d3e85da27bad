/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A security context that a client made by RPCSEC_GSS_INIT: who the client is, until when, with
 * which keys, and which sequence numbers it has used.  It belongs to no connection.
 *
 *     made (gss_accept) -> established -> proven by its first call -> removed from the table
 *
 * Life: reference-counted; the table holds a reference until DESTROY, expiry or disuse, and each
 * call holds one.  All functions: any thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"
#include "base/limits.h"
#include "gss/gss_principal.h"

struct gss_context;

enum {
    GSS_HANDLE_BYTES = 8
};

/* What a sequence number is, after the call's verifier has been found to be right (RFC 2203
 * §5.3.3.1). */
enum gss_seq {
    GSS_SEQ_NEW,    /* noted: go on */
    GSS_SEQ_OLD,    /* seen before, or below the window: no reply */
    GSS_SEQ_TOO_BIG /* RPCSEC_GSS_MAXSEQ or above: CTXPROBLEM */
};

/* NULL is allowed. */
struct gss_context *gss_context_get(struct gss_context *context);
void gss_context_put(struct gss_context *context);

const uint8_t *gss_context_handle(const struct gss_context *context); /* GSS_HANDLE_BYTES */

/* NULL until it is established; then it lives as long as the context. */
const struct gss_principal *gss_context_principal(const struct gss_context *context);

/* Has the client been told that it is complete?  Data may come only then. */
bool gss_context_is_established(const struct gss_context *context);

/* Is it over?  CTXPROBLEM then.  `now_ns`: clock_now_ns(). */
bool gss_context_is_expired(const struct gss_context *context, int64_t now_ns);
int64_t gss_context_expires_ns(const struct gss_context *context);

/* "aes256-cts-hmac-sha1-96", for people. */
const char *gss_context_enctype(const struct gss_context *context);

/* The sequence number for the next call that the server makes under the context (RFC 8881
 * §2.10.8.2): from 1, whoever asks.  0: there are no more. */
uint32_t gss_context_next_seq(struct gss_context *context) MUST_USE;

/* To be called once for each call whose header MIC was right, before its body is looked at: only
 * the client itself can move its window.  Takes the context's lock, a leaf. */
enum gss_seq gss_context_take_seq(struct gss_context *context, uint32_t seq_num) MUST_USE;
