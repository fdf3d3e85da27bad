/* SPDX-License-Identifier: Apache-2.0 */
#include "state/client/client_address.h"

#include <string.h>

#include "base/memory.h"
#include "state/client/client.h"

static uint64_t address_hash(const struct client_table *clients,
                             const struct client_address *address)
{
    return hash_bytes(address, sizeof(*address), clients->owner_seed);
}

struct client_origin *client_address_find_locked(const struct client_table *clients,
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

bool client_address_add_locked(struct client_table *clients, struct client *client,
                               const struct client_address *address)
{
    struct client_origin *origin = client_address_find_locked(clients, address);

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
