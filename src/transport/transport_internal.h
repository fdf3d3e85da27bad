/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The transport itself: what its loops, threads and connections share.
 *
 * Locks: send_queue.lock before buffer_pool.lock and unsent.lock.  All others (loop.list_lock,
 * loop.resumed_lock, half_records.lock, peer_table.lock, worker_pool.lock, monitor_lock,
 * frame_lock, park_table.lock, tls_table.lock, and tls_session.lock of tls/) are never held
 * together.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/counter.h"
#include "base/limits.h"
#include "base/log_limit.h"
#include "base/memory.h"
#include "transport/buffer.h"
#include "transport/listener.h"
#include "transport/park.h"
#include "transport/peer_table.h"
#include "transport/share.h"
#include "transport/tls_table.h"
#include "transport/transport.h"
#include "transport/unsent.h"
#include "transport/worker_internal.h"

struct call_frame;
struct loop;

struct transport {
    struct transport_config config;
    struct buffer_pool buffers;

    pthread_mutex_t frame_lock;
    struct call_frame *frames; /* the free ones */
    unsigned frame_count;
    struct park_table parks;
    _Atomic int32_t gss_blocked; /* threads that make contexts (rpc_call.blocked_in) */

    struct listener listeners[LIMIT_LISTENERS];
    unsigned listener_count;
    _Atomic unsigned listening;

    _Atomic uint64_t next_connection_id;
    _Atomic uint32_t connection_count; /* open sockets */
    _Atomic uint32_t dialled_count;    /* the outgoing ones of these */
    _Atomic bool closed;               /* stop accepting */
    _Atomic bool draining;             /* stop accepting and receiving */
    _Atomic bool cutting;              /* close what is still open */
    _Atomic bool stopping;
    bool started, stopped;

    struct worker_pool pool;
    struct share_table shares;
    struct counter_set *counters; /* by enum transport_counter */
    struct counter_set *lags;     /* by enum loop_lag_bucket, then their sum in ns */
    _Atomic uint32_t limits[TRANSPORT_LIMIT_COUNT];
    struct peer_table peers;
    _Atomic int64_t tails_from_ns; /* calls may have tails from then on (transport_now_ns()) */
    struct unsent unsent;
    struct tls_table tls;
    /* Limits of log lines about connections that were cut or refused, by reason: a flood of one
     * kind hides no other. */
    struct log_limit cuts[TRANSPORT_COUNTER_COUNT];
    int64_t ticked_ns;      /* time of the last tick; the timer's */
    _Atomic int64_t now_ns; /* transport_now_ns() */
    unsigned loop_count;
    struct loop *loops;
};

static inline uint32_t transport_limit(const struct transport *transport,
                                       enum transport_limit limit)
{
    return atomic_load_explicit(&transport->limits[limit], memory_order_relaxed);
}

/* The same for a limit in MiB, in bytes; at most an eighth of the memory budget. */
static inline size_t transport_limit_bytes(const struct transport *transport,
                                           enum transport_limit limit)
{
    size_t bytes = (size_t)transport_limit(transport, limit) << 20;
    uint64_t budget = memory_budget();

    return budget > 0 && bytes > budget / 8 ? budget / 8 : bytes;
}

/* The clock for time limits that end with a connection cut.  It advances once a second. */
static inline int64_t transport_now_ns(const struct transport *transport)
{
    return atomic_load_explicit(&transport->now_ns, memory_order_relaxed);
}

static inline void transport_count(struct transport *transport, enum transport_counter counter,
                                   uint64_t n)
{
    counter_add(transport->counters, counter, n);
}
