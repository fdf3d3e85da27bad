/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/v40/duplicate_table.h"

#include <netinet/in.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"

enum {
    MALLOC_BYTES = 16, /* what an allocation costs besides its size */
    SWEEP_BATCH = 64,  /* entries dropped while the lock is held */
};

static void count(struct duplicate_cache *cache, enum duplicate_counter counter)
{
    counter_add(cache->table->counters, counter, 1);
}

/* ---- keys ---- */

static struct duplicate_address address_of(const struct sockaddr *peer)
{
    struct duplicate_address address = {.family = peer->sa_family};

    if (peer->sa_family == AF_INET) {
        const struct sockaddr_in *in = (const struct sockaddr_in *)(const void *)peer;

        memcpy(address.bytes, &in->sin_addr, sizeof(in->sin_addr));
    } else {
        const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)(const void *)peer;

        memcpy(address.bytes, &in6->sin6_addr, sizeof(in6->sin6_addr));
    }
    return address;
}

struct duplicate_key duplicate_key_of(const struct duplicate_cache *cache,
                                      const struct duplicate_request *request)
{
    struct duplicate_key key = {
        .address = address_of(request->peer), .xid = request->xid, .digest = request->digest};

    key.address_hash = hash_bytes(&key.address, sizeof(key.address), cache->table->seed);
    key.hash = hash_u64(key.address_hash ^ key.xid);
    return key;
}

struct duplicate_shard *duplicate_shard_of(const struct duplicate_cache *cache,
                                           const struct duplicate_key *key)
{
    return &cache->table->shards[key->address_hash % DUPLICATE_SHARDS];
}

/* ---- clients ---- */

static struct duplicate_client *client_lookup_locked(const struct duplicate_shard *shard,
                                                     const struct duplicate_key *key)
{
    struct hnode *node = htable_first(&shard->clients, key->address_hash);

    for (; node; node = htable_next(node)) {
        struct duplicate_client *client = CONTAINER_OF(node, struct duplicate_client, by_address);

        if (memcmp(&client->address, &key->address, sizeof(key->address)) == 0)
            return client;
    }
    return NULL;
}

static struct duplicate_client *client_get_locked(struct duplicate_cache *cache,
                                                  struct duplicate_shard *shard,
                                                  const struct duplicate_key *key)
{
    struct duplicate_client *client = client_lookup_locked(shard, key);

    if (!client) {
        client = memory_zalloc(MEMORY_duplicates, sizeof(*client));
        if (!client)
            return NULL;
        client->address = key->address;
        client->bytes = sizeof(*client) + MALLOC_BYTES;
        list_init(&client->kept);
        list_init(&client->in_class);
        htable_insert(&shard->clients, &client->by_address, key->address_hash);
        atomic_fetch_add_explicit(&cache->table->bytes, client->bytes, memory_order_relaxed);
        atomic_fetch_add_explicit(&cache->table->clients, 1, memory_order_relaxed);
    }
    client->entries++;
    return client;
}

static void client_put_locked(struct duplicate_cache *cache, struct duplicate_shard *shard,
                              struct duplicate_client *client)
{
    if (--client->entries > 0)
        return;
    htable_remove(&shard->clients, &client->by_address);
    atomic_fetch_sub_explicit(&cache->table->bytes, client->bytes, memory_order_relaxed);
    atomic_fetch_sub_explicit(&cache->table->clients, 1, memory_order_relaxed);
    memory_free(MEMORY_duplicates, client);
}

static unsigned class_of(uint64_t bytes)
{
    unsigned class = 63 - (unsigned)__builtin_clzll(bytes);

    return class < DUPLICATE_CLASSES ? class : DUPLICATE_CLASSES - 1;
}

/* To the end of its class: those of a class give way in turns. */
static void client_sort_locked(struct duplicate_cache *cache, struct duplicate_shard *shard,
                               struct duplicate_client *client)
{
    unsigned top = DUPLICATE_CLASSES;

    list_remove(&client->in_class);
    if (!list_empty(&client->kept))
        list_push_back(&shard->classes[class_of(client->bytes)], &client->in_class);
    while (top > 0 && list_empty(&shard->classes[top - 1]))
        top--;
    atomic_store_explicit(&cache->table->heaviest[shard - cache->table->shards], (uint8_t)top,
                          memory_order_relaxed);
}

static void client_grow_locked(struct duplicate_cache *cache, struct duplicate_shard *shard,
                               struct duplicate_client *client, uint64_t bytes)
{
    client->bytes += bytes;
    atomic_fetch_add_explicit(&cache->table->bytes, bytes, memory_order_relaxed);
    client_sort_locked(cache, shard, client);
}

