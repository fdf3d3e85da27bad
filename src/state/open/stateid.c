/* SPDX-License-Identifier: Apache-2.0 */
#include "state/open/stateid.h"

#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "state/client/client.h"

enum {
    SHARDS = 64, /* a power of two */
    CHUNK_SLOTS = 4096,
    /* Seqids this near to the wrap compare as RFC 8881 §8.2.2 says: all slots of a client. */
    WRAP_WINDOW = LIMIT_SESSIONS_PER_CLIENT * LIMIT_SLOTS,
};

/* refs 0: free.  sid is written only then, and read only with a reference. */
struct stateid_slot {
    _Atomic uint32_t refs;
    uint32_t index;
    _Atomic uint64_t tag; /* 0: killed or free */
    union {
        struct stateid *sid;
        struct stateid_slot *next_free; /* under the shard's lock */
    };
};

struct shard {
    pthread_mutex_t lock; /* a leaf; guards what follows but reading chunks */
    struct stateid_slot *free;
    uint32_t used; /* slots ever taken; those behind were never touched */
    uint64_t generation;
    _Atomic(struct stateid_slot *) chunks[LIMIT_STATEID_CHUNKS];
};

struct stateid_table {
    uint8_t key[crypto_shorthash_KEYBYTES];
    struct shard shards[SHARDS];
};

struct stateid_table *stateid_table_create(void)
{
    struct stateid_table *table = must_calloc(1, sizeof(*table));

    crypto_shorthash_keygen(table->key);
    for (size_t i = 0; i < SHARDS; i++)
        CHECK(pthread_mutex_init(&table->shards[i].lock, NULL) == 0);
    return table;
}

void stateid_table_destroy(struct stateid_table *table)
{
    for (size_t i = 0; i < SHARDS; i++) {
        for (size_t c = 0; c < LIMIT_STATEID_CHUNKS; c++)
            free(atomic_load_explicit(&table->shards[i].chunks[c], memory_order_relaxed));
        pthread_mutex_destroy(&table->shards[i].lock);
    }
    free(table);
}

static uint64_t make_tag(const struct stateid_table *table, uint64_t client, uint64_t generation,
                         uint32_t index)
{
    const uint64_t input[3] = {client, generation, index};
    uint64_t tag;

    _Static_assert(sizeof(tag) == crypto_shorthash_BYTES, "64-bit tags");
    crypto_shorthash((uint8_t *)&tag, (const uint8_t *)input, sizeof(input), table->key);
    return tag ? tag : 1;
}

static struct stateid_slot *slot_fresh_locked(struct shard *shard, uint32_t shard_index)
{
    uint32_t local = shard->used;
    uint32_t c = local / CHUNK_SLOTS;
    struct stateid_slot *chunk, *slot;

    if (c >= LIMIT_STATEID_CHUNKS)
        return NULL;
    chunk = atomic_load_explicit(&shard->chunks[c], memory_order_relaxed);
    if (!chunk) {
        chunk = must_calloc(CHUNK_SLOTS, sizeof(*chunk));
        /* Pairs with the acquire in slot_at(): the chunk's zeros are there first. */
        atomic_store_explicit(&shard->chunks[c], chunk, memory_order_release);
    }
    shard->used++;
    slot = &chunk[local % CHUNK_SLOTS];
    slot->index = local * SHARDS + shard_index + 1; /* neither zero nor all ones */
    return slot;
}

bool stateid_insert(struct stateid_table *table, struct stateid *sid, enum stateid_kind kind,
                    struct client *client, uint64_t spread, void (*release)(struct stateid *sid))
{
    uint32_t shard_index = (uint32_t)(spread % SHARDS);
    struct shard *shard = &table->shards[shard_index];
    struct stateid_slot *slot;
    uint64_t generation, tag;

    pthread_mutex_lock(&shard->lock);
    slot = shard->free;
    if (slot)
        shard->free = slot->next_free;
    else
        slot = slot_fresh_locked(shard, shard_index);
    generation = shard->generation++;
    pthread_mutex_unlock(&shard->lock);
    if (!slot)
        return false;
    tag = make_tag(table, client->id, generation, slot->index);
    sid->table = table;
    sid->slot = slot;
    memcpy(sid->other, &slot->index, 4);
    memcpy(sid->other + 4, &tag, 8);
    sid->kind = kind;
    atomic_init(&sid->seqid, 1);
    atomic_init(&sid->revoked, NFS4_OK);
    sid->client = client;
    list_init(&sid->revoked_link);
    sid->release = release;
    slot->sid = sid;
    atomic_store_explicit(&slot->tag, tag, memory_order_relaxed);
    /* Pairs with the acquire in slot_get_unless_free(): all above comes before. */
    atomic_store_explicit(&slot->refs, 1, memory_order_release);
    return true;
}

