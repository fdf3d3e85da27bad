/* SPDX-License-Identifier: Apache-2.0 */
/* A callback over a back channel, and the hook that gets its outcome. */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/limits.h"
#include "base/list.h"
#include "callback/callback_done.h"
#include "state/session/session_call.h"

struct callback_counters;
struct cb_op;

/* Holders of a reference: its queue or slot, and each function that works with it. */
struct back_call {
    _Atomic uint32_t refs;
    struct list link;    /* back_channel.queue */
    callback_done *done; /* NULL: it has been called; guarded by the lock of the channel that has
                          * the call */
    void *arg;
    struct callback_counters *counters; /* that it is in flight; NULL: nowhere */
    bool bound;                         /* to its session: it does not move to another one */
    bool refers;                        /* `after` is valid */
    struct session_call after;
    int64_t deadline_ns;
    uint32_t attempts; /* under the channel's lock */
    uint32_t op_count; /* including CB_SEQUENCE, the first */
    uint32_t ops[LIMIT_CALLBACK_OPS];
    uint32_t len;
    uint8_t body[]; /* the encoded operations after CB_SEQUENCE */
};

/* Returns one reference.  NULL when the call is too large, and without memory. */
struct back_call *back_call_create(struct cb_op *ops, uint32_t op_count,
                                   const struct session_call *after);
struct back_call *back_call_get(struct back_call *call);
void back_call_put(struct back_call *call);

/* The operation that metrics attribute the call to. */
static inline uint32_t back_call_op(const struct back_call *call)
{
    return call->ops[call->op_count > 1 ? 1 : 0];
}

/* A hook to be called once the lock is released. */
struct back_completion {
    callback_done *done;
    void *arg;
};

/* Take the hook off the call: afterwards only the returned copy can call it. */
struct back_completion back_call_completion_locked(struct back_call *call);
void back_completion_run(const struct back_completion *completion, enum callback_outcome outcome,
                         const struct cb_reply *reply);

/* Call the hooks of all calls in a list, and drop the calls. */
void back_calls_end(struct list *calls, enum callback_outcome outcome);
