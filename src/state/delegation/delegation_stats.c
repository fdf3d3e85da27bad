/* SPDX-License-Identifier: Apache-2.0 */
#include "state/delegation/delegation_stats.h"

#include "state/delegation/delegation_internal.h"

static int64_t oldest(const struct list *list, int64_t now_ns)
{
    return list_empty(list)
               ? 0
               : now_ns - LIST_ENTRY(list->next, struct delegation, recalled_link)->recalled_ns;
}

void delegation_stats_add(struct state *state, enum delegation_counter counter)
{
    delegation_count(state, counter);
}

void delegation_stats_read(struct state *state, int64_t now_ns, struct delegation_stats *stats)
{
    struct delegation_tables *tables = state->delegations;
    int64_t recalled_ns, extended_ns;

#define X(name, help) stats->name = counter_read(tables->counters, DELEGATION_COUNTER_##name);
    DELEGATION_COUNTERS(X)
#undef X
    stats->held_read = delegation_held_of(tables, DELEGATION_READ);
    stats->held_write = delegation_held_of(tables, DELEGATION_WRITE);
    stats->held_directory = delegation_held_of(tables, DELEGATION_DIRECTORY);
    stats->notify_bytes = atomic_load_explicit(&tables->notices.bytes, memory_order_relaxed);
    pthread_mutex_lock(&tables->recall_lock);
    stats->recalls = tables->recalled_count;
    recalled_ns = oldest(&tables->recalled, now_ns);
    extended_ns = oldest(&tables->extended, now_ns);
    pthread_mutex_unlock(&tables->recall_lock);
    stats->oldest_recall_ns = extended_ns > recalled_ns ? extended_ns : recalled_ns;
}
