/* SPDX-License-Identifier: Apache-2.0 */
#include "state/client/client_address.h"

#include <string.h>

#include "base/memory.h"
#include "state/client/client_lease.h"
#include "state/client/client_table.h"

enum {
    ROOM_LOOKS = 64, /* confirmed records looked at for one that can give way */
};

static uint64_t address_hash(const struct client_table *clients,
                             const struct client_address *address)
{
    return hash_bytes(address, sizeof(*address), clients->owner_seed);
}

static struct client_origin *find_locked(const struct client_table *clients,
                                         const struct client_address *address)
{
    struct hnode *node = htable_first(&clients->by_address, address_hash(clients, address));

    for (; node; node = htable_next(node)) {
        struct client_origin *origin = CONTAINER_OF(node, struct client_origin, by_address);

        if (memcmp(&origin->address, address, sizeof(*address)) == 0)
            return origin;
    }
    return NULL;
}

static bool can_go_locked(struct client *client, int64_t now_ns)
{
    return client_lapsed_locked(client, now_ns) || !client_busy_locked(client);
}

/* The next time the search goes on where it ended. */
static struct client *idle_locked(struct client_origin *origin, int64_t now_ns)
{
    for (int i = 0; i < ROOM_LOOKS && !list_empty(&origin->confirmed); i++) {
        struct list *link = list_pop_front(&origin->confirmed);
        struct client *client = LIST_ENTRY(link, struct client, origin_link);

        list_push_back(&origin->confirmed, link);
        if (can_go_locked(client, now_ns))
            return client;
    }
    return NULL;
}

static struct client *victim_locked(struct client_origin *origin, int64_t now_ns)
{
    if (!list_empty(&origin->unconfirmed))
        return LIST_ENTRY(origin->unconfirmed.next, struct client, origin_link);
    return idle_locked(origin, now_ns);
}

bool client_address_make_room_locked(struct state *state, const struct client_address *address,
                                     int64_t now_ns, struct list *doomed)
{
    struct client_origin *origin = address ? find_locked(&state->clients, address) : NULL;
    struct client *victim;

    if (!origin || origin->count < state_limit_most(state, STATE_LIMIT_clients_per_address))
        return true;
    victim = victim_locked(origin, now_ns);
    if (!victim)
        return state_limit_admits(state, STATE_LIMIT_clients_per_address, origin->count, 1);
    client_unhash_locked(victim, doomed);
    return true;
}

bool client_address_add_locked(struct client_table *clients, struct client *client,
                               const struct client_address *address)
{
    struct client_origin *origin = find_locked(clients, address);

    if (!origin) {
        origin = memory_zalloc(MEMORY_clients, sizeof(*origin));
        if (!origin)
            return false;
        origin->address = *address;
        list_init(&origin->confirmed);
        list_init(&origin->unconfirmed);
        htable_insert(&clients->by_address, &origin->by_address, address_hash(clients, address));
    }
    origin->count++;
    client->origin = origin;
    list_push_back(&origin->unconfirmed, &client->origin_link);
    return true;
}

void client_address_confirm_locked(struct client *client)
{
    list_remove(&client->origin_link);
    list_push_back(&client->origin->confirmed, &client->origin_link);
}

void client_address_remove_locked(struct client_table *clients, struct client *client)
{
    struct client_origin *origin = client->origin;

    list_remove(&client->origin_link);
    client->origin = NULL;
    if (--origin->count > 0)
        return;
    htable_remove(&clients->by_address, &origin->by_address);
    memory_free(MEMORY_clients, origin);
}
