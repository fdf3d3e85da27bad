/* SPDX-License-Identifier: Apache-2.0 */
/* A call is encoded once, so that it can be resent unchanged. */
#include "callback/dial_call.h"

#include <string.h>

#include "base/memory.h"
#include "callback/callback_counters.h"
#include "callback/dial_out_internal.h"

static struct dial_call *call_of(uint32_t xid, const uint8_t *record, size_t len)
{
    struct dial_call *call = memory_alloc(MEMORY_callbacks, sizeof(*call) + len);

    if (!call)
        return NULL;
    *call = (struct dial_call){.xid = xid, .len = len};
    atomic_init(&call->refs, 1);
    list_init(&call->link);
    memcpy(call->record, record, len);
    return call;
}

struct dial_call *dial_call_create(const struct dial_target *target, uint32_t xid,
                                   struct cb_op *ops, uint32_t op_count)
{
    const struct cb_compound compound = {.xid = xid,
                                         .program = target->program,
                                         .cred = target->cred,
                                         .minor_version = 0,
                                         .callback_ident = target->ident,
                                         .ops = ops,
                                         .op_count = op_count};
    uint8_t record[LIMIT_CALLBACK_CALL_BYTES];
    struct dial_call *call;
    struct xdr x;

    xdr_init_encode(&x, record, sizeof(record));
    if (op_count > LIMIT_CALLBACK_OPS || !cb_compound_encode(&x, &compound))
        return NULL;
    call = call_of(xid, record, xdr_pos(&x));
    if (!call)
        return NULL;
    call->op_count = op_count;
    for (uint32_t i = 0; i < op_count; i++)
        call->ops[i] = ops[i].op;
    return call;
}

struct dial_call *dial_probe_create(const struct dial_target *target, uint32_t xid)
{
    uint8_t record[64];
    struct xdr x;

    xdr_init_encode(&x, record, sizeof(record));
    CHECK(cb_null_encode(&x, xid, target->program));
    return call_of(xid, record, xdr_pos(&x));
}

void dial_call_put(struct dial_call *call)
{
    if (atomic_fetch_sub_explicit(&call->refs, 1, memory_order_acq_rel) == 1)
        memory_free(MEMORY_callbacks, call);
}

void dial_call_end(struct dial_call *call, enum callback_outcome outcome,
                   const struct cb_reply *reply)
{
    if (call->done) {
        callback_counters_ended(call->counters);
        call->done(outcome, reply, call->arg);
    }
    dial_call_put(call);
}

void dial_calls_end(struct list *calls, enum callback_outcome outcome)
{
    struct list *node;

    while ((node = list_pop_front(calls)))
        dial_call_end(LIST_ENTRY(node, struct dial_call, link), outcome, NULL);
}

void dial_call_tried(const struct dial_out *out, struct dial_call *call, int64_t now_ns)
{
    call->sent_ns = now_ns;
    if (call->done)
        callback_counters_attempt(out->callback_counters, call->ops[0], call->attempts++ > 0);
}

void dial_call_failed(const struct dial_out *out, const struct dial_call *call)
{
    if (call->done)
        callback_counters_failure(out->callback_counters, call->ops[0]);
}

enum cb_answer dial_call_answer(const struct dial_call *call, const void *body, size_t len,
                                struct arena *arena, struct cb_reply *reply)
{
    if (!call->done)
        return cb_null_answer(body, len);
    return cb_compound_answer(body, len, call->ops, call->op_count, arena, reply);
}
