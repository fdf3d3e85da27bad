/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls that wait without a thread.  rpc_call.h is what programs see.
 *
 *     running <---------------------------------------------------------+
 *        |                                                              |
 *        | rpc_call_park(), or rpc_call_yield_now()                     |
 *        v              rpc_call_resume(),                              |
 *      asked            or its deadline passes                          |
 *        |                                                              |
 *        +---> parked ---------------------> due --- park_run_next() ---+
 *        |       ^                            |                         |
 *        |       +-------- deferred ----------+                         |
 *        |                                                              |
 *        +---> yielded ------------------------- park_run_yielded() ----+
 *
 * running   A thread runs the call.  `resumed` is set if rpc_call_resume() has been called already.
 * asked     `asked` is set; `yields` too, if the call gives way because its slice is over.  The
 *           thread still owns the frame.  When the program returns RPC_PARKED, the thread passes
 *           the frame on with park_enter().  It need not own a loop.
 * parked    `parked` is set; the call is in park_table.waiting if it has a deadline.  The thread
 *           that clears `parked` under park_table.lock owns the frame and makes it due.  This may
 *           be any thread, in rpc_call_resume(), or the owner of loop 0, on the timer or when the
 *           transport drains.  A call with `resumed` set is due at once.
 * due       In loop.resumed of one loop, whose owner runs it.  When there is no memory for its
 *           reply, it is parked again for a moment, with `deferred` set; park_expired keeps its
 *           value.
 * yielded   In connection.yielded.  The owner of the connection's loop runs it on the connection's
 *           next turn.  A thread that does not own that loop makes the call due there instead, with
 *           `yields` set, and the loop's owner moves it here.
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

/* The additional state of a call that can be parked. */
struct park {
    bool asked;    /* rpc_call_park() returned true: RPC_PARKED follows */
    bool yields;   /* the same, for rpc_call_yield_now() */
    bool reserved; /* it counts against the limits */
    bool parked;   /* any thread may take it; guarded by park_table.lock */
    bool resumed;  /* rpc_call_resume() was called while it was not parked; guarded, too */
    bool deferred; /* it was due and waits for memory; guarded, too */
    int64_t until_ns;
    struct list link; /* of park_table.waiting, then of loop.resumed; or of connection.yielded */
    size_t bytes;     /* as counted against the limit */
    uint8_t *record;  /* copy of the record; freed when the call ends */
    uint8_t *results; /* copy of the results encoded so far; freed when it is run again */
    size_t results_len;
};

struct park_table {
    pthread_mutex_t lock; /* guards the list and the frames' fields that say so */
    struct list waiting;  /* parked calls with a deadline, the earliest first */
    int timer_fd;
    struct source timer;
    int64_t armed_ns; /* when the timer fires; 0: not armed; guarded by the lock */
    _Atomic uint32_t count;
    _Atomic size_t bytes;
};

bool park_table_init(struct transport *transport) MUST_USE;
void park_table_fini(struct transport *transport);

/* Add the timer to the epoll set of this loop. */
bool park_table_start(struct loop *loop) MUST_USE;

/* The call has asked to be parked: copy its record and results, and release its buffers.  False
 * without memory: nothing has changed, and the frame keeps the buffers while it is parked. */
bool park_keep(struct call_frame *frame);

/* Park the call.  The caller no longer owns the frame. */
void park_enter(struct call_frame *frame);

/* Run a call that yielded, on its connection's turn.  For the owner; can lose the loop. */
void park_run_yielded(struct call_frame *frame);

/* Run the next due call of this loop, if any.  For the owner, between batches; can lose the
 * loop. */
void park_run_next(struct loop *loop);

/* The transport drains: all deadlines count as passed. */
void park_expire_all(struct transport *transport);
