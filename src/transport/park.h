/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls that wait without a thread.  rpc_call.h is what programs see.
 *
 *     running <---------------------------------------------------------+
 *        |                                                              |
 *        | rpc_call_park(), or rpc_call_yield_now()                     |
 *        v              rpc_call_resume(),                              |
 *      asked            or its time is over                             |
 *        |                                                              |
 *        +---> parked ---------------------> due --- park_run_next() ---+
 *        |       ^                            |                         |
 *        |       +-------- deferred ----------+                         |
 *        |                                                              |
 *        +---> yielded ------------------------- park_run_yielded() ----+
 *
 * running   A thread runs the call.  `resumed`: rpc_call_resume() has come already.
 * asked     `asked`, and `yields` if its slice is over.  The thread still has the frame, and puts
 *           it away with park_enter() when the program has returned RPC_PARKED; whether it owns a
 *           loop does not matter.
 * parked    `parked`; in park_table.waiting if it has a deadline.  Whichever thread resets `parked`
 *           under park_table.lock has the frame, and makes it due: any thread, by
 *           rpc_call_resume(); or the owner of loop 0, by the timer or when the transport drains.
 *           A call with `resumed` set is due at once.
 * due       In loop.resumed of one loop, whose owner runs it on.  When there is no memory for its
 *           reply it is parked again, `deferred`, for a moment; then it goes on with the
 *           park_expired that it had.
 * yielded   In connection.yielded.  The owner of the connection's loop runs it on when the
 *           connection has its next turn.  A thread that does not own that loop makes the call due
 *           there instead, with `yields` set, and the owner moves it here.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"
#include "base/list.h"
#include "transport/source.h"

struct call_frame;
struct loop;
struct transport;

/* What a call has besides while it is parked. */
struct park {
    bool asked;    /* rpc_call_park() was true: RPC_PARKED follows */
    bool yields;   /* the same, of rpc_call_yield_now() */
    bool reserved; /* it is counted */
    bool parked;   /* it is anybody's; under park_table.lock, like the next */
    bool resumed;  /* rpc_call_resume() came while it was not parked */
    bool deferred; /* it was to go on, and waits for memory; with the lock, too */
    int64_t until_ns;
    struct list link; /* of park_table.waiting, then of loop.resumed; or of connection.yielded */
    size_t bytes;     /* as counted */
    uint8_t *record;  /* a copy of its own: until the call ends */
    uint8_t *results; /* what has been encoded: until it is run on */
    size_t results_len;
};

struct park_table {
    pthread_mutex_t lock; /* guards the frames' part */
    struct list waiting;  /* parked calls with a deadline, the next one first */
    int timer_fd;
    struct source timer;
    int64_t armed_ns; /* when the timer goes off; 0: it does not; under the lock */
    _Atomic uint32_t count;
    _Atomic size_t bytes;
};

bool park_table_init(struct transport *transport) MUST_USE;
void park_table_fini(struct transport *transport);

/* Have this loop watch the timer. */
bool park_table_start(struct loop *loop) MUST_USE;

/* The call has asked to be parked: give back its buffers, for copies of what is in them.  False
 * without memory: nothing has changed, and they stay the frame's as long as it is parked. */
bool park_keep(struct call_frame *frame);

/* Park it then: the frame is not the caller's any more. */
void park_enter(struct call_frame *frame);

/* Run the call on that has yielded, on its connection's turn.  The owner's; can lose the loop. */
void park_run_yielded(struct call_frame *frame);

/* Run the next call that is to go on in this loop, if there is one.  The owner's, between batches;
 * can lose the loop. */
void park_run_next(struct loop *loop);

/* All deadlines are over: the transport drains. */
void park_expire_all(struct transport *transport);
