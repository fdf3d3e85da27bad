/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The blocks of a file: MEM_BLOCK_BYTES of its data each, by number.  A hole has none.  After a
 * clone several files, or several places of one, share a block; who writes to it gets a copy.
 *
 * A shared block counts once in the space of the file system, and in space_used of each file that
 * has it.  So a write to a shared block may find no space, although no file grows.
 *
 * A block may be lent to a reply that is being sent.  It stays as it is until it is returned: who
 * writes to it meanwhile gets a copy, for which there is always space.  Until then it counts in the
 * space of the file system.
 *
 * Invariant: all bytes of a block beyond the end of the file are zero, so a file can grow without
 * touching its blocks.  The file is locked: write-locked for all but mem_block_get(),
 * mem_block_lend(), mem_block_hole(), mem_block_data() and mem_block_missing().
 */
#pragma once

#include "backend/mem/mem_internal.h"

/* The block's bytes; NULL: a hole. */
const char *mem_block_get(const struct mem_object *obj, uint64_t number);

struct mem_block;

/* The block's bytes, and the block, to be returned; NULL: a hole. */
const char *mem_block_lend(const struct mem_object *obj, uint64_t number, struct mem_block **lent);
/* Any thread, without locks. */
void mem_block_return(struct mem_fs *fs, struct mem_block *lent);

/* How many bytes from `offset` on are in a hole: 0 if there is data, UINT64_MAX if no data
 * follows. */
uint64_t mem_block_hole(const struct mem_object *obj, uint64_t offset);

/* The same for data, up to `end`; `offset` is not behind it. */
uint64_t mem_block_data(const struct mem_object *obj, uint64_t offset, uint64_t end);

/* The first block from `number` on for which a write would need space: there is none, or it is
 * shared.  `end`: none in front of that. */
uint64_t mem_block_missing(const struct mem_object *obj, uint64_t number, uint64_t end);

/* *count = how many blocks it shares, also with itself.  False: it has more than `max` blocks, and
 * there may be shared ones among them. */
bool mem_blocks_shared(const struct mem_object *obj, uint32_t max, uint64_t *count);

/* The block to write to, which no other place has; allocated if there is a hole, and cleared unless
 * all of it will be written.  NULL: no space. */
char *mem_block_for_write(struct mem_object *obj, uint64_t number, bool whole);

/* Make a block a hole if all its bytes are zero. */
void mem_block_drop_zeros(struct mem_object *obj, uint64_t number);

/* Make a range read as zeros, and free the blocks that are whole in it.  Ends early after `max`
 * blocks, and where there is no space for a part of a shared one.  Returns how many bytes of the
 * range were done; *blocks is how many blocks there were. */
uint64_t mem_blocks_clear(struct mem_object *obj, uint64_t offset, uint64_t length, uint32_t max,
                          uint32_t *blocks);

/* To be asked before mem_blocks_cut(), under the same lock.  False: no space. */
bool mem_block_may_cut(struct mem_object *obj, uint64_t size);
/* Free what is behind the first `size` bytes, and clear the rest of the last block. */
void mem_blocks_cut(struct mem_object *obj, uint64_t size);

/* Two ranges of blocks, in numbers, of one file system.  They do not overlap. */
struct mem_share {
    struct mem_object *from; /* locked for reading at least */
    uint64_t from_number;
    struct mem_object *to; /* write-locked; may be the same */
    uint64_t to_number;
    uint64_t count;
};

/* Give the target the blocks and holes of the source in place of its own.  False: no space for the
 * nodes of its tree; nothing has changed. */
bool mem_blocks_share(const struct mem_share *share);
