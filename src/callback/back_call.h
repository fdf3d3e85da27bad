/* SPDX-License-Identifier: Apache-2.0 */
/* A callback over a back channel, and who is told of its end. */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/limits.h"
#include "base/list.h"
#include "callback/callback_done.h"
#include "state/session/session_call.h"

struct cb_op;

/* Holders of a reference: its queue or slot, and whoever works with it. */
struct back_call {
    _Atomic uint32_t refs;
    struct list link;    /* back_channel.queue */
    callback_done *done; /* NULL: was told; under the lock of the channel that has it */
    void *arg;
    bool bound;  /* to its session: no other one takes it */
    bool refers; /* to `after` */
    struct session_call after;
    int64_t deadline_ns;
    uint32_t attempts; /* under the channel's lock */
    uint32_t op_count; /* with CB_SEQUENCE, the first */
    uint32_t ops[LIMIT_CALLBACK_OPS];
    uint32_t len;
    uint8_t body[]; /* what stands behind CB_SEQUENCE */
};

/* One reference.  NULL: it does not fit, or there is no memory for it. */
struct back_call *back_call_create(struct cb_op *ops, uint32_t op_count,
                                   const struct session_call *after);
struct back_call *back_call_get(struct back_call *call);
void back_call_put(struct back_call *call);

/* The operation that figures name. */
static inline uint32_t back_call_op(const struct back_call *call)
{
    return call->ops[call->op_count > 1 ? 1 : 0];
}

/* What is to be told when the lock is back. */
struct back_told {
    callback_done *done;
    void *arg;
};

/* Nobody is told of the call's end any more but by this. */
struct back_told back_call_tell_locked(struct back_call *call);
void back_told(const struct back_told *told, enum callback_outcome outcome,
               const struct cb_reply *reply);

/* Tell all of a list, and drop them. */
void back_calls_end(struct list *calls, enum callback_outcome outcome);
