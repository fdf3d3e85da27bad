/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pooled, reference-counted memory for receiving and for replies.
 *
 * Buffers come in five sizes.  A few free ones of each size are kept, so a warm server takes no
 * memory from malloc; the rest goes back, so what a burst took does not stay.  Thread safe.
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
    /* Batches end, and replies go out, about here. */
    BUFFER_BATCH_BYTES = 256 << 10,
    /* A whole record, or a reply, behind a batch; and what headers and marks take. */
    BUFFER_LARGE_BYTES = BUFFER_BATCH_BYTES + LIMIT_REPLY_BYTES + 4096,
};

struct buffer {
    _Atomic uint32_t refs; /* loop, connection, running call, send queue */
    enum buffer_class size_class;
    size_t size;
    struct buffer_pool *pool;
    struct buffer *next; /* free list */
    uint8_t data[];
};

struct buffer_pool {
    pthread_mutex_t lock; /* the free lists; nothing is locked inside it */
    struct {
        struct buffer *head;
        unsigned count;
    } free[BUFFER_CLASS_COUNT];
};

void buffer_pool_init(struct buffer_pool *pool);

/* Every buffer must have come back. */
void buffer_pool_fini(struct buffer_pool *pool);

/* A buffer of at least `size` <= BUFFER_LARGE_BYTES bytes, not cleared, with one reference; NULL
 * when there is no memory. */
struct buffer *buffer_create(struct buffer_pool *pool, size_t size) MUST_USE;

static inline void buffer_get(struct buffer *buffer)
{
    atomic_fetch_add_explicit(&buffer->refs, 1, memory_order_relaxed);
}

/* NULL is allowed. */
void buffer_put(struct buffer *buffer);

/* True when nobody but the caller has a reference, so that nobody else can take one either. */
static inline bool buffer_is_private(struct buffer *buffer)
{
    return atomic_load_explicit(&buffer->refs, memory_order_acquire) == 1;
}
