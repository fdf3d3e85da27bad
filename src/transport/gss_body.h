/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Arguments and results of calls by RPCSEC_GSS, RFC 2203 §5.3.2 and §5.3.3.2: checked, decrypted
 * and encrypted where they are, in the buffers of request and reply.
 *
 *     service     around the arguments or results
 *     none        nothing
 *     integrity   length, sequence number -- checksum
 *     privacy     length, header of the token, sequence number -- rest of the token
 */
#pragma once

#include <stdbool.h>

#include "base/check.h"
#include "wire/xdr.h"

struct call_frame;

/* Set frame->reply_head and call->overhead_bytes for the context and the service of the call. */
void gss_body_measure(struct call_frame *frame);

/* Let call->in be the plain arguments.  False: they are not what the client of the context sent
 * with this sequence number (GARBAGE_ARGS). */
bool gss_body_open(struct call_frame *frame) MUST_USE;

/* Seal the results at call->out.  `reply` ends behind the header, and afterwards behind what was
 * added.  False: no reply can be sent. */
bool gss_body_seal(struct call_frame *frame, struct xdr *reply) MUST_USE;
