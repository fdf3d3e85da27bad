/* SPDX-License-Identifier: Apache-2.0 */
#include "state/file/stateid.h"

#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/htable.h"
#include "base/limits.h"
#include "base/memory.h"
#include "state/client/client.h"

enum {
    SHARDS = 64, /* a power of two */
    CHUNK_SLOTS = 4096,
    LATE_FIRST = 16,
    EPOCH_BYTES = 4,
    INDEX_BYTES = 3,
    TAG_BYTES = 5,
    HALF_BITS = TAG_BYTES * 8 / 2,
    HALF_MASK = (1 << HALF_BITS) - 1,
    CIPHER_ROUNDS = 4,
    /* Seqids this near to the wrap compare as RFC 8881 §8.2.2 says: all slots of a client. */
    WRAP_WINDOW = LIMIT_SESSIONS_PER_CLIENT * LIMIT_SLOTS,
};

_Static_assert(EPOCH_BYTES + INDEX_BYTES + TAG_BYTES == NFS4_OTHER_SIZE, "all of `other`");
_Static_assert((uint64_t)SHARDS *CHUNK_SLOTS *LIMIT_STATEID_CHUNKS <= 1ull << INDEX_BYTES * 8,
               "every slot has an index");

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the low bytes of a number come first");

/* Marks a tag of a slot in use, so that 0 is none whatever the tag. */
static const uint64_t tag_alive = 1ull << TAG_BYTES * 8;
static const uint64_t tag_removed = 2ull << TAG_BYTES * 8;

/* refs 0: free.  sid is written only then, and read only with a reference. */
struct stateid_slot {
    _Atomic uint32_t refs;
    uint32_t index;
    _Atomic uint64_t tag; /* with tag_alive, or killed or free; tag_removed: its client is */
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
    uint8_t epoch[EPOCH_BYTES];
    struct shard shards[SHARDS];

    pthread_mutex_t late_lock; /* a leaf; guards what follows */
    struct stateid **late;     /* last references, for stateid_settle() */
    uint32_t late_count, late_room;
};

/* Special stateids begin with four bytes that are all zero or all ones. */
static void make_epoch(uint64_t boot_id, uint8_t epoch[EPOCH_BYTES])
{
    uint64_t mixed = hash_u64(boot_id);
    uint32_t value = (uint32_t)(mixed ^ mixed >> 32);

    if (value <= 1 || value == UINT32_MAX)
        value = 0x5a5a5a5au;
    memcpy(epoch, &value, EPOCH_BYTES);
}

struct stateid_table *stateid_table_create(uint64_t boot_id)
{
    struct stateid_table *table = must_calloc(1, sizeof(*table));

    crypto_shorthash_keygen(table->key);
    make_epoch(boot_id, table->epoch);
    for (size_t i = 0; i < SHARDS; i++)
        CHECK(pthread_mutex_init(&table->shards[i].lock, NULL) == 0);
    CHECK(pthread_mutex_init(&table->late_lock, NULL) == 0);
    return table;
}

void stateid_table_destroy(struct stateid_table *table)
{
    for (size_t i = 0; i < SHARDS; i++) {
        for (size_t c = 0; c < LIMIT_STATEID_CHUNKS; c++)
            memory_free(MEMORY_opens,
                        atomic_load_explicit(&table->shards[i].chunks[c], memory_order_relaxed));
        pthread_mutex_destroy(&table->shards[i].lock);
    }
    CHECK(table->late_count == 0);
    free(table->late);
    CHECK(pthread_mutex_destroy(&table->late_lock) == 0);
    free(table);
}

static uint32_t cipher_half(const struct stateid_table *table, uint32_t index, uint32_t round,
                            uint32_t half)
{
    const uint32_t input[3] = {index, round, half};
    uint64_t hash;

    _Static_assert(sizeof(hash) == crypto_shorthash_BYTES, "64-bit hashes");
    crypto_shorthash((uint8_t *)&hash, (const uint8_t *)input, sizeof(input), table->key);
    return (uint32_t)(hash & HALF_MASK);
}

/* A permutation of the generations of a slot (a Feistel network), so that tags differ as they
 * do. */
static uint64_t make_tag(const struct stateid_table *table, uint32_t index, uint64_t generation)
{
    uint32_t left = (uint32_t)(generation >> HALF_BITS & HALF_MASK);
    uint32_t right = (uint32_t)(generation & HALF_MASK);

    for (uint32_t round = 0; round < CIPHER_ROUNDS; round++) {
        uint32_t next = left ^ cipher_half(table, index, round, right);

        left = right;
        right = next;
    }
    return tag_alive | (uint64_t)left << HALF_BITS | right;
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
        chunk = memory_zalloc(MEMORY_opens, CHUNK_SLOTS * sizeof(*chunk));
        if (!chunk)
            return NULL;
        /* Pairs with the acquire in slot_at(): the chunk's zeros are there first. */
        atomic_store_explicit(&shard->chunks[c], chunk, memory_order_release);
    }
    shard->used++;
    slot = &chunk[local % CHUNK_SLOTS];
    slot->index = local * SHARDS + shard_index;
    return slot;
}

