/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/transport.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/processors.h"
#include "transport/buffer.h"
#include "transport/call_frame.h"
#include "transport/half_record.h"
#include "transport/handshake.h"
#include "transport/idle.h"
#include "transport/listener.h"
#include "transport/loop.h"
#include "transport/loop_run.h"
#include "transport/park.h"
#include "transport/peer_table.h"
#include "transport/spin.h"
#include "transport/tls_table.h"
#include "transport/transport_internal.h"
#include "transport/unsent.h"
#include "transport/worker_internal.h"

enum {
    DRAIN_LOOK_MS = 2,
    DRAIN_CUT_MS = 1000,       /* time for running calls after the connections are cut */
    TICK_MOST_NS = 2000000000, /* most time that one tick counts; ticks come once a second */
    DIALLED_PART = 8,          /* fraction of all descriptors at most, since accepted connections
                                * need some, too */
};

static uint32_t dialled_max_default(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 ||
        limit.rlim_cur / DIALLED_PART >= LIMIT_DIALLED_CONNECTIONS)
        return LIMIT_DIALLED_CONNECTIONS;
    return (uint32_t)(limit.rlim_cur / DIALLED_PART);
}

struct transport *transport_create(const struct transport_config *config)
{
    struct transport *transport = must_calloc(1, sizeof(*transport));
    const unsigned processors = processors_available();
    unsigned count = config->loops ? config->loops : processors;
    bool ok;

    CHECK(config->program_count <= LIMIT_RPC_PROGRAMS);
    transport->config = *config;
    if (!config->connections_max)
        transport->config.connections_max = LIMIT_CONNECTIONS;
    if (!config->tls_records_max)
        transport->config.tls_records_max = LIMIT_TLS_RECORDS;
    if (!config->dialled_max)
        transport->config.dialled_max = dialled_max_default();
    transport->loop_count = count < LIMIT_LOOPS ? count : LIMIT_LOOPS;
    transport->counters = counter_set_create(TRANSPORT_COUNTER_COUNT);
    transport->lags = counter_set_create(LOOP_LAG_BUCKET_COUNT + 1);
#define X(name, initial) transport_limit_set(transport, TRANSPORT_LIMIT_##name, initial);
    TRANSPORT_LIMITS(X)
#undef X
    peer_table_init(&transport->peers);
    unsent_init(&transport->unsent);
    tls_table_init(&transport->tls, config->tls_handshakes_max);
    buffer_pool_init(&transport->buffers);
    CHECK(pthread_mutex_init(&transport->frame_lock, NULL) == 0);
    worker_pool_init(transport);
    ok = park_table_init(transport);
    transport->loops = aligned_alloc(CACHE_LINE_BYTES, transport->loop_count * sizeof(struct loop));
    CHECK(transport->loops);
    memset(transport->loops, 0, transport->loop_count * sizeof(struct loop));
    for (unsigned i = 0; i < transport->loop_count; i++) {
        ok = loop_init(&transport->loops[i], transport, i) && ok;
        spin_init(&transport->loops[i].spin, config->spin_us, transport->loop_count, processors);
    }
    if (ok)
        return transport;
    transport_destroy(transport);
    return NULL;
}

static void loops_wake(struct transport *transport)
{
    for (unsigned i = 0; i < transport->loop_count; i++)
        loop_wake(&transport->loops[i]);
}

static bool threads_stop(struct transport *transport)
{
    atomic_store_explicit(&transport->stopping, true, memory_order_release);
    loops_wake(transport);
    transport->stopped = worker_pool_stop(transport, DRAIN_CUT_MS);
    return transport->stopped;
}

int transport_start(struct transport *transport)
{
    int error;

    CHECK(!transport->started);
    if (!listeners_start(&transport->loops[0]) || !park_table_start(&transport->loops[0]))
        return -errno;
    error = worker_pool_start(transport, &loop_run_hooks);
    if (error)
        threads_stop(transport);
    transport->started = error == 0;
    return error;
}

/* ---- shutdown ---- */

/* Drain the loops until nothing is left.  False on timeout. */
static bool loops_drain(struct transport *transport, int timeout_ms)
{
    const struct timespec pause = {.tv_nsec = DRAIN_LOOK_MS * NSEC_PER_MSEC};

    for (int waited_ms = 0;; waited_ms += DRAIN_LOOK_MS) {
        loops_wake(transport);
        if (atomic_load_explicit(&transport->listening, memory_order_acquire) == 0 &&
            atomic_load_explicit(&transport->connection_count, memory_order_seq_cst) == 0)
            return true;
        if (waited_ms >= timeout_ms)
            return false;
        nanosleep(&pause, NULL);
    }
}

void transport_listen_end(struct transport *transport)
{
    atomic_store_explicit(&transport->closed, true, memory_order_release);
    loops_wake(transport);
}

bool transport_drain_stop(struct transport *transport, int timeout_ms)
{
    if (transport->stopped)
        return true;
    /* seq_cst pairs with dial_admit(). */
    atomic_store_explicit(&transport->draining, true, memory_order_seq_cst);
    if (!transport->started) {
        transport->stopped = true;
        return true;
    }
    if (!loops_drain(transport, timeout_ms)) {
        uint32_t left = atomic_load_explicit(&transport->connection_count, memory_order_relaxed);

        if (left > 0)
            log_warn("transport.cut", LOG_U64("connections", left));
        atomic_store_explicit(&transport->cutting, true, memory_order_release);
        if (!loops_drain(transport, DRAIN_CUT_MS))
            return false;
    }
    return threads_stop(transport);
}

