/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/peer_table.h"

#include <netinet/in.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/random.h>

#include "base/memory.h"

enum {
    NETWORK_BYTES = 8, /* of an IPv6 address: its /64 */
};

struct peer_key {
    uint8_t bytes[NETWORK_BYTES];
    sa_family_t family;
};

struct peer {
    struct hnode node;
    struct peer_key key;
    _Atomic uint32_t count; /* written under the table's lock */
    struct peer_handshakes handshakes;
};

void peer_table_init(struct peer_table *table)
{
    CHECK(pthread_mutex_init(&table->lock, NULL) == 0);
    htable_init(&table->peers, 64);
    CHECK(getrandom(&table->seed, sizeof(table->seed), 0) == (ssize_t)sizeof(table->seed));
}

void peer_table_fini(struct peer_table *table)
{
    htable_fini(&table->peers);
    pthread_mutex_destroy(&table->lock);
}

static struct peer_key key_of(const struct sockaddr *address)
{
    struct peer_key key;

    memset(&key, 0, sizeof(key)); /* padding is hashed, too */
    key.family = address->sa_family;
    if (address->sa_family == AF_INET6)
        memcpy(key.bytes, &((const struct sockaddr_in6 *)address)->sin6_addr, NETWORK_BYTES);
    else
        memcpy(key.bytes, &((const struct sockaddr_in *)address)->sin_addr, sizeof(in_addr_t));
    return key;
}

static struct peer *peer_find_locked(const struct peer_table *table, const struct peer_key *key,
                                     uint64_t hash)
{
    struct hnode *node = htable_first(&table->peers, hash);

    for (; node; node = htable_next(node)) {
        struct peer *peer = CONTAINER_OF(node, struct peer, node);

        if (memcmp(&peer->key, key, sizeof(*key)) == 0)
            return peer;
    }
    return NULL;
}

uint64_t peer_hash(const struct peer_table *table, const struct sockaddr *address)
{
    struct peer_key key = key_of(address);

    return hash_bytes(&key, sizeof(key), table->seed);
}

uint32_t peer_connections(const struct peer *peer)
{
    return atomic_load_explicit(&peer->count, memory_order_relaxed);
}

struct peer_handshakes *peer_handshakes(struct peer *peer)
{
    return &peer->handshakes;
}

static struct peer *peer_get_locked(struct peer_table *table, const struct peer_key *key,
                                    uint32_t most)
{
    uint64_t hash = hash_bytes(key, sizeof(*key), table->seed);
    struct peer *peer = peer_find_locked(table, key, hash);

    if (peer ? peer_connections(peer) >= most : most == 0)
        return NULL;
    if (!peer) {
        peer = memory_zalloc(MEMORY_connections, sizeof(*peer));
        if (!peer)
            return NULL;
        peer->key = *key;
        list_init(&peer->handshakes.list);
        htable_insert(&table->peers, &peer->node, hash);
    }
    atomic_fetch_add_explicit(&peer->count, 1, memory_order_relaxed);
    return peer;
}

struct peer *peer_get(struct peer_table *table, const struct sockaddr *address, uint32_t most)
{
    struct peer_key key = key_of(address);
    struct peer *peer;

    pthread_mutex_lock(&table->lock);
    peer = peer_get_locked(table, &key, most);
    pthread_mutex_unlock(&table->lock);
    return peer;
}

void peer_put(struct peer_table *table, struct peer *peer)
{
    bool last;

    if (!peer)
        return;
    pthread_mutex_lock(&table->lock);
    last = atomic_fetch_sub_explicit(&peer->count, 1, memory_order_relaxed) == 1;
    if (last)
        htable_remove(&table->peers, &peer->node);
    pthread_mutex_unlock(&table->lock);
    if (last)
        memory_free(MEMORY_connections, peer);
}

uint32_t peer_table_connections(struct peer_table *table, const struct sockaddr *address)
{
    struct peer_key key = key_of(address);
    const struct peer *peer;
    uint32_t count;

    pthread_mutex_lock(&table->lock);
    peer = peer_find_locked(table, &key, hash_bytes(&key, sizeof(key), table->seed));
    count = peer ? peer_connections(peer) : 0;
    pthread_mutex_unlock(&table->lock);
    return count;
}

uint32_t peer_table_count(struct peer_table *table)
{
    uint32_t count;

    pthread_mutex_lock(&table->lock);
    count = (uint32_t)table->peers.count;
    pthread_mutex_unlock(&table->lock);
    return count;
}
