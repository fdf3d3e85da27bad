/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An event loop: an epoll set, its connections, the batch in progress.
 *
 * A loop belongs to exactly one thread at a time, its owner.  A thread can lose its loop inside any
 * call (worker.h), so whatever outlives a call is kept in the loop or the connection, never on a
 * thread's stack.  Functions that can lose the loop say so; when worker_owns() is false afterwards,
 * the caller must return at once without touching the loop.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/types.h>

#include "base/check.h"
#include "base/list.h"
#include "transport/batch.h"
#include "transport/half_record.h"
#include "transport/share.h"
#include "transport/source.h"
#include "transport/spin.h"
#include "transport/turn.h"

struct buffer;
struct call_frame;
struct connection;
struct transport;

enum {
    CACHE_LINE_BYTES = 64,
    LOOP_EVENTS = 64,
};

struct loop {
    /* Written by the owner, and by the thread that takes the loop away: worker.c. */
    _Alignas(CACHE_LINE_BYTES) _Atomic uint64_t section;
    uint64_t section_seen, section_starved; /* the monitor's */
    uint32_t section_us; /* the monitor's: how long it has slept since it saw this section first */
    _Atomic pid_t owner_tid;    /* stored before the owner's first section.  Relaxed. */
    struct place section_place; /* what the owner counts for if it blocks */
    uint8_t rest_of_line[CACHE_LINE_BYTES - 4 * sizeof(uint64_t) - sizeof(struct place)];

    _Alignas(CACHE_LINE_BYTES) struct transport *transport;
    unsigned index;
    int epoll_fd;
    int wake_fd;
    struct source wake;
    struct spin spin;
    _Atomic uint32_t connection_count;
    /* Does it turn?  The timer asks, the owner answers: loop_pulse.  Relaxed. */
    _Atomic int64_t asked_ns;   /* since when an answer is due; 0: none is */
    _Atomic int64_t lag_ns;     /* that the last answer took */
    _Atomic uint32_t turns_due; /* connections that waited for their turn then */
    _Atomic uint64_t requests;  /* calls that have begun here; only its owner adds.  Relaxed. */

    struct epoll_event events[LOOP_EVENTS];
    int event_next, event_count;
    struct batch batch;
    struct turn_table turns;
    struct buffer *scratch;   /* receive buffer */
    struct buffer *sealed;    /* that of encrypted bytes; NULL until the first */
    struct call_frame *frame; /* a free frame; NULL: the running call uses it */

    /* Replies of the batch: [out_start, out_used) of `out` is to be sent.  `encoding`: a call is
     * encoding its reply behind out_used. */
    struct buffer *out;
    size_t out_start, out_used;
    bool encoding, drain_wanted, resume_wanted;
    bool resumed_one; /* the last action was to resume a parked call */

    /* Connections, of any loop, with postponed records.  These are sent when the current batch
     * ends, or when the loop passes to another owner. */
    struct list postponed;
    unsigned postponed_sections; /* blocking sections since the last time they were sent */

    int64_t accept_paused_until_ns; /* 0: accepting */
    int64_t accept_complain_ns;     /* a pause before this time is not logged */

    struct half_records half_records;

    pthread_mutex_t list_lock;
    struct list connections;
    struct list without_client; /* connections that serve no client: idle.h */

    pthread_mutex_t resumed_lock;
    struct list resumed; /* parked calls to be resumed here: struct call_frame park.link */
};

bool loop_init(struct loop *loop, struct transport *transport, unsigned index) MUST_USE;
void loop_fini(struct loop *loop);

/* Send the postponed records.  For the owner; can lose the loop. */
void loop_send_postponed(struct loop *loop);

/* The same, between two calls, but only after several blocking sections. */
void loop_send_postponed_late(struct loop *loop);

/* The owner is about to enter a blocking section.  Sends nothing: the caller may hold locks. */
static inline void loop_count_section(struct loop *loop)
{
    if (!list_empty(&loop->postponed))
        loop->postponed_sections++;
}

/* Make the owner return from epoll; any thread. */
void loop_wake(struct loop *loop);

/* Have its owner show that the loop turns.  From the timer. */
void loop_pulse(struct loop *loop);

/* How long its last turn took to come, or has not come by now. */
int64_t loop_lag_ns(const struct loop *loop, int64_t now_ns);

/* The loop with the fewest connections. */
struct loop *loop_choose(struct transport *transport);

/* Add a new connection and wait for `events`; its source must be ready.  Any thread.  False when
 * epoll_ctl() fails; the caller then closes the connection. */
bool loop_add(struct loop *loop, struct connection *conn, uint32_t events) MUST_USE;

/* The connection leaves the loop; it may be freed.  For the owner; can lose the loop. */
void loop_leave(struct loop *loop, struct connection *conn);