static void client_shrink_locked(struct duplicate_cache *cache, struct duplicate_shard *shard,
                                 struct duplicate_client *client, uint64_t bytes)
{
    client->bytes -= bytes;
    atomic_fetch_sub_explicit(&cache->table->bytes, bytes, memory_order_relaxed);
    client_sort_locked(cache, shard, client);
}

/* ---- entries ---- */

struct duplicate *duplicate_lookup_locked(const struct duplicate_shard *shard,
                                          const struct duplicate_key *key, bool *xid_collision)
{
    struct hnode *node = htable_first(&shard->requests, key->hash);

    *xid_collision = false;
    for (; node; node = htable_next(node)) {
        struct duplicate *entry = CONTAINER_OF(node, struct duplicate, by_key);

        if (entry->xid != key->xid ||
            memcmp(&entry->client->address, &key->address, sizeof(key->address)) != 0)
            continue;
        if (entry->digest == key->digest)
            return entry;
        *xid_collision = true;
    }
    return NULL;
}

bool duplicate_insert_locked(struct duplicate_cache *cache, struct duplicate_shard *shard,
                             struct duplicate *entry, const struct duplicate_key *key)
{
    entry->client = client_get_locked(cache, shard, key);
    if (!entry->client)
        return false;
    entry->digest = key->digest;
    entry->xid = key->xid;
    list_init(&entry->in_client);
    list_init(&entry->in_shard);
    htable_insert(&shard->requests, &entry->by_key, key->hash);
    atomic_fetch_add_explicit(duplicate_filter_cell(cache, key->xid), 1, memory_order_relaxed);
    count(cache, DUPLICATE_COUNTER_inserts);
    return true;
}

void duplicate_unpin_locked(struct duplicate_cache *cache, struct duplicate_shard *shard,
                            struct duplicate *entry, struct duplicate_doomed *doomed)
{
    client_put_locked(cache, shard, entry->client);
    list_push_back(&doomed->entries, &entry->in_client);
}

/* Take a kept one out; it is counted as `why`. */
static void drop_locked(struct duplicate_cache *cache, struct duplicate_shard *shard,
                        struct duplicate *entry, enum duplicate_counter why,
                        struct duplicate_doomed *doomed)
{
    htable_remove(&shard->requests, &entry->by_key);
    list_remove(&entry->in_client);
    list_remove(&entry->in_shard);
    atomic_fetch_sub_explicit(duplicate_filter_cell(cache, entry->xid), 1, memory_order_relaxed);
    client_shrink_locked(cache, shard, entry->client, entry->bytes);
    count(cache, why);
    entry->dropped = true;
    if (entry->waiters == 0)
        duplicate_unpin_locked(cache, shard, entry, doomed);
}

static struct duplicate *client_oldest(const struct duplicate_client *client)
{
    return LIST_ENTRY(client->kept.next, struct duplicate, in_client);
}

void duplicate_touch_locked(struct duplicate_shard *shard, struct duplicate *entry, int64_t now_ns)
{
    entry->used_ns = now_ns;
    list_remove(&entry->in_client);
    list_remove(&entry->in_shard);
    list_push_back(&entry->client->kept, &entry->in_client);
    list_push_back(&shard->kept, &entry->in_shard);
}

void duplicate_end_locked(struct duplicate_cache *cache, struct duplicate_shard *shard,
                          struct duplicate *entry, struct duplicate_doomed *doomed)
{
    struct duplicate_client *client = entry->client;

    entry->ended = true;
    entry->bytes = sizeof(*entry) + entry->reply_len + (uint64_t)2 * MALLOC_BYTES;
    duplicate_touch_locked(shard, entry,
                           atomic_load_explicit(&cache->table->now_ns, memory_order_relaxed));
    client_grow_locked(cache, shard, client, entry->bytes);
    while (client->bytes > cache->table->config.client_bytes_max && client_oldest(client) != entry)
        drop_locked(cache, shard, client_oldest(client), DUPLICATE_COUNTER_evicted_client, doomed);
}

/* ---- too many, too old ---- */

void duplicate_doomed_free(struct duplicate_doomed *doomed)
{
    struct list *node;

    while ((node = list_pop_front(&doomed->entries))) {
        struct duplicate *entry = LIST_ENTRY(node, struct duplicate, in_client);

        memory_free(MEMORY_duplicates, entry->reply);
        memory_free(MEMORY_duplicates, entry);
    }
}

static struct duplicate_shard *heaviest_shard(struct duplicate_table *table)
{
    uint8_t most = 0;
    size_t at = 0;

    for (size_t i = 0; i < DUPLICATE_SHARDS; i++) {
        uint8_t class = atomic_load_explicit(&table->heaviest[i], memory_order_relaxed);

        if (class > most) {
            most = class;
            at = i;
        }
    }
    return most ? &table->shards[at] : NULL;
}

