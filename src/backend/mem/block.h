/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The blocks of a file: MEM_BLOCK_BYTES of its data each, by number.  A hole has none.
 *
 * Invariant: all bytes of a block beyond the end of the file are zero, so a file can grow without
 * touching its blocks.  The file is locked: write-locked for all but mem_block_get() and
 * mem_block_hole().  Space is taken from and given to its file system, and counted in space_used.
 */
#pragma once

#include "backend/mem/mem_internal.h"

/* The block's bytes; NULL: a hole. */
const char *mem_block_get(const struct mem_object *obj, uint64_t number);

/* How many bytes from `offset` on are in a hole: 0 if there is data, UINT64_MAX if no data
 * follows. */
uint64_t mem_block_hole(const struct mem_object *obj, uint64_t offset);

/* The block to write to; allocated if there is a hole, and cleared unless all of it will be
 * written.  NULL: no space. */
char *mem_block_for_write(struct mem_object *obj, uint64_t number, bool whole);

/* Make a range read as zeros, and free the blocks that are whole in it.  Ends early after `max`
 * blocks.  Returns how many bytes of the range were done; *blocks is how many blocks there were. */
uint64_t mem_blocks_clear(struct mem_object *obj, uint64_t offset, uint64_t length, uint32_t max,
                          uint32_t *blocks);

/* Free what is behind the first `size` bytes, and clear the rest of the last block. */
void mem_blocks_cut(struct mem_object *obj, uint64_t size);
