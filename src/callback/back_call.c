/* SPDX-License-Identifier: Apache-2.0 */
/* One callback.  Its operations are encoded when it is created; the RPC header and CB_SEQUENCE are
 * added when it is sent. */
#include "callback/back_call.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "callback/callback_counters.h"
#include "callback/cb_op.h"

struct back_call *back_call_create(struct cb_op *ops, uint32_t op_count,
                                   const struct session_call *after)
{
    uint8_t body[LIMIT_CALLBACK_CALL_BYTES];
    struct back_call *call;
    struct xdr x;

    if (op_count + 1 > LIMIT_CALLBACK_OPS)
        return NULL;
    xdr_init_encode(&x, body, sizeof(body));
    for (uint32_t i = 0; i < op_count; i++)
        cb_op_put(&x, &ops[i]);
    if (x.failed)
        return NULL;
    call = memory_alloc(MEMORY_callbacks, sizeof(*call) + xdr_pos(&x));
    if (!call)
        return NULL;
    *call = (struct back_call){.op_count = op_count + 1, .len = (uint32_t)xdr_pos(&x)};
    memcpy(call->body, body, call->len);
    atomic_init(&call->refs, 1);
    list_init(&call->link);
    call->ops[0] = OP_CB_SEQUENCE;
    for (uint32_t i = 0; i < op_count; i++)
        call->ops[i + 1] = ops[i].op;
    call->refers = after != NULL;
    if (after)
        call->after = *after;
    return call;
}

struct back_call *back_call_get(struct back_call *call)
{
    atomic_fetch_add_explicit(&call->refs, 1, memory_order_relaxed);
    return call;
}

void back_call_put(struct back_call *call)
{
    if (atomic_fetch_sub_explicit(&call->refs, 1, memory_order_acq_rel) == 1)
        memory_free(MEMORY_callbacks, call);
}

struct back_completion back_call_completion_locked(struct back_call *call)
{
    struct back_completion completion = {.done = call->done, .arg = call->arg};

    if (call->done)
        callback_counters_ended(call->counters);
    call->done = NULL;
    return completion;
}

void back_completion_run(const struct back_completion *completion, enum callback_outcome outcome,
                         const struct cb_reply *reply)
{
    if (completion->done)
        completion->done(outcome, reply, completion->arg);
}

void back_calls_end(struct list *calls, enum callback_outcome outcome)
{
    struct list *node;

    while ((node = list_pop_front(calls))) {
        struct back_call *call = LIST_ENTRY(node, struct back_call, link);
        struct back_completion completion = back_call_completion_locked(call);

        back_completion_run(&completion, outcome, NULL);
        back_call_put(call);
    }
}
