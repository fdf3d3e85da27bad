/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls by RPCSEC_GSS (RFC 2203): their credentials and verifiers, and those that make and destroy
 * contexts.  gss_body.h has arguments and results.
 *
 * A context belongs to no connection: its calls may come over any.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/check.h"
#include "base/limits.h"
#include "wire/rpc_msg.h"

struct call_frame;
struct gss_context;

/* What a call frame keeps of a call by RPCSEC_GSS. */
struct gss_call {
    struct gss_context *context; /* a reference; NULL: replies have no checksum */
    uint32_t proc;               /* enum rpc_gss_proc_t */
    uint32_t seq_num;            /* of which the reply's verifier is the checksum */
    struct wire_opaque handle;   /* of CONTINUE_INIT */
};

/* Examine credentials and verifier of a call whose credentials are of RPCSEC_GSS, and set
 * call->cred.  AUTH_OK, or why the call is refused.  A repeated sequence number closes the
 * connection: no reply (§5.3.3.1), but the client knows that it has to retry.  In any case
 * gss_call_end() must follow. */
enum auth_stat gss_call_check(struct call_frame *frame,
                              const struct rpc_call_header *header) MUST_USE;

/* Does the call make or destroy a context?  Then the program is not to hear of it. */
bool gss_call_is_control(const struct call_frame *frame) MUST_USE;

/* Run it: encode the results to call->out.  False: the arguments can't be decoded.  Can lose the
 * loop. */
bool gss_call_control(struct call_frame *frame) MUST_USE;

/* The verifier of an accepted reply, §5.3.3.2, for a call that has a context.  False when there is
 * none to be had. */
bool gss_call_verifier(const struct call_frame *frame, uint8_t mic[LIMIT_GSS_MIC_BYTES],
                       struct opaque_auth *verf) MUST_USE;

/* gss_body_open() has failed: count and log it. */
void gss_call_refuse_body(const struct call_frame *frame);

/* The call has ended, or was refused. */
void gss_call_end(struct call_frame *frame);
