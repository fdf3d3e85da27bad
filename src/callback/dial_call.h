/* SPDX-License-Identifier: Apache-2.0 */
/* A callback to a client of 4.0, or a probe (CB_NULL). */
#pragma once

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "base/limits.h"
#include "base/list.h"
#include "callback/callback_done.h"
#include "callback/cb_compound.h"

struct arena;
struct callback_counters;
struct dial_out;
struct dial_target;

/* Holders of a reference: its path while the call waits there, and the thread that sends it. */
struct dial_call {
    _Atomic uint32_t refs;
    struct list link; /* path.queue or path.sent */
    uint32_t xid;
    uint32_t attempts; /* this and the rest: guarded by path->lock */
    int64_t sent_ns;   /* of the last attempt */
    int64_t deadline_ns;
    callback_done *done; /* NULL: a probe (CB_NULL) */
    void *arg;
    struct callback_counters *counters; /* that it is in flight; NULL: nowhere */
    uint32_t op_count;
    uint32_t ops[LIMIT_CALLBACK_OPS];
    size_t len;
    uint8_t record[];
};

/* Returns one reference.  NULL when the call is too large, and without memory. */
struct dial_call *dial_call_create(const struct dial_target *target, uint32_t xid,
                                   struct cb_op *ops, uint32_t op_count);
struct dial_call *dial_probe_create(const struct dial_target *target, uint32_t xid);
void dial_call_put(struct dial_call *call);

/* Call the hook and drop the path's reference. */
void dial_call_end(struct dial_call *call, enum callback_outcome outcome,
                   const struct cb_reply *reply);

/* The same for a whole list. */
void dial_calls_end(struct list *calls, enum callback_outcome outcome);

/* For the metrics: the call is sent (again); the attempt failed.  Probes are not counted. */
void dial_call_tried(const struct dial_out *out, struct dial_call *call, int64_t now_ns);
void dial_call_failed(const struct dial_out *out, const struct dial_call *call);

/* Interpret a reply; `body` is what follows xid and message type.  Sets *reply on CB_ANSWERED. */
enum cb_answer dial_call_answer(const struct dial_call *call, const void *body, size_t len,
                                struct arena *arena, struct cb_reply *reply);
