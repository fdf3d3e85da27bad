/* SPDX-License-Identifier: Apache-2.0 */
#include "backend/local/volume.h"

#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backend/local/kept.h"
#include "base/check.h"
#include "base/memory.h"

static pthread_mutex_t volumes_lock = PTHREAD_MUTEX_INITIALIZER;
static struct list volumes = LIST_INIT(volumes);

static struct local_volume *volume_create(uint32_t dev_major, uint32_t dev_minor)
{
    struct local_volume *volume = must_calloc(1, sizeof(*volume));

    volume->dev_major = dev_major;
    volume->dev_minor = dev_minor;
    randombytes_buf(&volume->hash_seed, sizeof(volume->hash_seed));
    for (size_t i = 0; i < LOCAL_VOLUME_SHARDS; i++) {
        CHECK(pthread_mutex_init(&volume->shards[i].lock, NULL) == 0);
        htable_init(&volume->shards[i].nodes, 64);
    }
    local_witness_init(&volume->witness, &volume->versions);
    list_push_back(&volumes, &volume->link);
    return volume;
}

static void volume_destroy(struct local_volume *volume)
{
    for (size_t i = 0; i < LOCAL_VOLUME_SHARDS; i++) {
        htable_fini(&volume->shards[i].nodes);
        CHECK(pthread_mutex_destroy(&volume->shards[i].lock) == 0);
    }
    local_witness_fini(&volume->witness);
    local_kept_destroy(atomic_load(&volume->kept_files));
    free(volume);
}

static struct local_volume *find_locked(uint32_t dev_major, uint32_t dev_minor)
{
    LIST_FOREACH (volume, &volumes, struct local_volume, link) {
        if (volume->dev_major == dev_major && volume->dev_minor == dev_minor)
            return volume;
    }
    return NULL;
}

struct local_volume *local_volume_get(uint32_t dev_major, uint32_t dev_minor)
{
    struct local_volume *volume;

    pthread_mutex_lock(&volumes_lock);
    volume = find_locked(dev_major, dev_minor);
    if (!volume)
        volume = volume_create(dev_major, dev_minor);
    volume->refs++;
    pthread_mutex_unlock(&volumes_lock);
    return volume;
}

void local_volume_put(struct local_volume *volume)
{
    bool last;

    if (!volume)
        return;
    pthread_mutex_lock(&volumes_lock);
    last = --volume->refs == 0;
    if (last)
        list_remove(&volume->link);
    pthread_mutex_unlock(&volumes_lock);
    if (last)
        volume_destroy(volume);
}

static uint64_t id_hash(const struct local_volume *volume, const struct local_id *id)
{
    return hash_bytes(id->data, id->len, volume->hash_seed);
}

static struct local_volume_shard *shard_of(struct local_volume *volume, uint64_t hash)
{
    return &volume->shards[hash >> 58]; /* the table uses the low bits */
}

_Static_assert(LOCAL_VOLUME_SHARDS == 1 << (64 - 58), "the shard is the top bits of the hash");

static struct local_node *node_locked(struct local_volume_shard *shard, const struct local_id *id,
                                      uint64_t hash)
{
    for (struct hnode *n = htable_first(&shard->nodes, hash); n; n = htable_next(n)) {
        struct local_node *node = CONTAINER_OF(n, struct local_node, by_id);

        if (node->id.len == id->len && memcmp(node->id.data, id->data, id->len) == 0) {
            node->refs++;
            return node;
        }
    }
    return NULL;
}

static struct local_node *node_create_locked(struct local_volume_shard *shard,
                                             const struct local_id *id, uint64_t hash)
{
    struct local_node *node = memory_zalloc(MEMORY_cached, sizeof(*node));

    if (!node)
        return NULL;
    node->id.len = id->len;
    memcpy(node->id.data, id->data, id->len);
    node->refs = 1;
    atomic_init(&node->kept_fd, -1);
    local_names_init(&node->names);
    htable_insert(&shard->nodes, &node->by_id, hash);
    return node;
}

struct local_node *local_node_get(struct local_volume *volume, const struct local_id *id)
{
    uint64_t hash = id_hash(volume, id);
    struct local_volume_shard *shard = shard_of(volume, hash);
    struct local_node *node;

