/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/limits.h"

struct arena_chunk {
    struct arena_chunk *next;
    size_t size;
    alignas(max_align_t) unsigned char data[];
};

static struct arena_chunk *chunk_create(size_t size)
{
    struct arena_chunk *chunk = must_malloc(sizeof(*chunk) + size);

    chunk->next = NULL;
    chunk->size = size;
    return chunk;
}

static void chunks_free(struct arena_chunk *chunk)
{
    while (chunk) {
        struct arena_chunk *next = chunk->next;

        free(chunk);
        chunk = next;
    }
}

void arena_init(struct arena *arena, size_t first_size)
{
    arena->first = chunk_create(first_size);
    arena->current = arena->first;
    arena->used = 0;
    arena->total = 0;
}

void arena_fini(struct arena *arena)
{
    chunks_free(arena->first);
    memset(arena, 0, sizeof(*arena));
}

void arena_reset(struct arena *arena)
{
    chunks_free(arena->first->next);
    arena->first->next = NULL;
    arena->current = arena->first;
    arena->used = 0;
    arena->total = 0;
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
    if (size > arena->current->size - arena->used) {
        size_t wanted = arena->first->size > size ? arena->first->size : size;

        arena->current->next = chunk_create(wanted);
        arena->current = arena->current->next;
        arena->used = 0;
    }
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
