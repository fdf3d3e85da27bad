/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bump allocator for the memory of one request.  Nothing in it is freed separately: arena_reset()
 * releases everything at once and keeps the first chunk, so a small request never calls malloc.
 * What must outlive the request is copied out.
 *
 * Not thread safe: an arena belongs to the thread that runs the request.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena_chunk;

struct arena {
    struct arena_chunk *first; /* survives a reset; NULL until the first allocation */
    struct arena_chunk *current;
    size_t chunk_size;
    size_t used;        /* bytes of the current chunk */
    size_t total;       /* bytes allocated since the last reset */
    bool out_of_memory; /* an allocation has failed since then */
};

/* Initialize an arena that grows by chunks of `chunk_size` bytes.  Allocates nothing yet. */
void arena_init(struct arena *arena, size_t chunk_size);

/* Give back all memory. */
void arena_fini(struct arena *arena);

/* Release all allocations; all pointers into the arena become invalid. */
void arena_reset(struct arena *arena);

/* `size` bytes aligned for any type, not cleared.  NULL without memory, and when the arena would
 * exceed LIMIT_ARENA_BYTES: the caller then returns a suitable error (usually NFS4ERR_SERVERFAULT,
 * or NFS4ERR_RESOURCE in 4.0, or a decode failure). */
void *arena_alloc(struct arena *arena, size_t size);

/* The same, cleared. */
void *arena_zalloc(struct arena *arena, size_t size);

/* A copy of `len` bytes, followed by a NUL. */
char *arena_strndup(struct arena *arena, const void *data, size_t len);
