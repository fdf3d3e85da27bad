/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Threads, and how a loop passes from one to another.
 *
 * loop->section is even while its owner runs, and odd while the owner is in a section that may
 * block.
 *
 *     even s --owner, begin--> s+1 --owner, worker_unblock()--> s+2     the owner keeps the loop
 *                              s+1 --monitor, later------------> s+2    the monitor takes the loop
 *
 * The monitor takes it if the owner sleeps, or else only after a much longer time.
 *
 * It only increases, so one compare-and-swap tells an owner at the end of a section whether it
 * still has the loop.  The exchange at the beginning (seq_cst) pairs with monitor_sleep(): either
 * the monitor sees the section, or the worker sees that the monitor sleeps.  Both swaps acquire
 * what the exchange released.
 */
#include "transport/worker.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/log_limit.h"
#include "base/memory.h"
#include "base/umask.h"
#include "transport/call_frame.h"
#include "transport/connection_internal.h"
#include "transport/loop.h"
#include "transport/share.h"
#include "transport/thread_state.h"
#include "transport/transport_internal.h"
#include "transport/turn.h"
#include "transport/worker_internal.h"

enum {
    WORKER_STACK_BYTES = 1 << 20,
    /* Consecutive idle looks after which the monitor goes to sleep. */
    MONITOR_QUIET_LOOKS = 20,
    /* Looks without a long section after which it looks less often: on a busy server that blocks
     * nowhere, its looks cost more than all the rest of this file. */
    MONITOR_CALM_LOOKS = 200,
    MONITOR_CALM_US = 2000,
};

/* What the monitor has found. */
enum monitor_sight {
    SIGHT_QUIET, /* no loop is in a section, or has been in one since the last look */
    SIGHT_BUSY,
    SIGHT_LONG, /* a loop is in the same section as at the last look */
};

_Thread_local struct worker *worker_self;

struct loop *worker_loop(const struct transport *transport)
{
    const struct worker *worker = worker_self;

    /* In a section the loop can be taken at any time. */
    if (!worker || worker->in_section || worker->transport != transport)
        return NULL;
    return worker->loop;
}

/* ---- the pool ---- */

/* Wait for a loop.  False when the pool stops. */
static bool worker_wait(struct worker *worker, bool as_spare)
{
    struct worker_pool *pool = &worker->transport->pool;
    bool has_loop;

    pthread_mutex_lock(&pool->lock);
    if (as_spare) {
        worker->next_spare = pool->spares;
        pool->spares = worker;
        pool->spare_count++;
    }
    while (!worker->loop && !pool->stopping)
        pthread_cond_wait(&worker->wake, &pool->lock);
    has_loop = worker->loop != NULL && !pool->stopping;
    pthread_mutex_unlock(&pool->lock);
    return has_loop;
}

static void *worker_main(void *arg)
{
    struct worker *worker = arg;
    struct worker_pool *pool = &worker->transport->pool;
    bool as_spare = false;

    (void)umask_own(); /* that of whoever started it may change for a request */
    (void)pthread_setname_np(pthread_self(), "worker");
    worker_self = worker;
    while (worker_wait(worker, as_spare)) {
        atomic_store_explicit(&worker->loop->owner_tid, gettid(), memory_order_relaxed);
        pool->hooks->run(worker->loop);
        as_spare = true;
        if (worker->loop)
            break; /* the transport is stopping */
    }
    pthread_mutex_lock(&pool->lock);
    pool->live--;
    pthread_mutex_unlock(&pool->lock);
    return NULL;
}

/* Worker threads block all signals: those are for the main thread. */
static int thread_start(pthread_t *thread, void *(*start)(void *), void *arg)
{
    pthread_attr_t attr;
    sigset_t all, old;
    int error;

    CHECK(pthread_attr_init(&attr) == 0);
    CHECK(pthread_attr_setstacksize(&attr, WORKER_STACK_BYTES) == 0);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    error = pthread_create(thread, &attr, start, arg);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    pthread_attr_destroy(&attr);
    return -error;
}

static struct worker *worker_create_locked(struct transport *transport)
{
    struct worker_pool *pool = &transport->pool;
    unsigned count = atomic_load_explicit(&pool->count, memory_order_relaxed);
    struct worker *worker;
    int error;

