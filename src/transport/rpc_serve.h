/* SPDX-License-Identifier: Apache-2.0 */
/* Runs one CALL: from the header of the record to the encoded reply. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/limits.h"
#include "wire/rpc_msg.h"

struct call_frame;
struct transport;

enum {
    /* What RPCSEC_GSS adds: a verifier, lengths, a token or another checksum. */
    RPC_REPLY_GSS_BYTES =
        2 * LIMIT_GSS_MIC_BYTES + LIMIT_GSS_HEADER_BYTES + LIMIT_GSS_TRAILER_BYTES + 16,
    RPC_REPLY_ROOM =
        RPC_RECORD_MARK_BYTES + RPC_ACCEPTED_BYTES + RPC_REPLY_GSS_BYTES + LIMIT_REPLY_BYTES,
};

/* Decode the CALL record `data`, in place where RPCSEC_GSS has encrypted it, run its program, and
 * encode the reply at frame->reply, which has room for RPC_REPLY_ROOM bytes.  Sets reply_len,
 * close, or park.asked; in the last case the caller must call park_enter().  Can lose the loop. */
void rpc_serve(struct transport *transport, struct call_frame *frame, uint8_t *data, size_t len);

/* Continue a parked call.  Can lose the loop. */
void rpc_serve_resumed(struct call_frame *frame);
