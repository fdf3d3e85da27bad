/* SPDX-License-Identifier: Apache-2.0 */
#include "state/file/file.h"

#include <time.h>

#include "base/check.h"
#include "base/htable.h"
#include "base/memory.h"

void file_shards_init(struct file_shard *shards)
{
    for (size_t i = 0; i < FILE_SHARDS; i++)
        CHECK(pthread_mutex_init(&shards[i].lock, NULL) == 0);
}

void file_shards_fini(struct file_shard *shards)
{
    for (size_t i = 0; i < FILE_SHARDS; i++)
        pthread_mutex_destroy(&shards[i].lock);
}

static struct file_shard *shard_of(struct file_shard *shards, const struct vfs_object *obj)
{
    return &shards[hash_u64((uint64_t)(uintptr_t)obj->node) % FILE_SHARDS];
}

static struct file *file_create(struct file_shard *shard, struct vfs_object *obj)
{
    struct file *file = memory_zalloc(MEMORY_opens, sizeof(*file));

    if (!file)
        return NULL;
    file->shard = shard;
    file->obj = vfs_object_get(obj);
    CHECK(pthread_mutex_init(&file->lock, NULL) == 0);
    share_table_init(&file->opens);
    lock_table_init(&file->locks);
    list_init(&file->waiters);
    list_init(&file->watch_link);
    list_init(&file->delegations);
    list_init(&file->delegation_waiters);
    return file;
}

struct file *file_get_or_create(struct file_shard *shards, struct vfs_object *obj)
{
    struct file_shard *shard = shard_of(shards, obj);
    struct file *file;

    pthread_mutex_lock(&shard->lock);
    file = atomic_load_explicit(&obj->node->state, memory_order_relaxed);
    if (!file) {
        file = file_create(shard, obj);
        atomic_store_explicit(&obj->node->state, file, memory_order_relaxed);
    }
    if (file)
        file->refs++;
    pthread_mutex_unlock(&shard->lock);
    return file;
}

struct file *file_lookup(struct file_shard *shards, struct vfs_object *obj)
{
    struct file_shard *shard = shard_of(shards, obj);
    struct file *file;

    /* One that comes up now might as well have come up later: most files have none. */
    if (!atomic_load_explicit(&obj->node->state, memory_order_relaxed))
        return NULL;
    pthread_mutex_lock(&shard->lock);
    file = atomic_load_explicit(&obj->node->state, memory_order_relaxed);
    if (file)
        file->refs++;
    pthread_mutex_unlock(&shard->lock);
    return file;
}

struct file *file_get(struct file *file)
{
    pthread_mutex_lock(&file->shard->lock);
    file->refs++;
    pthread_mutex_unlock(&file->shard->lock);
    return file;
}

void file_put(struct file *file)
{
    struct file_shard *shard = file->shard;
    bool last;

    pthread_mutex_lock(&shard->lock);
    last = --file->refs == 0;
    if (last)
        atomic_store_explicit(&file->obj->node->state, NULL, memory_order_relaxed);
    pthread_mutex_unlock(&shard->lock);
    if (!last)
        return;
    CHECK(list_empty(&file->waiters));
    CHECK(list_empty(&file->delegations) && list_empty(&file->delegation_waiters));
    share_table_fini(&file->opens);
    lock_table_fini(&file->locks);
    if (file->lock_states_ready)
        htable_fini(&file->lock_states);
    pthread_mutex_destroy(&file->lock);
    vfs_object_put(file->obj);
    memory_free(MEMORY_opens, file);
}

void file_lock_after_others(struct file *file)
{
    const struct timespec shortest = {0, 1};

    (void)nanosleep(&shortest, NULL);
    pthread_mutex_lock(&file->lock);
}
