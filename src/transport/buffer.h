/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pooled, reference-counted memory for receiving and for replies.
 *
 * Buffers come in five sizes.  A few free buffers of each size are kept, so that a server under
 * steady load does not call malloc; the others are freed, so that a burst does not leave memory
 * behind.  Thread safe.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"
#include "base/limits.h"

enum buffer_class {
    BUFFER_4K,
    BUFFER_16K,
    BUFFER_64K,
    BUFFER_256K,
    BUFFER_LARGE,
};

enum {
    BUFFER_CLASS_COUNT = BUFFER_LARGE + 1,
    /* Batches end, and their replies are sent, at about this size. */
    BUFFER_BATCH_BYTES = 256 << 10,
    /* Room for a batch, then a whole record or reply, then headers and record marks. */
    BUFFER_LARGE_BYTES = BUFFER_BATCH_BYTES + LIMIT_REPLY_BYTES + 4096,
};

struct buffer {
    _Atomic uint32_t refs; /* held by: loop, connection, running call, send queue */
    enum buffer_class size_class;
    size_t size;
    struct buffer_pool *pool;
    struct buffer *next; /* free list */
    uint8_t data[];
};

struct buffer_pool {
    pthread_mutex_t lock; /* guards the free lists; a leaf */
    struct {
        struct buffer *head;
        unsigned count;
    } free[BUFFER_CLASS_COUNT];
};

void buffer_pool_init(struct buffer_pool *pool);

/* All buffers must have been put. */
void buffer_pool_fini(struct buffer_pool *pool);

/* A buffer of at least `size` <= BUFFER_LARGE_BYTES bytes, not cleared, with one reference.  NULL
 * without memory. */
struct buffer *buffer_create(struct buffer_pool *pool, size_t size) MUST_USE;

static inline void buffer_get(struct buffer *buffer)
{
    atomic_fetch_add_explicit(&buffer->refs, 1, memory_order_relaxed);
}

/* NULL is allowed. */
void buffer_put(struct buffer *buffer);

/* True when the caller holds the only reference; no other thread can take one then. */
static inline bool buffer_is_private(struct buffer *buffer)
{
    return atomic_load_explicit(&buffer->refs, memory_order_acquire) == 1;
}
