/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An event loop: an epoll set, its connections, the batch in progress.
 *
 * A loop belongs to exactly one thread at a time, its owner.  Whatever outlives a call stands in
 * the loop or the connection and never on a thread's stack, for a thread can lose its loop inside
 * any call (worker.h).  Functions that can lose it say so; their caller returns at once, without
 * touching the loop, when worker_owns() says no.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>

#include "base/check.h"
#include "base/list.h"
#include "transport/batch.h"
#include "transport/half_record.h"
#include "transport/share.h"
#include "transport/source.h"
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
    /* Written by the owner and by the thread that takes the loop away: worker.c. */
    _Alignas(CACHE_LINE_BYTES) _Atomic uint64_t section;
    uint64_t section_seen, section_starved; /* the monitor's */
    struct place section_place;             /* where the owner may block */
    uint8_t rest_of_line[CACHE_LINE_BYTES - 3 * sizeof(uint64_t) - sizeof(struct place)];

    _Alignas(CACHE_LINE_BYTES) struct transport *transport;
    unsigned index;
    int epoll_fd;
    int wake_fd;
    struct source wake;
    _Atomic uint32_t connection_count;

    struct epoll_event events[LOOP_EVENTS];
    int event_next, event_count;
    struct batch batch;
    struct turn_table turns;
    struct buffer *scratch;   /* receives go here */
    struct call_frame *frame; /* a free one, or NULL: the running call has it */

    /* Replies of the batch: [out_start, out_used) of `out` are to be sent.  `encoding`: a call is
     * writing behind out_used. */
    struct buffer *out;
    size_t out_start, out_used;
    bool encoding, drain_wanted, resume_wanted;
    bool resumed_one; /* the last thing that was done was to let a parked call go on */

    /* Connections, of any loop, that records are to be sent to when the batch at hand has ended,
     * or as soon as the loop passes to another owner. */
    struct list postponed;
    unsigned postponed_sections; /* that the owner has entered since */

    int64_t accept_paused_until_ns; /* 0: accepting */
    int64_t accept_complain_ns;     /* a pause after this one is news */

    struct half_records half_records;

    pthread_mutex_t list_lock;
    struct list connections;
    struct list strangers; /* those that serve no client: idle.h */

    pthread_mutex_t resumed_lock;
    struct list resumed; /* parked calls that go on here, struct park link */
};

bool loop_init(struct loop *loop, struct transport *transport, unsigned index) MUST_USE;
void loop_fini(struct loop *loop);

/* Send what is postponed.  The owner's; can lose the loop. */
void loop_send_postponed(struct loop *loop);

/* The same, between calls, if the owner has said time and again that it may block. */
void loop_send_postponed_late(struct loop *loop);

/* The owner is about to say so.  Nothing is sent here: the caller may hold locks. */
static inline void loop_count_section(struct loop *loop)
{
    if (!list_empty(&loop->postponed))
        loop->postponed_sections++;
}

/* Make its owner look up; any thread. */
void loop_wake(struct loop *loop);

/* The loop that has the fewest connections. */
struct loop *loop_choose(struct transport *transport);

/* Take a new connection in and wait for `events`, for which its source is ready; any thread.  False
 * when epoll refuses (the caller closes it). */
bool loop_add(struct loop *loop, struct connection *conn, uint32_t events) MUST_USE;

/* The connection leaves it, and its memory may go.  The owner's; can lose the loop. */
void loop_leave(struct loop *loop, struct connection *conn);
