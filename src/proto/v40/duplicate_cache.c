/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A request's way through the cache: entered as running, waited for, kept.
 *
 * A retry that can't wait is not answered at all.  RFC 7530 §3.1.1 allows that only if the
 * connection is closed, too, and an error would be worse: after NFS4ERR_DELAY or NFS4ERR_RESOURCE a
 * client sends the request under a new xid, and it would be executed twice.
 */
#include "proto/v40/duplicate_cache.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "proto/v40/duplicate_table.h"
#include "vfs/vfs_blocking.h"

static void count(struct duplicate_cache *cache, enum duplicate_counter counter)
{
    counter_add(cache->table->counters, counter, 1);
}

/* ---- retries ---- */

static void copy_locked(struct duplicate_cache *cache, const struct duplicate *entry,
                        struct duplicate_reply *reply)
{
    CHECK(entry->reply_len <= reply->size);
    if (entry->reply_len)
        memcpy(reply->data, entry->reply, entry->reply_len);
    reply->len = entry->reply_len;
    count(cache, DUPLICATE_COUNTER_hits);
}

static bool wait_begin_locked(struct duplicate_table *table, struct duplicate_shard *shard,
                              struct duplicate *entry)
{
    if (entry->client->waiters >= table->config.client_waiters_max)
        return false;
    if (atomic_fetch_add_explicit(&table->waiters, 1, memory_order_relaxed) >=
        table->config.waiters_max) {
        atomic_fetch_sub_explicit(&table->waiters, 1, memory_order_relaxed);
        return false;
    }
    entry->waiters++;
    entry->client->waiters++;
    shard->waiters++;
    return true;
}

static void wait_end_locked(struct duplicate_cache *cache, struct duplicate_shard *shard,
                            struct duplicate *entry, struct duplicate_doomed *doomed)
{
    atomic_fetch_sub_explicit(&cache->table->waiters, 1, memory_order_relaxed);
    shard->waiters--;
    entry->client->waiters--;
    entry->waiters--;
    if (entry->dropped && entry->waiters == 0)
        duplicate_unpin_locked(cache, shard, entry, doomed);
}

/* The entry stays while it has waiters, even when it is dropped at once.  The lock is given back
 * for vfs_blocking_begin(), which has locks of its own. */
static enum duplicate_verdict wait_locked(struct duplicate_cache *cache,
                                          struct duplicate_shard *shard, struct duplicate *entry,
                                          struct duplicate_reply *reply,
                                          struct duplicate_doomed *doomed)
{
    int64_t until_ns = clock_now_ns() + LIMIT_DUPLICATE_WAIT_S * NSEC_PER_SEC;
    bool ended;

    if (!wait_begin_locked(cache->table, shard, entry)) {
        count(cache, DUPLICATE_COUNTER_refused);
        return DUPLICATE_REFUSED;
    }
    count(cache, DUPLICATE_COUNTER_waits);
    pthread_mutex_unlock(&shard->lock);
    vfs_blocking_begin(true);
    pthread_mutex_lock(&shard->lock);
    while (!entry->ended && clock_now_ns() < until_ns)
        pthread_cond_wait(&shard->ended, &shard->lock);
    ended = entry->ended;
    if (ended)
        copy_locked(cache, entry, reply);
    else
        count(cache, DUPLICATE_COUNTER_refused);
    wait_end_locked(cache, shard, entry, doomed);
    pthread_mutex_unlock(&shard->lock);
    vfs_blocking_end();
    pthread_mutex_lock(&shard->lock);
    reply->waited = true;
    return ended ? DUPLICATE_REPLAY : DUPLICATE_REFUSED;
}

/* An entry is there already. */
static enum duplicate_verdict found_locked(struct duplicate_cache *cache,
                                           struct duplicate_shard *shard, struct duplicate *entry,
                                           const struct duplicate_request *request,
                                           struct duplicate_reply *reply,
                                           struct duplicate_doomed *doomed)
{
    if (!entry->ended)
        return wait_locked(cache, shard, entry, reply, doomed);
    copy_locked(cache, entry, reply);
    duplicate_touch_locked(shard, entry, request->received_ns);
    return DUPLICATE_REPLAY;
}

/* `fresh`, if there is one, is entered unless there is an entry already. */
static enum duplicate_verdict look(struct duplicate_cache *cache,
                                   const struct duplicate_request *request,
                                   struct duplicate_reply *reply, struct duplicate *fresh)
{
    struct duplicate_key key = duplicate_key_of(cache, request);
    struct duplicate_shard *shard = duplicate_shard_of(cache, &key);
    enum duplicate_verdict verdict = DUPLICATE_NEW;
    struct duplicate_doomed doomed;
    struct duplicate *entry;
    bool xid_collision;