    if (count >= LIMIT_WORKER_THREADS || pool->stopping)
        return NULL;
    worker = memory_zalloc(MEMORY_calls, sizeof(*worker));
    if (!worker)
        return NULL;
    worker->transport = transport;
    CHECK(pthread_cond_init(&worker->wake, NULL) == 0);
    error = thread_start(&worker->thread, worker_main, worker);
    if (error) {
        /* Retried whenever a thread is needed, so limit the log lines. */
        if (log_limit_take(&pool->complaints, clock_now_ns(), 1))
            log_error_taken(&pool->complaints, "transport.thread", LOG_I64("errno", -error),
                            LOG_U64("threads", count));
        pthread_cond_destroy(&worker->wake);
        memory_free(MEMORY_calls, worker);
        return NULL;
    }
    pool->workers[count] = worker;
    pool->live++;
    /* Release: transport_stats_read() reads the array without the lock. */
    atomic_store_explicit(&pool->count, count + 1, memory_order_release);
    return worker;
}

/* A worker without a loop, for worker_give().  NULL when none can be had. */
static struct worker *worker_take(struct transport *transport)
{
    struct worker_pool *pool = &transport->pool;
    struct worker *worker;

    pthread_mutex_lock(&pool->lock);
    worker = pool->spares;
    if (worker) {
        pool->spares = worker->next_spare;
        pool->spare_count--;
    } else {
        worker = worker_create_locked(transport);
    }
    pthread_mutex_unlock(&pool->lock);
    return worker;
}

static void worker_give(struct worker *worker, struct loop *loop)
{
    struct worker_pool *pool = &worker->transport->pool;

    pthread_mutex_lock(&pool->lock);
    worker->loop = loop;
    pthread_cond_signal(&worker->wake);
    pthread_mutex_unlock(&pool->lock);
}

/* The worker was not needed. */
static void worker_return(struct worker *worker)
{
    struct worker_pool *pool = &worker->transport->pool;

    pthread_mutex_lock(&pool->lock);
    worker->next_spare = pool->spares;
    pool->spares = worker;
    pool->spare_count++;
    pthread_mutex_unlock(&pool->lock);
}

/* ---- the monitor ---- */

/* Take the loop from its owner, which is in section `seen`, if a spare worker can be had. */
static void loop_retake(struct loop *loop, uint64_t seen)
{
    struct transport *transport = loop->transport;
    struct worker *spare = worker_take(transport);

    if (!spare) {
        if (loop->section_starved != seen)
            transport_count(transport, TRANSPORT_COUNTER_no_spare, 1);
        loop->section_starved = seen;
        return;
    }
    if (!atomic_compare_exchange_strong_explicit(&loop->section, &seen, seen + 1,
                                                 memory_order_acq_rel, memory_order_relaxed)) {
        worker_return(spare);
        return;
    }
    /* The owner wrote section_place before the section, and writes it again only with its next
     * loop. */
    share_take(&transport->shares, &loop->section_place);
    transport_count(transport, TRANSPORT_COUNTER_retakes, 1);
    worker_give(spare, loop);
}

/* Is the owner stuck in the section that the monitor has seen before?  A thread that waits for a
 * processor is slow, not blocked: whoever took its loop would have to wait as well. */
static bool owner_is_stuck(const struct loop *loop)
{
    return loop->section_us >= WORKER_RETAKE_RUNNING_US ||
           !thread_is_runnable(atomic_load_explicit(&loop->owner_tid, memory_order_relaxed));
}

/* `slept_us`: since the last look. */
static enum monitor_sight loop_look(struct loop *loop, uint32_t slept_us)
{
    /* Acquire: owner_tid is that of the thread in the section. */
    uint64_t section = atomic_load_explicit(&loop->section, memory_order_acquire);
    bool same = section == loop->section_seen;

    loop->section_seen = section;
    if (!(section & 1))
        return same ? SIGHT_QUIET : SIGHT_BUSY;
    if (!same) {
        loop->section_us = 0;
        return SIGHT_BUSY;
    }
    loop->section_us += slept_us;
    if (owner_is_stuck(loop))
        loop_retake(loop, section);
    return SIGHT_LONG;
}

/* Examine all loops; what is worst. */
static enum monitor_sight monitor_look(struct transport *transport, uint32_t slept_us)
{
    enum monitor_sight worst = SIGHT_QUIET;

    for (unsigned i = 0; i < transport->loop_count; i++) {
        enum monitor_sight sight = loop_look(&transport->loops[i], slept_us);

        if (sight > worst)
            worst = sight;
    }
    return worst;
}

