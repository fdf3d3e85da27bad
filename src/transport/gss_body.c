/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/gss_body.h"

#include "gss/gss_token.h"
#include "transport/call_frame.h"
#include "transport/rpc_serve.h"
#include "wire/rpcsec_gss.h"

enum {
    WORD = 4 /* a length or a sequence number */
};

void gss_body_measure(struct call_frame *frame)
{
    const struct gss_token_sizes *sizes = gss_token_sizes(frame->gss.context);
    uint32_t mic = (uint32_t)xdr_padded(sizes->mic);
    uint32_t in_front = RPC_ACCEPTED_BYTES + mic, behind = 0;

    switch (frame->call.cred.service) {
    case RPC_GSS_SVC_NONE:
        break;
    case RPC_GSS_SVC_INTEGRITY:
        in_front += 2 * WORD;
        behind = WORD + mic;
        break;
    case RPC_GSS_SVC_PRIVACY:
        in_front += 2 * WORD + sizes->header;
        behind = (uint32_t)xdr_padded(sizes->trailer);
        break;
    }
    frame->reply_head = RPC_RECORD_MARK_BYTES + in_front;
    frame->call.overhead_bytes = in_front + behind;
}

/* ---- arguments ---- */

/* Behind the sequence number, which is repeated in what is protected. */
static bool args_take(struct call_frame *frame, uint8_t *body, size_t len)
{
    struct xdr *in = &frame->call.in;
    uint32_t seq_num = 0;

    in->p = body;
    in->end = body + len;
    return xdr_u32(in, &seq_num) && seq_num == frame->gss.seq_num;
}

static bool integrity_open(struct call_frame *frame)
{
    struct xdr *in = &frame->call.in;
    struct rpc_gss_integ_data data;

    return wire_rpc_gss_integ_data(in, &data) && xdr_left(in) == 0 &&
           gss_token_verify(frame->gss.context, data.databody_integ.data, data.databody_integ.len,
                            data.checksum.data, data.checksum.len) &&
           args_take(frame, (uint8_t *)data.databody_integ.data, data.databody_integ.len);
}

static bool privacy_open(struct call_frame *frame)
{
    struct xdr *in = &frame->call.in;
    struct rpc_gss_priv_data data;
    uint8_t *body;
    size_t len;

    if (!wire_rpc_gss_priv_data(in, &data) || xdr_left(in) > 0)
        return false;
    /* The record lies in a buffer of ours: whoever decodes it may change it. */
    body = gss_token_unwrap(frame->gss.context, (uint8_t *)data.databody_priv.data,
                            data.databody_priv.len, &len);
    return body && args_take(frame, body, len);
}

bool gss_body_open(struct call_frame *frame)
{
    switch (frame->call.cred.service) {
    case RPC_GSS_SVC_NONE:
        return true;
    case RPC_GSS_SVC_INTEGRITY:
        return integrity_open(frame);
    case RPC_GSS_SVC_PRIVACY:
        return privacy_open(frame);
    }
    return false;
}

/* ---- results ---- */

/* `body`: where the protected results begin, with their sequence number. */
static size_t seq_num_put(struct call_frame *frame, uint8_t *body)
{
    uint32_t be = htobe32(frame->gss.seq_num);

    memcpy(body, &be, sizeof(be));
    return (size_t)(frame->call.out.p - body);
}

static bool integrity_seal(struct call_frame *frame, struct xdr *reply)
{
    uint8_t *body = frame->call.out.start - WORD;
    size_t len = seq_num_put(frame, body);
    struct wire_opaque integ = {body, (uint32_t)len};
    uint8_t mic[LIMIT_GSS_MIC_BYTES];
    struct wire_opaque checksum = {mic, gss_token_sizes(frame->gss.context)->mic};

    CHECK(reply->p + WORD == body);
    return gss_token_mic(frame->gss.context, body, len, mic) &&
           xdr_opaque(reply, &integ, UINT32_MAX) && /* copies nothing: it is there */
           xdr_opaque(reply, &checksum, UINT32_MAX);
}

static bool privacy_seal(struct call_frame *frame, struct xdr *reply)
{
    uint8_t *body = frame->call.out.start - WORD;
    size_t len = seq_num_put(frame, body);
    size_t header = gss_token_sizes(frame->gss.context)->header;
    size_t sealed = gss_token_wrap(frame->gss.context, body, len);
    struct wire_opaque token = {body - header, (uint32_t)sealed};

    CHECK(reply->p + WORD == body - header);
    return sealed > 0 && xdr_opaque(reply, &token, UINT32_MAX);
}

bool gss_body_seal(struct call_frame *frame, struct xdr *reply)
{
    CHECK(frame->call.out.p <= reply->end);
    switch (frame->call.cred.service) {
    case RPC_GSS_SVC_NONE:
        CHECK(reply->p == frame->call.out.start);
        reply->p = frame->call.out.p;
        return true;
    case RPC_GSS_SVC_INTEGRITY:
        return integrity_seal(frame, reply);
    case RPC_GSS_SVC_PRIVACY:
        return privacy_seal(frame, reply);
    }
    return false;
}
