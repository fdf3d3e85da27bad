/* SPDX-License-Identifier: Apache-2.0 */
#include "state/open/opener.h"

static struct client_principal opener_of(const struct open *open)
{
    return atomic_load_explicit(&open->opener, memory_order_relaxed);
}

/* Clients choose user IDs. */
static uint64_t hash_of(const struct owner_table *table, struct client_principal principal)
{
    return hash_bytes(&principal.value, sizeof(principal.value), table->seed);
}

static struct open *first_locked(const struct owner_table *table, struct client_principal principal)
{
    struct hnode *node = htable_first(&table->openers, hash_of(table, principal));

    for (; node; node = htable_next(node)) {
        struct open *open = CONTAINER_OF(node, struct open, by_opener);

        if (client_principal_equal(opener_of(open), principal))
            return open;
    }
    return NULL;
}

static void make_first_locked(struct owner_table *table, struct open *open)
{
    htable_insert(&table->openers, &open->by_opener, hash_of(table, opener_of(open)));
    open->first_of_opener = true;
}

void opener_drop_locked(struct owner_table *table, struct open *open)
{
    struct list *next = open->opener_ring.next;

    list_remove(&open->opener_ring);
    if (!open->first_of_opener)
        return;
    htable_remove(&table->openers, &open->by_opener);
    open->first_of_opener = false;
    if (next != &open->opener_ring)
        make_first_locked(table, CONTAINER_OF(next, struct open, opener_ring));
}

void opener_set_locked(struct owner_table *table, struct open *open,
                       struct client_principal principal)
{
    struct open *first = NULL;

    if (table->client->v40) {
        opener_drop_locked(table, open);
        first = first_locked(table, principal);
    }
    atomic_store_explicit(&open->opener, principal, memory_order_relaxed);
    if (first)
        list_push_back(&first->opener_ring, &open->opener_ring);
    else if (table->client->v40)
        make_first_locked(table, open);
}

bool opener_has_open_locked(const struct owner_table *table, struct client_principal principal)
{
    return first_locked(table, principal) != NULL;
}
