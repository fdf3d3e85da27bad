/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/buffer.h"

#include "base/check.h"
#include "base/memory.h"

static const size_t class_sizes[BUFFER_CLASS_COUNT] = {
    [BUFFER_4K] = 4 << 10,
    [BUFFER_16K] = 16 << 10,
    [BUFFER_64K] = 64 << 10,
    [BUFFER_256K] = 256 << 10,
    [BUFFER_LARGE] = BUFFER_LARGE_BYTES,
};

/* How many free buffers of each size are kept. */
static const unsigned class_kept[BUFFER_CLASS_COUNT] = {
    [BUFFER_4K] = 64, [BUFFER_16K] = 64, [BUFFER_64K] = 32, [BUFFER_256K] = 16, [BUFFER_LARGE] = 16,
};

void buffer_pool_init(struct buffer_pool *pool)
{
    CHECK(pthread_mutex_init(&pool->lock, NULL) == 0);
    for (int size_class = 0; size_class < BUFFER_CLASS_COUNT; size_class++) {
        pool->free[size_class].head = NULL;
        pool->free[size_class].count = 0;
    }
}

void buffer_pool_fini(struct buffer_pool *pool)
{
    for (int size_class = 0; size_class < BUFFER_CLASS_COUNT; size_class++) {
        while (pool->free[size_class].head) {
            struct buffer *buffer = pool->free[size_class].head;

            pool->free[size_class].head = buffer->next;
            memory_free(MEMORY_buffers, buffer);
        }
    }
    pthread_mutex_destroy(&pool->lock);
}

static enum buffer_class class_for(size_t size)
{
    enum buffer_class size_class = BUFFER_4K;

    while (class_sizes[size_class] < size) {
        CHECK(size_class < BUFFER_LARGE);
        size_class++;
    }
    return size_class;
}

struct buffer *buffer_create(struct buffer_pool *pool, size_t size)
{
    enum buffer_class size_class = class_for(size);
    struct buffer *buffer;

    pthread_mutex_lock(&pool->lock);
    buffer = pool->free[size_class].head;
    if (buffer) {
        pool->free[size_class].head = buffer->next;
        pool->free[size_class].count--;
    }
    pthread_mutex_unlock(&pool->lock);

    if (!buffer) {
        /* Not cleared: pages that are never written take no memory. */
        buffer = memory_alloc(MEMORY_buffers, sizeof(*buffer) + class_sizes[size_class]);
        if (!buffer)
            return NULL;
        buffer->size_class = size_class;
        buffer->size = class_sizes[size_class];
        buffer->pool = pool;
    }
    buffer->next = NULL;
    atomic_store_explicit(&buffer->refs, 1, memory_order_relaxed);
    return buffer;
}

static void buffer_free(struct buffer *buffer)
{
    struct buffer_pool *pool = buffer->pool;
    enum buffer_class size_class = buffer->size_class;
    bool keep;

    pthread_mutex_lock(&pool->lock);
    keep = pool->free[size_class].count < class_kept[size_class];
    if (keep) {
        buffer->next = pool->free[size_class].head;
        pool->free[size_class].head = buffer;
        pool->free[size_class].count++;
    }
    pthread_mutex_unlock(&pool->lock);
    if (!keep)
        memory_free(MEMORY_buffers, buffer);
}

void buffer_put(struct buffer *buffer)
{
    if (!buffer)
        return;
    if (atomic_fetch_sub_explicit(&buffer->refs, 1, memory_order_acq_rel) == 1)
        buffer_free(buffer);
}