static struct stateid_slot *slot_at(struct stateid_table *table, uint32_t index)
{
    uint32_t local = (index - 1) / SHARDS;
    struct stateid_slot *chunk;

    if (index == 0 || local / CHUNK_SLOTS >= LIMIT_STATEID_CHUNKS)
        return NULL;
    chunk = atomic_load_explicit(&table->shards[(index - 1) % SHARDS].chunks[local / CHUNK_SLOTS],
                                 memory_order_acquire);
    return chunk ? &chunk[local % CHUNK_SLOTS] : NULL;
}

static bool slot_get_unless_free(struct stateid_slot *slot)
{
    uint32_t refs = atomic_load_explicit(&slot->refs, memory_order_relaxed);

    while (refs > 0) {
        if (atomic_compare_exchange_weak_explicit(&slot->refs, &refs, refs + 1,
                                                  memory_order_acquire, memory_order_relaxed))
            return true;
    }
    return false;
}

struct stateid *stateid_lookup(struct stateid_table *table, const struct stateid4 *in,
                               const struct client *client)
{
    struct stateid_slot *slot;
    struct stateid *sid;
    uint32_t index;
    uint64_t tag;

    memcpy(&index, in->other, 4);
    memcpy(&tag, in->other + 4, 8);
    slot = slot_at(table, index);
    if (!slot || tag == 0)
        return NULL;
    /* Only a hint, so that strangers' guesses leave others' slots alone. */
    if (atomic_load_explicit(&slot->tag, memory_order_relaxed) != tag)
        return NULL;
    if (!slot_get_unless_free(slot))
        return NULL;
    sid = slot->sid;
    if (atomic_load_explicit(&slot->tag, memory_order_relaxed) == tag && sid->client == client)
        return sid;
    stateid_put(sid);
    return NULL;
}

void stateid_get(struct stateid *sid)
{
    uint32_t before = atomic_fetch_add_explicit(&sid->slot->refs, 1, memory_order_relaxed);

    DCHECK(before > 0);
    (void)before;
}

/* Release pairs with acquire: what others did with the state happens before it goes. */
void stateid_put(struct stateid *sid)
{
    struct stateid_slot *slot = sid->slot;
    struct shard *shard;

    if (atomic_fetch_sub_explicit(&slot->refs, 1, memory_order_acq_rel) != 1)
        return;
    DCHECK(atomic_load_explicit(&slot->tag, memory_order_relaxed) == 0);
    shard = &sid->table->shards[(slot->index - 1) % SHARDS];
    pthread_mutex_lock(&shard->lock);
    slot->next_free = shard->free;
    shard->free = slot;
    pthread_mutex_unlock(&shard->lock);
    sid->release(sid);
}

void stateid_kill(struct stateid *sid)
{
    atomic_store_explicit(&sid->slot->tag, 0, memory_order_relaxed);
}

enum nfsstat4 stateid_check_seqid(const struct stateid *sid, uint32_t seqid)
{
    uint32_t current = atomic_load_explicit(&sid->seqid, memory_order_relaxed);
    const uint32_t high = UINT32_MAX - WRAP_WINDOW;

    if (seqid == 0 || seqid == current)
        return NFS4_OK;
    if (seqid > high && current < WRAP_WINDOW)
        return NFS4ERR_OLD_STATEID;
    if (seqid < WRAP_WINDOW && current > high)
        return NFS4ERR_BAD_STATEID;
    return seqid < current ? NFS4ERR_OLD_STATEID : NFS4ERR_BAD_STATEID;
}

void stateid_bump(struct stateid *sid)
{
    uint32_t next = atomic_load_explicit(&sid->seqid, memory_order_relaxed) + 1;

    atomic_store_explicit(&sid->seqid, next ? next : 1, memory_order_relaxed);
}

void stateid_value(const struct stateid *sid, struct stateid4 *out)
{
    out->seqid = atomic_load_explicit(&sid->seqid, memory_order_relaxed);
    memcpy(out->other, sid->other, sizeof(out->other));
}

static bool all_bytes(const struct stateid4 *in, uint8_t byte)
{
    for (size_t i = 0; i < sizeof(in->other); i++) {
        if (in->other[i] != byte)
            return false;
    }
    return true;
}

enum stateid_special stateid_special(const struct stateid4 *in)
{
    if (in->other[0] != 0 && in->other[0] != 0xff)
        return STATEID_ORDINARY;
    if (all_bytes(in, 0)) {
        if (in->seqid == 0)
            return STATEID_ANONYMOUS;
        return in->seqid == 1 ? STATEID_CURRENT : STATEID_INVALID;
    }
    if (all_bytes(in, 0xff))
        return in->seqid == UINT32_MAX ? STATEID_READ_BYPASS : STATEID_INVALID;
    return STATEID_ORDINARY;
}

void stateid_invalid_value(struct stateid4 *out)
{
    *out = (struct stateid4){.seqid = UINT32_MAX};
}
