/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bump allocator with the life of one request.  Nothing in it is freed alone: arena_reset()
 * takes everything back at once and keeps the first chunk, so a request that stays small never
 * calls malloc.  What must outlive the request is copied out.
 *
 * Not thread safe: an arena belongs to the thread that runs the request.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena_chunk;

struct arena {
    struct arena_chunk *first; /* kept over a reset; NULL until something is allocated */
    struct arena_chunk *current;
    size_t chunk_size;
    size_t used;  /* of the current chunk */
    size_t total; /* bytes handed out since the last reset */
    bool starved; /* there was no memory for it, since then */
};

/* Make an arena that grows by chunks of `chunk_size` bytes; it has none yet. */
void arena_init(struct arena *arena, size_t chunk_size);

/* Give back all memory. */
void arena_fini(struct arena *arena);

/* Forget all allocations; every pointer into the arena is dead afterwards. */
void arena_reset(struct arena *arena);

/* `size` bytes aligned for any type, not cleared.  NULL without memory, and when the arena would
 * grow beyond LIMIT_ARENA_BYTES: the caller answers with an error that fits (usually
 * NFS4ERR_RESOURCE's 4.1 equivalent, NFS4ERR_SERVERFAULT or a decode failure). */
void *arena_alloc(struct arena *arena, size_t size);

/* The same, filled with zero bytes. */
void *arena_zalloc(struct arena *arena, size_t size);

/* A copy of `len` bytes with a NUL behind them. */
char *arena_strndup(struct arena *arena, const void *data, size_t len);