/* The first client of the highest class. */
static struct duplicate *shard_victim_locked(struct duplicate_shard *shard)
{
    for (size_t i = DUPLICATE_CLASSES; i > 0; i--) {
        struct list *class = &shard->classes[i - 1];

        if (!list_empty(class))
            return client_oldest(LIST_ENTRY(class->next, struct duplicate_client, in_class));
    }
    return NULL;
}

static bool too_many(const struct duplicate_table *table)
{
    return atomic_load_explicit(&table->bytes, memory_order_relaxed) > table->config.bytes_max;
}

void duplicate_table_trim(struct duplicate_cache *cache)
{
    struct duplicate_shard *shard;

    while (too_many(cache->table) && (shard = heaviest_shard(cache->table))) {
        struct duplicate_doomed doomed;
        struct duplicate *victim;

        list_init(&doomed.entries);
        pthread_mutex_lock(&shard->lock);
        victim = shard_victim_locked(shard);
        if (victim)
            drop_locked(cache, shard, victim, DUPLICATE_COUNTER_evicted, &doomed);
        pthread_mutex_unlock(&shard->lock);
        duplicate_doomed_free(&doomed);
    }
}

static bool too_old(const struct duplicate *entry, int64_t now_ns)
{
    return now_ns - entry->used_ns > LIMIT_DUPLICATE_AGE_S * NSEC_PER_SEC;
}

/* False: all that is left is young enough. */
static bool sweep_batch_locked(struct duplicate_cache *cache, struct duplicate_shard *shard,
                               int64_t now_ns, struct duplicate_doomed *doomed)
{
    for (unsigned i = 0; i < SWEEP_BATCH; i++) {
        struct duplicate *entry = LIST_ENTRY(shard->kept.next, struct duplicate, in_shard);

        if (list_empty(&shard->kept) || !too_old(entry, now_ns))
            return false;
        drop_locked(cache, shard, entry, DUPLICATE_COUNTER_expired, doomed);
    }
    return true;
}

void duplicate_shard_sweep(struct duplicate_cache *cache, struct duplicate_shard *shard,
                           int64_t now_ns)
{
    bool more = true;

    while (more) {
        struct duplicate_doomed doomed;

        list_init(&doomed.entries);
        pthread_mutex_lock(&shard->lock);
        more = sweep_batch_locked(cache, shard, now_ns, &doomed);
        pthread_mutex_unlock(&shard->lock);
        duplicate_doomed_free(&doomed);
    }
}

/* ---- beginning and end ---- */

static void shard_init(struct duplicate_shard *shard)
{
    CHECK(pthread_mutex_init(&shard->lock, NULL) == 0);
    CHECK(pthread_cond_init(&shard->ended, NULL) == 0);
    htable_init(&shard->requests, 0);
    htable_init(&shard->clients, 0);
    list_init(&shard->kept);
    for (size_t i = 0; i < DUPLICATE_CLASSES; i++)
        list_init(&shard->classes[i]);
}

static void shard_fini(struct duplicate_cache *cache, struct duplicate_shard *shard)
{
    duplicate_shard_sweep(cache, shard, INT64_MAX);
    htable_fini(&shard->requests);
    htable_fini(&shard->clients);
    pthread_cond_destroy(&shard->ended);
    pthread_mutex_destroy(&shard->lock);
}

struct duplicate_table *duplicate_table_create(const struct duplicate_cache_config *config)
{
    struct duplicate_table *table = aligned_alloc(64, sizeof(*table));

    CHECK(table != NULL);
    memset(table, 0, sizeof(*table));
    table->config = *config;
    if (!config->bytes_max)
        table->config.bytes_max = LIMIT_DUPLICATE_BYTES;
    if (!config->client_bytes_max)
        table->config.client_bytes_max = LIMIT_DUPLICATE_CLIENT_BYTES;
    if (!config->waiters_max)
        table->config.waiters_max = LIMIT_DUPLICATE_WAITERS;
    if (!config->client_waiters_max)
        table->config.client_waiters_max = LIMIT_DUPLICATE_CLIENT_WAITERS;
    table->counters = counter_set_create(DUPLICATE_COUNTER_COUNT);
    randombytes_buf(&table->seed, sizeof(table->seed));
    atomic_store_explicit(&table->now_ns, clock_now_ns(), memory_order_relaxed);
    for (size_t i = 0; i < DUPLICATE_SHARDS; i++)
        shard_init(&table->shards[i]);
    return table;
}

void duplicate_table_destroy(struct duplicate_cache *cache)
{
    for (size_t i = 0; i < DUPLICATE_SHARDS; i++)
        shard_fini(cache, &cache->table->shards[i]);
    counter_set_destroy(cache->table->counters);
    free(cache->table);
}
