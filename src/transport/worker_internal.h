/* SPDX-License-Identifier: Apache-2.0 */
/* The threads that run loops; worker.h is what the code that they run sees. */
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/check.h"
#include "base/limits.h"
#include "base/log_limit.h"
#include "transport/share.h"
#include "transport/worker.h"

struct call_frame;
struct loop;
struct transport;

struct worker {
    pthread_t thread;
    struct transport *transport;
    /* The loop that it owns.  Set by the thread that gives the loop (under the pool's lock),
     * cleared by the worker itself. */
    struct loop *loop;
    struct call_frame *frame; /* the call that it runs */
    uint64_t section;         /* the value that it stored in loop->section */
    int64_t section_since_ns; /* when the outermost section began, within a call */
    unsigned section_depth;
    bool in_section;
    bool in_share;          /* it has counted itself in transport.shares */
    struct place place;     /* what it counts for */
    int64_t alone_since_ns; /* since when its call has run without a loop; 0: not known yet */
    pthread_cond_t wake;
    struct worker *next_spare;
};

/* What a worker does with its loop; loop_run.c defines both. */
struct worker_hooks {
    /* Run the loop until the transport stops or the worker loses the loop. */
    void (*run)(struct loop *loop);
    /* The worker is about to block and no other thread is free: send what is ready. */
    void (*flush)(struct loop *loop);
};

struct worker_pool {
    const struct worker_hooks *hooks;
    pthread_mutex_t lock;
    struct worker *spares;
    unsigned spare_count;
    unsigned live; /* threads that have not ended */
    _Atomic unsigned count;
    bool stopping;
    struct log_limit complaints; /* limits log lines about threads that could not be created */
    struct worker *workers[LIMIT_WORKER_THREADS];

    pthread_t monitor;
    bool monitor_started;
    _Atomic bool monitor_stop;
    _Atomic bool monitor_asleep;
    pthread_mutex_t monitor_lock;
    pthread_cond_t monitor_wake;
};

extern _Thread_local struct worker *worker_self;

/* Does the calling thread, which must be a worker, own the loop? */
static inline bool worker_owns(const struct loop *loop)
{
    return worker_self->loop == loop;
}

/* The loop that the calling thread owns and cannot lose at the moment; NULL: none. */
struct loop *worker_loop(const struct transport *transport);

/* Has a worker without a loop run for a slice since it last blocked? */
bool worker_slice_over(struct worker *worker, int64_t now_ns) MUST_USE;

void worker_pool_init(struct transport *transport);
void worker_pool_fini(struct transport *transport);

/* Start one worker for each loop, and the monitor.  0 or -errno. */
int worker_pool_start(struct transport *transport, const struct worker_hooks *hooks);

/* Tell all threads to end.  False when some have not ended within `timeout_ms`. */
bool worker_pool_stop(struct transport *transport, int timeout_ms);