    pthread_mutex_lock(&shard->lock);
    node = node_locked(shard, id, hash);
    if (!node)
        node = node_create_locked(shard, id, hash);
    pthread_mutex_unlock(&shard->lock);
    return node;
}

struct local_node *local_node_lookup(struct local_volume *volume, const struct local_id *id)
{
    uint64_t hash = id_hash(volume, id);
    struct local_volume_shard *shard = shard_of(volume, hash);
    struct local_node *node;

    pthread_mutex_lock(&shard->lock);
    node = node_locked(shard, id, hash);
    pthread_mutex_unlock(&shard->lock);
    return node;
}

void local_node_put(struct local_volume *volume, struct local_node *node)
{
    struct local_volume_shard *shard;
    bool last;

    if (!node)
        return;
    shard = shard_of(volume, node->by_id.hash);
    pthread_mutex_lock(&shard->lock);
    last = --node->refs == 0;
    if (last)
        htable_remove(&shard->nodes, &node->by_id);
    pthread_mutex_unlock(&shard->lock);
    if (!last)
        return;
    CHECK(!atomic_load_explicit(&node->base.state, memory_order_relaxed));
    CHECK(atomic_load(&node->kept_fd) < 0); /* released with the last open */
    local_names_fini(&node->names);
    memory_free(MEMORY_cached, node);
}

bool local_node_shared(struct local_volume *volume, const struct local_node *node)
{
    struct local_volume_shard *shard = shard_of(volume, node->by_id.hash);
    bool shared;

    pthread_mutex_lock(&shard->lock);
    shared = node->refs > 1;
    pthread_mutex_unlock(&shard->lock);
    return shared;
}

/* ---- open files without a name ---- */

/* Returns the descriptor to close, or -1. */
static int unkeep_locked(struct local_volume *volume, struct local_node *node)
{
    int fd;

    if (atomic_load(&node->opens) > 0)
        return -1;
    fd = atomic_exchange(&node->kept_fd, -1);
    if (fd >= 0)
        atomic_fetch_sub_explicit(&volume->kept, 1, memory_order_relaxed);
    return fd;
}

void local_node_keep(struct local_volume *volume, struct local_node *node, int fd)
{
    struct local_volume_shard *shard = shard_of(volume, node->by_id.hash);

    pthread_mutex_lock(&shard->lock);
    if (atomic_load(&node->kept_fd) < 0) {
        atomic_store(&node->kept_fd, fd);
        atomic_fetch_add_explicit(&volume->kept, 1, memory_order_relaxed);
        fd = unkeep_locked(volume, node);
    }
    pthread_mutex_unlock(&shard->lock);
    if (fd >= 0)
        close(fd);
}

int local_node_kept(struct local_volume *volume, struct local_node *node)
{
    struct local_volume_shard *shard = shard_of(volume, node->by_id.hash);
    int fd;

    if (atomic_load(&node->kept_fd) < 0)
        return -1;
    pthread_mutex_lock(&shard->lock);
    fd = atomic_load(&node->kept_fd);
    if (fd >= 0)
        fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    pthread_mutex_unlock(&shard->lock);
    return fd;
}

void local_node_opened(struct local_node *node, uint32_t n)
{
    atomic_fetch_add(&node->opens, n);
}

void local_node_closed(struct local_volume *volume, struct local_node *node, uint32_t n)
{
    struct local_volume_shard *shard = shard_of(volume, node->by_id.hash);
    uint32_t before = atomic_fetch_sub(&node->opens, n);
    int fd;

    CHECK(before >= n);
    /* local_node_keep() stores the descriptor before it checks the opens. */
    if (before > n || atomic_load(&node->kept_fd) < 0)
        return;
    pthread_mutex_lock(&shard->lock);
    fd = unkeep_locked(volume, node);
    pthread_mutex_unlock(&shard->lock);
    if (fd < 0)
        return;
    vfs_blocking_begin(false); /* if it is the file's last descriptor, its space is freed */
    close(fd);
    vfs_blocking_end();
}
