/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How client records come into being, and by which owner strings they are found: one table for
 * both kinds, each with strings of its own.
 */
#include "state/client/client_record.h"

#include <sodium.h>
#include <string.h>

#include "base/check.h"
#include "base/memory.h"
#include "state/client/client_hooks.h"
#include "state/client/client_queue.h"
#include "state/client/recovery_client.h"

static uint64_t owner_hash(const struct client_table *clients, enum client_kind kind,
                           const struct wire_opaque *id)
{
    return hash_bytes(id->data, id->len, clients->owner_seed ^ hash_u64(kind));
}

struct client_owner *client_owner_lookup_locked(struct state *state, enum client_kind kind,
                                                const struct wire_opaque *id)
{
    struct client_table *clients = &state->clients;
    struct hnode *node = htable_first(&clients->by_owner, owner_hash(clients, kind, id));

    for (; node; node = htable_next(node)) {
        struct client_owner *owner = CONTAINER_OF(node, struct client_owner, by_owner);

        if (owner->kind == kind && owner->len == id->len &&
            (id->len == 0 || memcmp(owner->string, id->data, id->len) == 0))
            return owner;
    }
    return NULL;
}

static struct client_owner *client_owner_get_locked(struct state *state, enum client_kind kind,
                                                    const struct wire_opaque *id)
{
    struct client_table *clients = &state->clients;
    struct client_owner *owner = client_owner_lookup_locked(state, kind, id);

    if (owner)
        return owner;
    owner = memory_zalloc(MEMORY_clients, sizeof(*owner) + id->len);
    if (!owner)
        return NULL;
    owner->kind = kind;
    owner->len = id->len;
    if (id->len)
        memcpy(owner->string, id->data, id->len);
    htable_insert(&clients->by_owner, &owner->by_owner, owner_hash(clients, kind, id));
    return owner;
}

/* Clients of 4.0 and of 4.1 share one space of ids. */
static uint64_t fresh_id_locked(struct state *state)
{
    uint64_t id;

    do
        randombytes_buf(&id, sizeof(id));
    while (id == 0 || client_lookup_locked(state, id));
    return id;
}

static void client_init(struct client *client, struct state *state, const struct client_new *what)
{
    client->kind = what->kind;
    client->state = state;
    atomic_init(&client->refs, 1);
    atomic_init(&client->renewed_ns, what->now_ns);
    memcpy(client->verifier, what->verifier, NFS4_VERIFIER_SIZE);
    if (what->source)
        client->peer = what->source->peer;
    list_init(&client->sessions);
    list_init(&client->all_link);
    list_init(&client->courtesy_link);
    list_init(&client->courtesy_sessions_link);
    list_init(&client->origin_link);
}

/* Free an owner string that has no records left. */
static void client_owner_put_locked(struct state *state, struct client_owner *owner)
{
    if (owner->confirmed || owner->unconfirmed)
        return;
    htable_remove(&state->clients.by_owner, &owner->by_owner);
    memory_free(MEMORY_clients, owner);
}

/* What else a record consists of.  False without memory: none of it is there then. */
static bool parts_make_locked(struct client *client, const struct client_new *what)
{
    static const struct client_address unknown;
    struct state *state = client->state;

    client->owner = client_owner_get_locked(state, what->kind, &what->id);
    if (!client->owner)
        return false;
    if (state->client_hooks->owners_create(client) &&
        recovery_client_made_locked(state->recovery, client)) {
        if (client_address_add_locked(&state->clients, client,
                                      what->source ? &what->source->address : &unknown))
            return true;
        recovery_client_free(state->recovery, client);
    }
    state->client_hooks->owners_destroy(client->owners);
    client_owner_put_locked(state, client->owner);
    return false;
}

struct client *client_record_add_locked(struct state *state, const struct client_new *what)
{
    struct client_table *clients = &state->clients;
    struct client *client = memory_zalloc(MEMORY_clients, sizeof(*client));

    if (!client)
        return NULL;
    client_init(client, state, what);
    if (!client_caller_copy(&client->caller, what->caller) || !parts_make_locked(client, what)) {
        client_caller_free(&client->caller);
        memory_free(MEMORY_clients, client);
        return NULL;
    }
    client->id = fresh_id_locked(state);
    CHECK(!client->owner->unconfirmed);
    client->owner->unconfirmed = client;
    htable_insert(&clients->by_id, &client->by_id, hash_u64(client->id));
    client_queue_locked(client);
    clients->count++;
    state_limit_add(state, STATE_LIMIT_clients, 1);
    return client;
}