void transport_destroy(struct transport *transport)
{
    if (!transport)
        return;
    while (!transport_drain_stop(transport, 0))
        continue;
    worker_pool_fini(transport);
    listeners_close(transport);
    for (unsigned i = 0; i < transport->loop_count; i++)
        loop_fini(&transport->loops[i]);
    frame_pool_fini(transport);
    park_table_fini(transport);
    buffer_pool_fini(&transport->buffers);
    unsent_fini(&transport->unsent);
    tls_table_fini(&transport->tls);
    peer_table_fini(&transport->peers);
    pthread_mutex_destroy(&transport->frame_lock);
    counter_set_destroy(transport->counters);
    counter_set_destroy(transport->lags);
    free(transport->loops);
    free(transport);
}

/* ---- limits ---- */

const struct transport_gss *transport_gss(const struct transport *transport)
{
    return transport->config.gss;
}

void transport_limit_set(struct transport *transport, enum transport_limit limit, uint32_t value)
{
    atomic_store_explicit(&transport->limits[limit], value, memory_order_relaxed);
}

/* Time in which the process was stopped does not count against connections. */
static void time_advance(struct transport *transport, int64_t now_ns)
{
    int64_t passed_ns = transport->ticked_ns ? now_ns - transport->ticked_ns : 0;

    transport->ticked_ns = now_ns;
    if (passed_ns > TICK_MOST_NS)
        passed_ns = TICK_MOST_NS;
    atomic_fetch_add_explicit(&transport->now_ns, passed_ns, memory_order_relaxed);
}

void transport_tick(struct transport *transport, int64_t now_ns)
{
    time_advance(transport, now_ns);
    for (unsigned i = 0; i < transport->loop_count; i++) {
        half_records_tick(transport, &transport->loops[i]);
        idle_tick(transport, &transport->loops[i], now_ns);
        loop_pulse(&transport->loops[i]);
    }
    unsent_tick(transport);
    handshakes_tick(transport);
}

bool transport_turns(struct transport *transport)
{
    bool turns = true;

    for (unsigned i = 0; i < transport->loop_count; i++) {
        turns &=
            loop_lag_ns(&transport->loops[i], clock_now_ns()) <= LIMIT_LOOP_STUCK_S * NSEC_PER_SEC;
        loop_pulse(&transport->loops[i]);
    }
    return turns;
}

/* ---- counters ---- */

static void half_record_stats(const struct transport *transport, struct transport_stats *stats)
{
    stats->half_records = stats->half_record_bytes = 0;
    for (unsigned i = 0; i < transport->loop_count; i++) {
        const struct half_records *records = &transport->loops[i].half_records;

        stats->half_records += atomic_load_explicit(&records->count, memory_order_relaxed);
        stats->half_record_bytes += atomic_load_explicit(&records->bytes, memory_order_relaxed);
    }
}

static void loop_stats(const struct transport *transport, struct transport_stats *stats)
{
    int64_t now_ns = clock_now_ns();

    stats->loops = transport->loop_count;
    stats->loops_stuck = stats->loop_lag_ns = stats->turns_due = 0;
    for (unsigned i = 0; i < LOOP_LAG_BUCKET_COUNT; i++)
        stats->loop_lags[i] = counter_read(transport->lags, i);
    stats->loop_lag_sum_ns = counter_read(transport->lags, LOOP_LAG_BUCKET_COUNT);
    for (unsigned i = 0; i < transport->loop_count; i++) {
        int64_t lag_ns = loop_lag_ns(&transport->loops[i], now_ns);

        stats->turns_due +=
            atomic_load_explicit(&transport->loops[i].turns_due, memory_order_relaxed);
        stats->loops_stuck += lag_ns > LIMIT_LOOP_STUCK_S * NSEC_PER_SEC;
        if (lag_ns > (int64_t)stats->loop_lag_ns)
            stats->loop_lag_ns = (uint64_t)lag_ns;
    }
}

void transport_stats_read(struct transport *transport, struct transport_stats *stats)
{
    struct worker_pool *pool = &transport->pool;

#define X(name, help) stats->name = counter_read(transport->counters, TRANSPORT_COUNTER_##name);
    TRANSPORT_COUNTERS(X)
#undef X
    stats->connections = atomic_load_explicit(&transport->connection_count, memory_order_relaxed);
    stats->dialled_connections =
        atomic_load_explicit(&transport->dialled_count, memory_order_relaxed);
    stats->addresses = peer_table_count(&transport->peers);
    half_record_stats(transport, stats);
    loop_stats(transport, stats);
    stats->unsent_bytes = atomic_load_explicit(&transport->unsent.bytes, memory_order_relaxed);
    stats->tls_handshakes = tls_table_shaking(&transport->tls);
    stats->parked_calls = atomic_load_explicit(&transport->parks.count, memory_order_relaxed);
    stats->blocked_threads =
        (uint64_t)atomic_load_explicit(&transport->shares.blocked, memory_order_relaxed);
    pthread_mutex_lock(&pool->lock);
    stats->threads = pool->live;
    stats->spare_threads = pool->spare_count;
    pthread_mutex_unlock(&pool->lock);
}