static struct stateid_slot *slot_take(struct stateid_table *table, uint32_t shard_index,
                                      uint64_t *generation)
{
    struct shard *shard = &table->shards[shard_index];
    struct stateid_slot *slot;

    pthread_mutex_lock(&shard->lock);
    slot = shard->free;
    if (slot)
        shard->free = slot->next_free;
    else
        slot = slot_fresh_locked(shard, shard_index);
    *generation = shard->generation++;
    pthread_mutex_unlock(&shard->lock);
    return slot;
}

/* A free slot of the shard, or of another when that one is full. */
static struct stateid_slot *slot_find(struct stateid_table *table, uint64_t spread,
                                      uint64_t *generation)
{
    struct stateid_slot *slot = NULL;

    for (uint64_t i = 0; i < SHARDS && !slot; i++)
        slot = slot_take(table, (uint32_t)((spread + i) % SHARDS), generation);
    return slot;
}

static void make_other(const struct stateid_table *table, uint32_t index, uint64_t tag,
                       uint8_t other[NFS4_OTHER_SIZE])
{
    memcpy(other, table->epoch, EPOCH_BYTES);
    memcpy(other + EPOCH_BYTES, &index, INDEX_BYTES);
    memcpy(other + EPOCH_BYTES + INDEX_BYTES, &tag, TAG_BYTES);
}

bool stateid_insert(struct stateid_table *table, struct stateid *sid, enum stateid_kind kind,
                    struct client *client, uint64_t spread, void (*release)(struct stateid *sid))
{
    uint64_t generation, tag;
    struct stateid_slot *slot = slot_find(table, spread, &generation);

    if (!slot)
        return false;
    tag = make_tag(table, slot->index, generation);
    sid->table = table;
    sid->slot = slot;
    make_other(table, slot->index, tag, sid->other);
    sid->kind = kind;
    atomic_init(&sid->seqid, 1);
    atomic_init(&sid->revoked, NFS4_OK);
    sid->client = client;
    list_init(&sid->revoked_link);
    sid->loss = 0;
    sid->reported_ns = 0;
    sid->release = release;
    slot->sid = sid;
    atomic_store_explicit(&slot->tag, tag, memory_order_relaxed);
    /* Pairs with the acquire in slot_get_unless_free(): all above comes before. */
    atomic_store_explicit(&slot->refs, 1, memory_order_release);
    return true;
}

static struct stateid_slot *slot_at(const struct stateid_table *table, uint32_t index)
{
    uint32_t local = index / SHARDS;
    struct stateid_slot *chunk;

