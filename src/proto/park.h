/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A COMPOUND that waits for a delegation without a thread, for up to server.recall_park_ms in
 * total.  When the delegation is gone, the operation that met it is run again from its start.  When
 * the time is up, it is run without a waiter, and its result counts: usually NFS4ERR_DELAY.  If its
 * client was removed meanwhile, nothing is run, and the processor returns NFS4ERR_DELAY as well: a
 * new incarnation of the client must not find changes that it did not request, and a retry learns
 * what became of the session.
 *
 *     running <-----------------------------------------------------------+
 *        |                                                                |
 *        | compound_park_wanted()              wake(), or the time is up  |
 *        +-----------------------> asked ---------------------------------+
 *        |                                                                |
 *        | compound_yield()                    its turn                   |
 *        +-----------------------> yields --------------------------------+
 *        |
 *        | compound_park_end()
 *        +-----------------------> answered
 *        |                            ^
 *        | with wake_due              | wake()
 *        +-----------------------> ended
 *
 * In `asked`, `yields` and `ended` the call is parked (RPC_PARKED; transport/park.h) until the
 * program's resume hook, compound_park_resume(), gets it back.
 *
 * wake() is called by the waiter, on the thread that took the waiter off its list.  It only calls
 * rpc_call_resume().  Everything else is done by the thread that runs the call.
 *
 * Each time the waiter is queued, wake() is either called once or cancelled.  If a compound
 * continues without it (the time is up, or the call may not be parked) and can no longer cancel it,
 * it sets `wake_due`: another thread is about to call wake() on this compound.  The compound then
 * runs to its end, and its reply waits for wake().
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/compound.h"
#include "proto/reply.h"
#include "state/delegation/delegation_waiter.h"
#include "transport/rpc_call.h"

struct compound_park {
    struct delegation_waiter waiter;
    struct compound *c;
    struct reply *reply;
    enum rpc_result (*run_on)(struct compound_park *park); /* continues the processor */
    int64_t until_ns;                                      /* 0: it has not waited yet */
    bool asked;                                            /* it is about to be parked */
    bool yields;         /* it is parked, or was last parked, because its slice was over */
    bool wake_due;       /* the compound has continued, but wake() is still to come */
    bool client_removed; /* it must not continue: its client was removed while it waited */
    bool ended;          /* only wake() is still to come; `result` is the reply's */
    enum rpc_result result;
    struct client *client; /* counts it in `parked`; NULL: not parked, or the sender is not known */
    size_t limit;          /* offset of reply->limit in `out` */
};

/* The memory for a compound of `size` bytes: in the call's arena if it may be parked, else
 * `here`. */
static inline void *compound_park_place(struct rpc_call *call, void *here, size_t size)
{
    void *place = call->park_ok ? arena_alloc(call->arena, size) : here;

    CHECK(place); /* the arena is still nearly empty */
    return place;
}

/* Permit operations of the compound to wait, if the transport and the setting do.  The compound
 * must be in the call's arena. */
void compound_park_begin(struct compound_park *park, struct compound *c, struct reply *reply,
                         enum rpc_result (*run_on)(struct compound_park *park));

bool compound_park_try(struct compound_park *park, enum nfsstat4 status);

/* To be called after each operation that may wait, and after each attempt.  True: it waits, so
 * reset `in` and `out` to its start and return RPC_PARKED.  False: `status` is its result. */
static inline bool compound_park_wanted(struct compound_park *park, enum nfsstat4 status)
{
    return __builtin_expect(delegation_waiter_queued(&park->waiter), 0) &&
           compound_park_try(park, status);
}

/* Before each operation: is the connection's slice of time over?  If true, return
 * compound_yield(). */
static inline bool compound_yield_wanted(struct compound_park *park)
{
    return park->c && rpc_call_yield(park->c->call);
}

/* Let other connections have their turn.  The processor later continues with the next operation. */
enum rpc_result compound_yield(struct compound_park *park);

/* Park the compound; `in` and `out` must be where it is to continue. */
enum rpc_result compound_park(struct compound_park *park);

/* The program's resume hook: continue a parked compound. */
enum rpc_result compound_park_resume(struct compound_park *park);

/* The compound has ended and released its resources.  Returns `result`, or RPC_PARKED. */
enum rpc_result compound_park_end(struct compound_park *park, enum rpc_result result);
