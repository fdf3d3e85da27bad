/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Client records: references and lookup.  client_record.c makes them, client_table.c confirms and
 * removes them; their leases are in client_lease.c.
 */
#include "state/client/client.h"

#include "base/check.h"
#include "base/memory.h"
#include "state/client/client_hooks.h"
#include "state/client/client_record.h"
#include "state/client/recovery_client.h"

struct client *client_get(struct client *client)
{
    atomic_fetch_add_explicit(&client->refs, 1, memory_order_relaxed);
    return client;
}

/* The last reference is gone: free the record. */
static void client_free(struct client *client)
{
    CHECK(list_empty(&client->sessions));
    client->state->client_hooks->owners_destroy(client->owners);
    recovery_client_free(client->state->recovery, client);
    if (client->v40)
        client->v40_hooks->free(client->v40);
    client_caller_free(&client->caller);
    memory_free(MEMORY_clients, client->impl_name);
    memory_free(MEMORY_clients, client->impl_domain);
    memory_free(MEMORY_clients, client);
}

void client_put(struct client *client)
{
    uint32_t before = atomic_fetch_sub_explicit(&client->refs, 1, memory_order_acq_rel);

    DCHECK(before > 0);
    if (before == 1)
        client_free(client);
}

struct client *client_lookup_locked(struct state *state, uint64_t clientid)
{
    struct hnode *node = htable_first(&state->clients.by_id, hash_u64(clientid));

    for (; node; node = htable_next(node)) {
        struct client *client = CONTAINER_OF(node, struct client, by_id);

        if (client->id == clientid)
            return client;
    }
    return NULL;
}

struct client *client_lookup_kind_locked(struct state *state, uint64_t clientid,
                                         enum client_kind kind)
{
    struct client *client = client_lookup_locked(state, clientid);

    return client && client->kind == kind ? client : NULL;
}

struct client *client_lookup(struct state *state, uint64_t clientid)
{
    struct client *client;

    pthread_mutex_lock(&state->clients.lock);
    client = client_lookup_locked(state, clientid);
    if (client)
        client_get(client);
    pthread_mutex_unlock(&state->clients.lock);
    return client;
}

enum nfsstat4 client_reclaim_complete(struct client *client)
{
    bool before = atomic_load_explicit(&client->reclaim_complete, memory_order_acquire);

    if (before)
        return NFS4ERR_COMPLETE_ALREADY;
    if (!recovery_client_complete(client->state->recovery, client))
        return NFS4ERR_DELAY;
    before = atomic_exchange_explicit(&client->reclaim_complete, true, memory_order_acq_rel);
    return before ? NFS4ERR_COMPLETE_ALREADY : NFS4_OK;
}
