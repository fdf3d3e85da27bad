/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/loop_stats.h"

#include <stdatomic.h>

#include "base/clock.h"
#include "transport/loop.h"
#include "transport/transport_internal.h"

bool loop_stats_read(const struct transport *transport, unsigned n, struct loop_stats *stats)
{
    const struct loop *loop;

    if (n >= transport->loop_count)
        return false;
    loop = &transport->loops[n];
    stats->requests = atomic_load_explicit(&loop->requests, memory_order_relaxed);
    stats->connections = atomic_load_explicit(&loop->connection_count, memory_order_relaxed);
    stats->turns_due = atomic_load_explicit(&loop->turns_due, memory_order_relaxed);
    stats->lag_ns = loop_lag_ns(loop, clock_now_ns());
    return true;
}
