/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The entries of the duplicate request cache, sharded by client address, and the choice of those to
 * drop.  Used only by duplicate_cache.c.
 *
 * A running entry has no reply and is on no list.  When its reply is kept it is added to the lists
 * of its shard and of its client, least recently used first, and its bytes count.
 * LIMIT_WORKER_THREADS bounds the number of running entries.  Clients are sorted into classes by
 * the power of two of their bytes; each shard's highest class can be read without its lock.
 */
#pragma once

#include <pthread.h>

#include "base/counter.h"
#include "base/htable.h"
#include "base/list.h"
#include "proto/v40/duplicate_cache.h"

enum {
    DUPLICATE_SHARDS = 64, /* a power of two */
    DUPLICATE_CLASSES = 40
};

enum duplicate_counter {
#define X(name, help) DUPLICATE_COUNTER_##name,
    DUPLICATE_COUNTERS(X)
#undef X
    DUPLICATE_COUNTER_COUNT
};

/* Unused bytes are zero, so that memcmp() can compare. */
struct duplicate_address {
    uint32_t family;
    uint8_t bytes[16];
};

struct duplicate_client {
    struct hnode by_address;
    struct duplicate_address address;
    struct list kept;     /* struct duplicate in_client */
    struct list in_class; /* of duplicate_shard.classes; on no list while nothing is kept */
    uint64_t bytes;       /* of the client and its kept entries */
    uint32_t entries;     /* that point here; freed when there are none */
    uint32_t waiters;
    unsigned class;
};

struct duplicate {
    struct hnode by_key;
    struct list in_client, in_shard; /* on no list while it runs */
    struct duplicate_client *client;
    uint64_t digest;
    uint64_t bytes;  /* that count when it is kept */
    int64_t used_ns; /* when it was kept or last used */
    uint8_t *reply;
    uint32_t reply_len;
    uint32_t xid;
    uint32_t waiters;
    bool ended;
    bool dropped; /* removed from the table; its last waiter frees it */
};

struct duplicate_shard {
    pthread_mutex_t lock;
    pthread_cond_t ended; /* signalled when an entry with waiters ends, and by the tick */
    struct htable requests;
    struct htable clients;
    struct list kept; /* struct duplicate in_shard */
    struct list classes[DUPLICATE_CLASSES];
    uint32_t waiters;
} __attribute__((aligned(64)));

struct duplicate_table {
    struct duplicate_shard shards[DUPLICATE_SHARDS];
    struct duplicate_cache_config config; /* without zeros */
    struct counter_set *counters;
    uint64_t seed;
    _Atomic uint8_t heaviest[DUPLICATE_SHARDS]; /* the highest class that has clients, plus one */
    _Atomic uint64_t bytes;
    _Atomic uint32_t clients;
    _Atomic uint32_t waiters;
    _Atomic int64_t now_ns; /* of the last tick */
};

/* Entries taken out under a lock, to be freed without. */
struct duplicate_doomed {
    struct list entries; /* in_client */
};

struct duplicate_table *duplicate_table_create(const struct duplicate_cache_config *config);
void duplicate_table_destroy(struct duplicate_cache *cache);

/* The key of a request. */
struct duplicate_key {
    struct duplicate_address address;
    uint32_t xid;
    uint64_t digest;
    uint64_t address_hash, hash;
};
struct duplicate_key duplicate_key_of(const struct duplicate_cache *cache,
                                      const struct duplicate_request *request);
struct duplicate_shard *duplicate_shard_of(const struct duplicate_cache *cache,
                                           const struct duplicate_key *key);

/* All of these with the shard's lock held. */

/* The entry with this key, or NULL; *xid_collision: only another digest has been found. */
struct duplicate *duplicate_lookup_locked(const struct duplicate_shard *shard,
                                          const struct duplicate_key *key, bool *xid_collision);

/* Enter a running request; `entry` is fresh memory, all zero.  False without memory. */
bool duplicate_insert_locked(struct duplicate_cache *cache, struct duplicate_shard *shard,
                             struct duplicate *entry, const struct duplicate_key *key);

/* It has ended, with its reply.  Drops what its client has too much. */
void duplicate_end_locked(struct duplicate_cache *cache, struct duplicate_shard *shard,
                          struct duplicate *entry, struct duplicate_doomed *doomed);

/* It was retried. */
void duplicate_touch_locked(struct duplicate_shard *shard, struct duplicate *entry, int64_t now_ns);

/* A dropped one has lost its last waiter. */
void duplicate_unpin_locked(struct duplicate_cache *cache, struct duplicate_shard *shard,
                            struct duplicate *entry, struct duplicate_doomed *doomed);

/* Without a lock: */

/* Drop the oldest replies of the clients with the most bytes until all are within the limit. */
void duplicate_table_trim(struct duplicate_cache *cache);

/* Drop what is older than LIMIT_DUPLICATE_AGE_S. */
void duplicate_shard_sweep(struct duplicate_cache *cache, struct duplicate_shard *shard,
                           int64_t now_ns);

void duplicate_doomed_free(struct duplicate_doomed *doomed);
