/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Limits how many threads may block on one file system, and for one client address.
 *
 * A file system that hangs blocks every thread that enters it.  It may hold at most half as many
 * threads as are still free, wherever the others are: so the first such file system gets a third of
 * all threads, the next one less, and some always remain.  An address with a quarter as many
 * blocked threads as are free may take only half of a file system's share, and no address gets more
 * than three quarters of all threads.
 *
 * A thread counts once its block has lasted so long that its loop was taken away, or when it
 * announces that it will block.  Calls that are served from a cache do not count.  Nothing is
 * refused while no thread of the file system is blocked.
 */
#include "transport/share.h"

#include <stdatomic.h>

#include "base/limits.h"
#include "transport/connection_internal.h"
#include "transport/transport_internal.h"

static void place_add(struct share_table *table, const struct place *place, int32_t n)
{
    atomic_fetch_add_explicit(&table->blocked, n, memory_order_relaxed);
    atomic_fetch_add_explicit(&table->addresses[place->address], n, memory_order_relaxed);
    if (place->in)
        atomic_fetch_add_explicit(place->in, n, memory_order_relaxed);
}

void share_take(struct share_table *table, const struct place *place)
{
    place_add(table, place, 1);
}

void share_give(struct share_table *table, const struct place *place)
{
    place_add(table, place, -1);
}

static int32_t count_of(_Atomic int32_t *count)
{
    return atomic_load_explicit(count, memory_order_relaxed);
}

bool rpc_call_is_crowded(struct rpc_call *call)
{
    struct transport *transport = call->conn->transport;
    struct share_table *table = &transport->shares;
    int32_t here = call->blocked_in ? count_of(call->blocked_in) : 0;
    int32_t mine, left;

    if (here <= 0)
        return false;
    mine = count_of(&table->addresses[call->conn->turn.address]);
    left = (int32_t)(LIMIT_WORKER_THREADS - transport->loop_count) - count_of(&table->blocked);
    if (here < left / 2 && mine < left * 3 && (mine < left / 4 || here < left / 4))
        return false;
    transport_count(transport, TRANSPORT_COUNTER_crowded, 1);
    return true;
}