static bool monitor_sees_section(struct transport *transport)
{
    for (unsigned i = 0; i < transport->loop_count; i++) {
        if (atomic_load_explicit(&transport->loops[i].section, memory_order_seq_cst) & 1)
            return true;
    }
    return false;
}

static void monitor_sleep(struct transport *transport)
{
    struct worker_pool *pool = &transport->pool;

    pthread_mutex_lock(&pool->monitor_lock);
    atomic_store_explicit(&pool->monitor_asleep, true, memory_order_seq_cst);
    if (monitor_sees_section(transport))
        atomic_store_explicit(&pool->monitor_asleep, false, memory_order_relaxed);
    while (atomic_load_explicit(&pool->monitor_asleep, memory_order_relaxed) &&
           !atomic_load_explicit(&pool->monitor_stop, memory_order_relaxed))
        pthread_cond_wait(&pool->monitor_wake, &pool->monitor_lock);
    pthread_mutex_unlock(&pool->monitor_lock);
}

static void monitor_rouse(struct worker_pool *pool)
{
    pthread_mutex_lock(&pool->monitor_lock);
    atomic_store_explicit(&pool->monitor_asleep, false, memory_order_relaxed);
    pthread_cond_signal(&pool->monitor_wake);
    pthread_mutex_unlock(&pool->monitor_lock);
}

static uint32_t monitor_pause(unsigned calm_looks)
{
    uint32_t us = calm_looks < MONITOR_CALM_LOOKS ? WORKER_RETAKE_US : MONITOR_CALM_US;

    nanosleep(&(struct timespec){.tv_nsec = us * 1000L}, NULL);
    return us;
}

static void *monitor_main(void *arg)
{
    struct transport *transport = arg;
    unsigned quiet_looks = 0, calm_looks = 0;
    uint32_t slept_us = 0;

    (void)pthread_setname_np(pthread_self(), "monitor");
    while (!atomic_load_explicit(&transport->pool.monitor_stop, memory_order_relaxed)) {
        enum monitor_sight sight = monitor_look(transport, slept_us);

        quiet_looks = sight == SIGHT_QUIET ? quiet_looks + 1 : 0;
        calm_looks = sight == SIGHT_LONG ? 0 : calm_looks + 1;
        slept_us = 0;
        if (quiet_looks < MONITOR_QUIET_LOOKS) {
            slept_us = monitor_pause(calm_looks);
        } else {
            monitor_sleep(transport);
            quiet_looks = calm_looks = 0;
        }
    }
    return NULL;
}

/* ---- sections ---- */

static void section_begin(struct worker *worker)
{
    struct worker_pool *pool = &worker->transport->pool;
    struct loop *loop = worker->loop;

    loop->section_place = worker->place;
    worker->section = atomic_load_explicit(&loop->section, memory_order_relaxed) + 1;
    worker->in_section = true;
    atomic_exchange_explicit(&loop->section, worker->section, memory_order_seq_cst);
    if (atomic_load_explicit(&pool->monitor_asleep, memory_order_seq_cst))
        monitor_rouse(pool);
}

/* The call's thread does not do without its loop for nothing. */
static void wait_note(struct worker *worker)
{
    if (worker->frame && !worker->frame->call.waited_since_ns)
        worker->frame->call.waited_since_ns = worker->section_since_ns;
}

/* True when this is the outermost section of a worker that owns a loop.  A worker without a loop
 * counts as blocked at once, because the monitor does not watch it. */
static bool section_enter(struct worker *worker)
{
    if (!worker || worker->section_depth++ > 0)
        return false;
    worker->place = (struct place){NULL, TURN_ADDRESSES};
    if (worker->frame) {
        frame_pin(worker->frame);
        worker->section_since_ns = clock_now_ns();
        worker->place.in = worker->frame->call.blocked_in;
        worker->place.address = worker->frame->call.conn->turn.address;
    }
    if (worker->loop)
        return true;
    wait_note(worker);
    share_take(&worker->transport->shares, &worker->place);
    worker->in_share = true;
    return false;
}

/* The worker continues its call without a loop.  With a work_max of 1, a call that no longer blocks
 * soon yields to a loop again. */
static void worker_detach(struct worker *worker)
{
    wait_note(worker);
    worker->loop = NULL;
    worker->alone_since_ns = 0;
    if (worker->frame)
        worker->frame->call.work_max = 1;
}