    list_init(&doomed.entries);
    reply->waited = false;
    pthread_mutex_lock(&shard->lock);
    entry = duplicate_lookup_locked(shard, &key, &xid_collision);
    if (entry)
        verdict = found_locked(cache, shard, entry, request, reply, &doomed);
    else if (fresh)
        verdict =
            duplicate_insert_locked(cache, shard, fresh, &key) ? DUPLICATE_NEW : DUPLICATE_REFUSED;
    pthread_mutex_unlock(&shard->lock);
    duplicate_doomed_free(&doomed);
    if (xid_collision && fresh)
        count(cache, DUPLICATE_COUNTER_xid_collisions);
    return verdict;
}

enum duplicate_verdict duplicate_cache_lookup(struct duplicate_cache *cache,
                                              const struct duplicate_request *request,
                                              struct duplicate_reply *reply)
{
    return look(cache, request, reply, NULL);
}

enum duplicate_verdict duplicate_cache_enter(struct duplicate_cache *cache,
                                             const struct duplicate_request *request,
                                             struct duplicate_reply *reply,
                                             struct duplicate **entry)
{
    struct duplicate *fresh = memory_zalloc(MEMORY_duplicates, sizeof(*fresh));
    enum duplicate_verdict verdict = look(cache, request, reply, fresh);

    *entry = fresh;
    if (verdict == DUPLICATE_NEW && !fresh)
        return DUPLICATE_REFUSED; /* its retry could not be known again */
    if (verdict != DUPLICATE_NEW) {
        memory_free(MEMORY_duplicates, fresh);
        *entry = NULL;
    }
    return verdict;
}

void duplicate_cache_keep(struct duplicate_cache *cache, struct duplicate *entry, const void *reply,
                          uint32_t len)
{
    /* The address that the entry was entered under stands as long as the entry runs. */
    struct duplicate_shard *shard =
        &cache->table->shards[entry->client->by_address.hash % DUPLICATE_SHARDS];
    struct duplicate_doomed doomed;

    CHECK(len <= LIMIT_DUPLICATE_REPLY_BYTES);
    list_init(&doomed.entries);
    if (len)
        entry->reply = memory_alloc(MEMORY_duplicates, len);
    if (entry->reply)
        memcpy(entry->reply, reply, len);
    else
        len = 0; /* as if it was not known */
    entry->reply_len = len;
    pthread_mutex_lock(&shard->lock);
    if (entry->waiters)
        pthread_cond_broadcast(&shard->ended);
    duplicate_end_locked(cache, shard, entry, &doomed);
    pthread_mutex_unlock(&shard->lock);
    duplicate_doomed_free(&doomed);
    duplicate_table_trim(cache);
}

/* ---- all of it ---- */

void duplicate_cache_tick(struct duplicate_cache *cache, int64_t now_ns)
{
    atomic_store_explicit(&cache->table->now_ns, now_ns, memory_order_relaxed);
    for (size_t i = 0; i < DUPLICATE_SHARDS; i++) {
        struct duplicate_shard *shard = &cache->table->shards[i];

        duplicate_shard_sweep(cache, shard, now_ns);
        pthread_mutex_lock(&shard->lock);
        if (shard->waiters)
            pthread_cond_broadcast(&shard->ended);
        pthread_mutex_unlock(&shard->lock);
    }
}

void duplicate_stats_read(const struct duplicate_cache *cache, struct duplicate_stats *stats)
{
    const struct duplicate_table *table = cache->table;
    uint64_t dropped;

#define X(name, help) stats->name = counter_read(table->counters, DUPLICATE_COUNTER_##name);
    /* Drops are read first, so that they never exceed the inserts. */
    dropped = counter_read(table->counters, DUPLICATE_COUNTER_expired) +
              counter_read(table->counters, DUPLICATE_COUNTER_evicted_client) +
              counter_read(table->counters, DUPLICATE_COUNTER_evicted);
    DUPLICATE_COUNTERS(X)
#undef X
    stats->entries = stats->inserts - dropped;
    stats->clients = atomic_load_explicit(&table->clients, memory_order_relaxed);
    stats->bytes = atomic_load_explicit(&table->bytes, memory_order_relaxed);
    stats->waiting = atomic_load_explicit(&table->waiters, memory_order_relaxed);
}

struct duplicate_cache *duplicate_cache_create(const struct duplicate_cache_config *config)
{
    struct duplicate_cache *cache = must_calloc(1, sizeof(*cache));

    /* What is never touched of it takes no memory. */
    cache->filter = must_calloc(DUPLICATE_FILTER_CELLS, sizeof(*cache->filter));
    randombytes_buf(&cache->digest_seed, sizeof(cache->digest_seed));
    cache->table = duplicate_table_create(config);
    return cache;
}

void duplicate_cache_destroy(struct duplicate_cache *cache)
{
    if (!cache)
        return;
    duplicate_table_destroy(cache);
    free(cache->filter);
    free(cache);
}
