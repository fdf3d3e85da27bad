/* SPDX-License-Identifier: Apache-2.0 */
#include "backend/mem/block.h"

#include <string.h>

#include "base/memory.h"

const char *mem_block_get(const struct mem_object *obj, uint64_t number)
{
    return radix_get(&obj->file.blocks, number);
}

uint64_t mem_block_hole(const struct mem_object *obj, uint64_t offset)
{
    uint64_t number = offset / MEM_BLOCK_BYTES;

    if (!radix_next(&obj->file.blocks, &number))
        return UINT64_MAX;
    return number * MEM_BLOCK_BYTES > offset ? number * MEM_BLOCK_BYTES - offset : 0;
}

static void drop(struct mem_object *obj, uint64_t number)
{
    struct space *space = &mem_fs_of_object(obj)->space;

    memory_free(MEMORY_data, radix_remove(&obj->file.blocks, space, number));
    space_give(space, MEM_BLOCK_BYTES);
    obj->attr.space_used -= MEM_BLOCK_BYTES;
}

char *mem_block_for_write(struct mem_object *obj, uint64_t number, bool whole)
{
    struct space *space = &mem_fs_of_object(obj)->space;
    char *block = radix_get(&obj->file.blocks, number);

    if (block)
        return block;
    if (!space_take(space, MEM_BLOCK_BYTES))
        return NULL;
    block = whole ? memory_alloc(MEMORY_data, MEM_BLOCK_BYTES)
                  : memory_zalloc(MEMORY_data, MEM_BLOCK_BYTES);
    if (!block || !radix_insert(&obj->file.blocks, space, number, block, false)) {
        memory_free(MEMORY_data, block);
        space_give(space, MEM_BLOCK_BYTES);
        return NULL;
    }
    obj->attr.space_used += MEM_BLOCK_BYTES;
    return block;
}

/* Clear `len` bytes of an existing block, or drop it if that is all of it. */
static void clear(struct mem_object *obj, uint64_t number, uint32_t within, uint32_t len)
{
    if (len == MEM_BLOCK_BYTES)
        drop(obj, number);
    else
        memset(mem_block_for_write(obj, number, false) + within, 0, len);
}

uint64_t mem_blocks_clear(struct mem_object *obj, uint64_t offset, uint64_t length, uint32_t max,
                          uint32_t *blocks)
{
    uint64_t at = offset, end = offset + length;

    *blocks = 0;
    while (at < end) {
        uint64_t hole = mem_block_hole(obj, at);
        uint32_t within, part;

        if (hole >= end - at)
            return length;
        if (*blocks == max)
            return at + hole - offset;
        at += hole;
        within = at % MEM_BLOCK_BYTES;
        part = MEM_BLOCK_BYTES - within;
        if (part > end - at)
            part = (uint32_t)(end - at);
        clear(obj, at / MEM_BLOCK_BYTES, within, part);
        at += part;
        ++*blocks;
    }
    return length;
}

void mem_blocks_cut(struct mem_object *obj, uint64_t size)
{
    uint32_t within = size % MEM_BLOCK_BYTES;
    uint64_t number = size / MEM_BLOCK_BYTES;

    if (within && mem_block_get(obj, number))
        clear(obj, number, within, MEM_BLOCK_BYTES - within);
    number += within != 0;
    while (radix_next(&obj->file.blocks, &number))
        drop(obj, number);
}