void worker_may_block(void)
{
    struct worker *worker = worker_self;

    if (!section_enter(worker))
        return;
    loop_count_section(worker->loop);
    section_begin(worker);
}

void worker_will_block(void)
{
    struct worker *worker = worker_self;
    struct loop *loop;
    struct worker *spare;

    if (!section_enter(worker))
        return;
    loop = worker->loop;
    spare = worker_take(worker->transport);
    if (!spare) {
        /* The monitor hands the loop over as soon as a thread is free. */
        transport_count(worker->transport, TRANSPORT_COUNTER_no_spare, 1);
        worker->transport->pool.hooks->flush(loop);
        section_begin(worker);
        return;
    }
    transport_count(worker->transport, TRANSPORT_COUNTER_handoffs, 1);
    share_take(&worker->transport->shares, &worker->place);
    worker->in_share = true;
    worker_detach(worker);
    worker_give(spare, loop);
}

bool worker_slice_over(struct worker *worker, int64_t now_ns)
{
    if (worker->section_depth > 0)
        return false;
    if (!worker->alone_since_ns)
        worker->alone_since_ns = now_ns;
    return now_ns - worker->alone_since_ns >= LIMIT_SLICE_US * 1000LL;
}

void worker_unblock(void)
{
    struct worker *worker = worker_self;
    uint64_t section;

    if (!worker)
        return;
    CHECK(worker->section_depth > 0);
    if (--worker->section_depth > 0)
        return;
    if (worker->in_share) {
        worker->in_share = false;
        share_give(&worker->transport->shares, &worker->place);
    }
    if (!worker->in_section)
        return;
    worker->in_section = false;
    section = worker->section;
    if (!atomic_compare_exchange_strong_explicit(&worker->loop->section, &section, section + 1,
                                                 memory_order_acq_rel, memory_order_relaxed)) {
        share_give(&worker->transport->shares, &worker->place);
        worker_detach(worker);
    }
}

/* ---- beginning and end ---- */

void worker_pool_init(struct transport *transport)
{
    struct worker_pool *pool = &transport->pool;

    CHECK(pthread_mutex_init(&pool->lock, NULL) == 0);
    CHECK(pthread_mutex_init(&pool->monitor_lock, NULL) == 0);
    CHECK(pthread_cond_init(&pool->monitor_wake, NULL) == 0);
}

void worker_pool_fini(struct transport *transport)
{
    struct worker_pool *pool = &transport->pool;

    /* First: it takes spare workers. */
    if (pool->monitor_started)
        pthread_join(pool->monitor, NULL);
    for (unsigned i = 0; i < pool->count; i++) {
        pthread_join(pool->workers[i]->thread, NULL);
        pthread_cond_destroy(&pool->workers[i]->wake);
        memory_free(MEMORY_calls, pool->workers[i]);
    }
    pthread_cond_destroy(&pool->monitor_wake);
    pthread_mutex_destroy(&pool->monitor_lock);
    pthread_mutex_destroy(&pool->lock);
}

int worker_pool_start(struct transport *transport, const struct worker_hooks *hooks)
{
    struct worker_pool *pool = &transport->pool;
    int error;

    pool->hooks = hooks;
    error = thread_start(&pool->monitor, monitor_main, transport);
    if (error)
        return error;
    pool->monitor_started = true;
    for (unsigned i = 0; i < transport->loop_count; i++) {
        struct worker *worker = worker_take(transport);

        if (!worker)
            return -EAGAIN;
        worker_give(worker, &transport->loops[i]);
    }
    return 0;
}

bool worker_pool_stop(struct transport *transport, int timeout_ms)
{
    const struct timespec pause = {.tv_nsec = NSEC_PER_MSEC};
    struct worker_pool *pool = &transport->pool;
    bool ended;

    atomic_store_explicit(&pool->monitor_stop, true, memory_order_relaxed);
    monitor_rouse(pool);
    pthread_mutex_lock(&pool->lock);
    pool->stopping = true;
    for (unsigned i = 0; i < pool->count; i++)
        pthread_cond_signal(&pool->workers[i]->wake);
    for (int waited_ms = 0; pool->live > 0 && waited_ms < timeout_ms; waited_ms++) {
        pthread_mutex_unlock(&pool->lock);
        nanosleep(&pause, NULL);
        pthread_mutex_lock(&pool->lock);
    }
    ended = pool->live == 0;
    pthread_mutex_unlock(&pool->lock);
    return ended;
}
