/* SPDX-License-Identifier: Apache-2.0 */
/* A call together with its arena, its buffers and its state while parked.  Frames are pooled. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/check.h"
#include "transport/buffer.h"
#include "transport/connection_internal.h"
#include "transport/gss_call.h"
#include "transport/park.h"
#include "transport/rpc_call.h"

struct transport;

/* A thread that loses its loop keeps the frame. */
struct call_frame {
    struct rpc_call call;
    struct arena arena;
    struct call_frame *next; /* free list */
    struct buffer *in;       /* holds the arguments */
    struct buffer *out;      /* the reply is encoded here */
    bool pinned;             /* the frame holds its own references on in, out and
                              * call.conn->active */
    const uint8_t *record;   /* the CALL, of record_len bytes */
    size_t record_len;
    struct gss_call gss;
    const struct rpc_program *program; /* the program that runs the call */
    struct park park;
    uint8_t *reply;      /* where the reply begins in `out`, with its record mark */
    uint32_t reply_head; /* bytes of a successful reply in front of its results */
    size_t reply_len;    /* 0: no reply */
    bool close;          /* the record is malformed: close the connection */
    bool starttls;       /* the reply offers TLS: starttls_begin() */
};

/* NULL without memory. */
struct call_frame *frame_create(struct transport *transport) MUST_USE;
void frame_release(struct transport *transport, struct call_frame *frame);
void frame_pool_fini(struct transport *transport);

/* Take the references that let the call continue without the loop. */
static inline void frame_pin(struct call_frame *frame)
{
    if (frame->pinned)
        return;
    frame->pinned = true;
    buffer_get(frame->out);
    if (frame->in)
        buffer_get(frame->in);
    connection_pin(frame->call.conn);
}

/* Drop them.  Dropping the last one can close the connection. */
void frame_unpin(struct call_frame *frame);

/* A pinned call has ended: send its reply and release everything.  Can lose the loop. */
void frame_finish(struct transport *transport, struct call_frame *frame);