    if (local / CHUNK_SLOTS >= LIMIT_STATEID_CHUNKS)
        return NULL;
    chunk = atomic_load_explicit(&table->shards[index % SHARDS].chunks[local / CHUNK_SLOTS],
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

bool stateid_epoch_ours(const struct stateid_table *table, const struct stateid4 *in)
{
    return memcmp(in->other, table->epoch, EPOCH_BYTES) == 0;
}

/* The slot that `in` names, if its tag is the one in `in` with this mark. */
static struct stateid_slot *slot_of(const struct stateid_table *table, const struct stateid4 *in,
                                    uint64_t mark, uint64_t *tag)
{
    struct stateid_slot *slot;
    uint32_t index = 0;

    *tag = 0;
    memcpy(&index, in->other + EPOCH_BYTES, INDEX_BYTES);
    memcpy(tag, in->other + EPOCH_BYTES + INDEX_BYTES, TAG_BYTES);
    *tag |= mark;
    slot = slot_at(table, index);
    if (!slot || !stateid_epoch_ours(table, in))
        return NULL;
    return atomic_load_explicit(&slot->tag, memory_order_relaxed) == *tag ? slot : NULL;
}

bool stateid_client_removed(const struct stateid_table *table, const struct stateid4 *in)
{
    uint64_t tag;

    return slot_of(table, in, tag_removed, &tag) != NULL;
}

/* Of any client and kind. */
static struct stateid *find(struct stateid_table *table, const struct stateid4 *in)
{
    struct stateid *sid;
    uint64_t tag;
    /* Only a hint, so that strangers' guesses leave others' slots alone. */
    struct stateid_slot *slot = slot_of(table, in, tag_alive, &tag);

    if (!slot)
        return NULL;
    if (!slot_get_unless_free(slot))
        return NULL;
    sid = slot->sid;
    if (atomic_load_explicit(&slot->tag, memory_order_relaxed) == tag)
        return sid;
    stateid_put(sid);
    return NULL;
}

struct stateid *stateid_lookup_any(struct stateid_table *table, const struct stateid4 *in)
{
    struct stateid *sid = find(table, in);

    if (!sid || sid->kind != STATEID_COPY)
        return sid;
    stateid_put(sid);
    return NULL;
}

struct stateid *stateid_lookup(struct stateid_table *table, const struct stateid4 *in,
                               const struct client *client)
{
    struct stateid *sid = stateid_lookup_any(table, in);

    if (!sid || sid->client == client)
        return sid;
    stateid_put(sid);
    return NULL;
}

struct stateid *stateid_lookup_copy(struct stateid_table *table, const struct stateid4 *in,
                                    const struct client *client)
{
    struct stateid *sid = find(table, in);

    if (!sid || (sid->kind == STATEID_COPY && (!client || sid->client == client)))
        return sid;
    stateid_put(sid);
    return NULL;
}

static struct stateid *met(struct stateid_slot *slot, const struct stateid_filter *filter)
{
    struct stateid *sid;

    if (!slot_get_unless_free(slot))
        return NULL;
    sid = slot->sid;
    if ((atomic_load_explicit(&slot->tag, memory_order_relaxed) & tag_alive) &&
        sid->kind == filter->kind && (filter->clientid == 0 || sid->client->id == filter->clientid))
        return sid;
    if (filter->later)
        stateid_put_later(sid);
    else
        stateid_put(sid);
    return NULL;
}

/* Places are in the order of memory: chunks of equal number of all shards, slot by slot. */
struct stateid *stateid_next(struct stateid_table *table, const struct stateid_filter *filter,
                             uint32_t *at)
{
    while (*at < SHARDS * CHUNK_SLOTS * LIMIT_STATEID_CHUNKS) {
        uint32_t chunk_at = *at / CHUNK_SLOTS;
        struct stateid_slot *chunk = atomic_load_explicit(
            &table->shards[chunk_at % SHARDS].chunks[chunk_at / SHARDS], memory_order_acquire);
        struct stateid *sid;

        if (!chunk) {
            *at = (chunk_at + 1) * CHUNK_SLOTS;
            continue;
        }
        sid = met(&chunk[*at % CHUNK_SLOTS], filter);
        (*at)++;
        if (sid)
            return sid;
    }
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
    DCHECK(!(atomic_load_explicit(&slot->tag, memory_order_relaxed) & tag_alive));
    shard = &sid->table->shards[slot->index % SHARDS];
    pthread_mutex_lock(&shard->lock);
    slot->next_free = shard->free;
    shard->free = slot;
    pthread_mutex_unlock(&shard->lock);
    sid->release(sid);
}

static void keep_last(struct stateid_table *table, struct stateid *sid)
{
    CHECK(pthread_mutex_lock(&table->late_lock) == 0);
    if (table->late_count == table->late_room) {
        table->late_room = table->late_room ? table->late_room * 2 : LATE_FIRST;
        table->late = must_realloc(table->late, table->late_room * sizeof(struct stateid *));
    }
    table->late[table->late_count++] = sid;
    CHECK(pthread_mutex_unlock(&table->late_lock) == 0);
}

/* One that was the last may get company again, by another walk: each is still put once. */
void stateid_put_later(struct stateid *sid)
{
    struct stateid_slot *slot = sid->slot;
    uint32_t refs = atomic_load_explicit(&slot->refs, memory_order_relaxed);

    while (refs > 1) {
        if (atomic_compare_exchange_weak_explicit(&slot->refs, &refs, refs - 1,
                                                  memory_order_release, memory_order_relaxed))
            return;
    }
    keep_last(sid->table, sid);
}

bool stateid_unsettled(struct stateid_table *table)
{
    bool unsettled;

    CHECK(pthread_mutex_lock(&table->late_lock) == 0);
    unsettled = table->late_count > 0;
    CHECK(pthread_mutex_unlock(&table->late_lock) == 0);
    return unsettled;
}

void stateid_settle(struct stateid_table *table)
{
    struct stateid **late;
    uint32_t count;

    CHECK(pthread_mutex_lock(&table->late_lock) == 0);
    late = table->late;
    count = table->late_count;
    table->late = NULL;
    table->late_count = table->late_room = 0;
    CHECK(pthread_mutex_unlock(&table->late_lock) == 0);
    for (uint32_t i = 0; i < count; i++)
        stateid_put(late[i]);
    free(late);
}

void stateid_kill(struct stateid *sid)
{
    uint64_t tag = atomic_load_explicit(&sid->slot->tag, memory_order_relaxed);

    if (!(tag & tag_alive))
        return;
    tag = client_dead(sid->client) ? (tag & ~tag_alive) | tag_removed : 0;
    atomic_store_explicit(&sid->slot->tag, tag, memory_order_relaxed);
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
