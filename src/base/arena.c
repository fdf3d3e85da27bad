/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"

#include <stdalign.h>
#include <stdbool.h>
#include <string.h>

#include "base/limits.h"
#include "base/memory.h"

struct arena_chunk {
    struct arena_chunk *next;
    size_t size;
    alignas(max_align_t) unsigned char data[];
};

static struct arena_chunk *chunk_create(size_t size)
{
    struct arena_chunk *chunk = memory_alloc(MEMORY_calls, sizeof(*chunk) + size);

    if (!chunk)
        return NULL;
    chunk->next = NULL;
    chunk->size = size;
    return chunk;
}

static void chunks_free(struct arena_chunk *chunk)
{
    while (chunk) {
        struct arena_chunk *next = chunk->next;

        memory_free(MEMORY_calls, chunk);
        chunk = next;
    }
}

void arena_init(struct arena *arena, size_t chunk_size)
{
    *arena = (struct arena){.chunk_size = chunk_size};
}

void arena_fini(struct arena *arena)
{
    chunks_free(arena->first);
    memset(arena, 0, sizeof(*arena));
}

void arena_reset(struct arena *arena)
{
    /* One that was made for something large is not worth keeping. */
    if (arena->first && arena->first->size > arena->chunk_size) {
        chunks_free(arena->first);
        arena->first = NULL;
    } else if (arena->first) {
        chunks_free(arena->first->next);
        arena->first->next = NULL;
    }
    arena->current = arena->first;
    arena->used = 0;
    arena->total = 0;
    arena->out_of_memory = false;
}

/* A chunk with room for `size` bytes behind those that there are. */
static bool arena_grow(struct arena *arena, size_t size)
{
    struct arena_chunk *chunk = chunk_create(size > arena->chunk_size ? size : arena->chunk_size);

    arena->out_of_memory = !chunk;
    if (!chunk)
        return false;
    if (arena->current)
        arena->current->next = chunk;
    else
        arena->first = chunk;
    arena->current = chunk;
    arena->used = 0;
    return true;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    const size_t align = alignof(max_align_t);
    void *p;

    if (size > LIMIT_ARENA_BYTES)
        return NULL;
    size = (size + align - 1) & ~(align - 1);
    if (arena->total + size > LIMIT_ARENA_BYTES)
        return NULL;
    if ((!arena->current || size > arena->current->size - arena->used) && !arena_grow(arena, size))
        return NULL;
    p = arena->current->data + arena->used;
    arena->used += size;
    arena->total += size;
    return p;
}

void *arena_zalloc(struct arena *arena, size_t size)
{
    void *p = arena_alloc(arena, size);

    if (p)
        memset(p, 0, size);
    return p;
}

char *arena_strndup(struct arena *arena, const void *data, size_t len)
{
    char *copy = len < LIMIT_ARENA_BYTES ? arena_alloc(arena, len + 1) : NULL;

    if (!copy)
        return NULL;
    if (len)
        memcpy(copy, data, len);
    copy[len] = '\0';
    return copy;
}
