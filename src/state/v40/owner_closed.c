/* SPDX-License-Identifier: Apache-2.0 */
#include "state/v40/owner_closed.h"

#include <string.h>

#include "state/v40/owner_tables.h"

/* The tag of a stateid is random enough. */
static uint64_t key_hash(const struct stateid4 *stateid)
{
    uint64_t tail;

    memcpy(&tail, stateid->other + NFS4_OTHER_SIZE - sizeof(tail), sizeof(tail));
    return hash_u64(tail);
}

static struct closed_shard *shard_of(struct state *state, uint64_t hash)
{
    return &owner_tables_of(state)->closed[hash >> 32 & (CLOSED_SHARDS - 1)];
}

static bool same_other(const struct stateid4 *a, const struct stateid4 *b)
{
    return memcmp(a->other, b->other, sizeof(a->other)) == 0;
}

void owner_closed_set(struct owner_seqid *seqid, const struct stateid4 *closed)
{
    uint64_t hash = key_hash(closed);
    struct closed_shard *shard = shard_of(seqid->owner->client->state, hash);

    owner_closed_reset(seqid);
    seqid->closed = *closed;
    seqid->is_closed = true;
    pthread_mutex_lock(&shard->lock);
    htable_insert(&shard->table, &seqid->by_closed, hash);
    pthread_mutex_unlock(&shard->lock);
}

void owner_closed_reset(struct owner_seqid *seqid)
{
    struct closed_shard *shard;

    if (!seqid->is_closed)
        return;
    shard = shard_of(seqid->owner->client->state, key_hash(&seqid->closed));
    pthread_mutex_lock(&shard->lock);
    htable_remove(&shard->table, &seqid->by_closed);
    pthread_mutex_unlock(&shard->lock);
    seqid->is_closed = false;
}

static bool client_get_unless_gone(struct client *client)
{
    uint32_t refs = atomic_load_explicit(&client->refs, memory_order_relaxed);

    while (refs > 0) {
        if (atomic_compare_exchange_weak_explicit(&client->refs, &refs, refs + 1,
                                                  memory_order_acquire, memory_order_relaxed))
            return true;
    }
    return false;
}

/* Where to look for an owner, which may be forgotten meanwhile. */
struct trace {
    struct client *client; /* a reference */
    const struct owner *owner;
    uint64_t hash; /* of its name */
};

/* An owner is taken out of here before it is freed, and its client still later. */
static bool trace_find(struct state *state, const struct stateid4 *stateid, struct trace *trace)
{
    uint64_t hash = key_hash(stateid);
    struct closed_shard *shard = shard_of(state, hash);
    bool found = false;

    pthread_mutex_lock(&shard->lock);
    for (struct hnode *node = htable_first(&shard->table, hash); node && !found;
         node = htable_next(node)) {
        struct owner_seqid *seqid = CONTAINER_OF(node, struct owner_seqid, by_closed);

        if (!same_other(&seqid->closed, stateid))
            continue;
        trace->owner = seqid->owner;
        trace->client = seqid->owner->client;
        trace->hash = seqid->owner->node.hash;
        found = client_get_unless_gone(trace->client);
    }
    pthread_mutex_unlock(&shard->lock);
    return found;
}

struct owner *owner_closed_lookup(struct state *state, const struct stateid4 *stateid,
                                  struct client **client)
{
    struct owner *owner = NULL;
    struct owner_table *table;
    struct trace trace;

    if (!trace_find(state, stateid, &trace))
        return NULL;
    table = owner_table_of(trace.client);
    pthread_mutex_lock(&table->lock);
    for (struct hnode *node = htable_first(&table->owners, trace.hash); node && !owner;
         node = htable_next(node)) {
        if (CONTAINER_OF(node, struct owner, node) == trace.owner)
            owner = owner_get_locked(table, CONTAINER_OF(node, struct owner, node));
    }
    pthread_mutex_unlock(&table->lock);
    if (owner)
        *client = trace.client;
    else
        client_put(trace.client);
    return owner;
}
