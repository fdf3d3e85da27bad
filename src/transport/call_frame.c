/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pool of call frames.  Each loop keeps one frame with its arena for its calls.  Only calls
 * that lose their loop or are parked use the pool, so one lock is enough.
 */
#include "transport/call_frame.h"

#include <pthread.h>

#include "base/limits.h"
#include "base/list.h"
#include "base/memory.h"
#include "transport/buffer.h"
#include "transport/connection_internal.h"
#include "transport/send_queue.h"
#include "transport/transport_internal.h"

enum {
    FRAME_ARENA_BYTES = 8 << 10, /* a typical call uses less than 1 KiB */
};

struct call_frame *frame_create(struct transport *transport)
{
    struct call_frame *frame;

    pthread_mutex_lock(&transport->frame_lock);
    frame = transport->frames;
    if (frame) {
        transport->frames = frame->next;
        transport->frame_count--;
    }
    pthread_mutex_unlock(&transport->frame_lock);
    if (!frame) {
        frame = memory_zalloc(MEMORY_calls, sizeof(*frame));
        if (!frame)
            return NULL;
        arena_init(&frame->arena, FRAME_ARENA_BYTES);
        list_init(&frame->park.link);
    }
    frame->next = NULL;
    return frame;
}

static void frame_free(struct call_frame *frame)
{
    arena_fini(&frame->arena);
    memory_free(MEMORY_calls, frame);
}

void frame_release(struct transport *transport, struct call_frame *frame)
{
    bool keep;

    CHECK(!frame->pinned && !frame->gss.context && !frame->park.record && !frame->park.results);
    arena_reset(&frame->arena);
    pthread_mutex_lock(&transport->frame_lock);
    keep = transport->frame_count < LIMIT_FREE_FRAMES;
    if (keep) {
        frame->next = transport->frames;
        transport->frames = frame;
        transport->frame_count++;
    }
    pthread_mutex_unlock(&transport->frame_lock);
    if (!keep)
        frame_free(frame);
}

void frame_pool_fini(struct transport *transport)
{
    while (transport->frames) {
        struct call_frame *frame = transport->frames;

        transport->frames = frame->next;
        frame_free(frame);
    }
}

void frame_unpin(struct call_frame *frame)
{
    if (!frame->pinned)
        return;
    frame->pinned = false;
    buffer_put(frame->out);
    buffer_put(frame->in);
    connection_unpin(frame->call.conn);
}

void frame_finish(struct transport *transport, struct call_frame *frame)
{
    struct rpc_tail *tail = frame->call.tail.len > 0 ? &frame->call.tail : NULL;

    if (frame->reply_len > 0 &&
        (tail || frame->reply_len > POSTPONED_BYTES_MAX ||
         !send_queue_postpone(frame->call.conn, frame->reply, frame->reply_len, true)))
        send_queue_transmit(frame->call.conn, frame->out, frame->reply, frame->reply_len, tail);
    frame_unpin(frame);
    if (frame->gss.context)
        gss_call_end(frame);
    frame_release(transport, frame);
}
