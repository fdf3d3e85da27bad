/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A COMPOUND that waits for a delegation without a thread: for server.recall_park_ms in all, until
 * the delegation is gone.  Then the operation that met it runs once more from its start.  When the
 * time is over it runs without a waiter, and the answer is what it says then: NFS4ERR_DELAY, as a
 * rule.  If its client was removed meanwhile, nothing runs any more, and the processor answers
 * NFS4ERR_DELAY, too: a new incarnation of the client must not find things done that it did not ask
 * for, and a retry learns what became of the session.
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
 * In `asked`, `yields` and `ended` the call is parked (RPC_PARKED; transport/park.h), until the
 * program's resume hook, compound_park_resume(), has it again.
 *
 * wake() is the waiter's, and runs on whichever thread took the waiter off its list.  It only calls
 * rpc_call_resume().  The thread that runs the call does everything else.
 *
 * Each time the waiter was queued, wake() either comes once or is cancelled.  A compound that goes
 * on without it (the time is up, or the call may not be parked) and can no longer cancel it sets
 * `wake_due`: another thread is about to call wake() on memory of this compound.  The compound then
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
    enum rpc_result (*run_on)(struct compound_park *park); /* the processor goes on */
    int64_t until_ns;                                      /* 0: it has not waited yet */
    bool asked;                                            /* it is about to be parked */
    bool yields;   /* it is parked, or was last, because its slice of time was over */
    bool wake_due; /* wake() will come, and the compound has gone on without it */
    bool orphan;   /* it may not go on: its client was removed while it waited */
    bool ended;    /* only wake() is still to come; `result` is the answer */
    enum rpc_result result;
    size_t limit; /* where reply->limit is in `out` */
};

/* Where a compound is to lie, of `size` bytes: in the call's arena if it may be parked, else
 * `here`. */
static inline void *compound_park_place(struct rpc_call *call, void *here, size_t size)
{
    void *place = call->park_ok ? arena_alloc(call->arena, size) : here;

    CHECK(place); /* nothing of length is in the arena yet */
    return place;
}

/* From now on operations of the compound may wait, if the transport and the setting will have it.
 * All of it lies in the call's arena. */
void compound_park_begin(struct compound_park *park, struct compound *c, struct reply *reply,
                         enum rpc_result (*run_on)(struct compound_park *park));

bool compound_park_queued(struct compound_park *park, enum nfsstat4 status);

/* Behind each operation that may wait, and as often as one likes.  True: it waits, so take `in` and
 * `out` back to its start and return RPC_PARKED.  False: `status` is what it came to. */
static inline bool compound_park_wanted(struct compound_park *park, enum nfsstat4 status)
{
    return __builtin_expect(delegation_waiter_queued(&park->waiter), 0) &&
           compound_park_queued(park, status);
}

/* Before each operation: is the connection's slice of time over?  True: return compound_yield(). */
static inline bool compound_yield_wanted(struct compound_park *park)
{
    return park->c && rpc_call_yield(park->c->call);
}

/* Others have their turn; the processor goes on with the operation that it has not begun. */
enum rpc_result compound_yield(struct compound_park *park);

/* The compound is parked: `in` and `out` stand where it goes on. */
enum rpc_result compound_park(struct compound_park *park);

/* It has been: the program's resume hook. */
enum rpc_result compound_park_resume(struct compound_park *park);

/* The compound has ended and given back what it had.  `result`, or RPC_PARKED. */
enum rpc_result compound_park_end(struct compound_park *park, enum rpc_result result);
