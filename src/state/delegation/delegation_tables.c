/* SPDX-License-Identifier: Apache-2.0 */
#include "state/delegation/delegation_tables.h"

#include <stdlib.h>
#include <string.h>

#include "state/delegation/delegation_internal.h"
#include "state/delegation/delegation_lease.h"

struct delegation_tables *delegation_tables_create(void)
{
    struct delegation_tables *tables = aligned_alloc(CACHE_LINE, sizeof(*tables));

    CHECK(tables != NULL);
    memset(tables, 0, sizeof(*tables));
    atomic_init(&tables->kinds, 2);
    atomic_init(&tables->local, DELEGATION_LOCAL_LEASED);
    tables->counters = counter_set_create(DELEGATION_COUNTER_COUNT);
    CHECK(pthread_mutex_init(&tables->recall_lock, NULL) == 0);
    list_init(&tables->recalled);
    list_init(&tables->extended);
    delegation_pressure_init(&tables->pressure);
    delegation_notices_init(&tables->notices);
    return tables;
}

void delegation_tables_destroy(struct delegation_tables *tables)
{
    delegation_notices_fini(&tables->notices);
    CHECK(list_empty(&tables->recalled) && list_empty(&tables->extended));
    delegation_pressure_fini(&tables->pressure);
    pthread_mutex_destroy(&tables->recall_lock);
    counter_set_destroy(tables->counters);
    free(tables);
}

void delegation_hook(struct state *state, const struct delegation_hooks *hooks)
{
    state->delegations->hooks = *hooks;
}

void delegation_allow(struct state *state, uint32_t kinds)
{
    atomic_store_explicit(&state->delegations->kinds, kinds, memory_order_relaxed);
}
