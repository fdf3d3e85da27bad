/* SPDX-License-Identifier: Apache-2.0 */
#include "state/v40/owner_tables.h"

#include <stdlib.h>

#include "base/check.h"

static void tables_free(struct open_tables_v40 *base)
{
    struct owner_tables *tables = CONTAINER_OF(base, struct owner_tables, base);

    CHECK(list_empty(&tables->pending));
    for (size_t i = 0; i < CLOSED_SHARDS; i++) {
        htable_fini(&tables->closed[i].table);
        pthread_mutex_destroy(&tables->closed[i].lock);
    }
    pthread_mutex_destroy(&tables->pending_lock);
    free(tables);
}

static struct owner_tables *tables_create(void)
{
    struct owner_tables *tables = must_calloc(1, sizeof(*tables));

    tables->base.free = tables_free;
    for (size_t i = 0; i < CLOSED_SHARDS; i++) {
        CHECK(pthread_mutex_init(&tables->closed[i].lock, NULL) == 0);
        htable_init(&tables->closed[i].table, 8);
    }
    CHECK(pthread_mutex_init(&tables->pending_lock, NULL) == 0);
    list_init(&tables->pending);
    return tables;
}

struct owner_tables *owner_tables_of(struct state *state)
{
    /* Pairs with the exchange: what is in the tables comes first. */
    struct open_tables_v40 *base = atomic_load_explicit(&state->opens->v40, memory_order_acquire);
    struct owner_tables *mine;

    if (base)
        return CONTAINER_OF(base, struct owner_tables, base);
    mine = tables_create();
    if (atomic_compare_exchange_strong_explicit(&state->opens->v40, &base, &mine->base,
                                                memory_order_acq_rel, memory_order_acquire))
        return mine;
    tables_free(&mine->base);
    return CONTAINER_OF(base, struct owner_tables, base);
}
