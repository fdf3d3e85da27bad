/* SPDX-License-Identifier: Apache-2.0 */
#include "backend/mem/block.h"

#include <string.h>

#include "base/memory.h"

/* Holders of a reference: the files that share the block, once for each place that they have it at,
 * and replies that it is lent to.  Who finds itself the only one, with its file write-locked, may
 * change the block: others get theirs from a file that is locked, too. */
struct mem_block {
    char bytes[MEM_BLOCK_BYTES];
    _Atomic uint64_t refs; /* of files, and of replies BLOCK_LENT each */
};

#define BLOCK_LENT (UINT64_C(1) << 32)

static struct mem_block *find(const struct mem_object *obj, uint64_t number)
{
    return radix_get(&obj->file.blocks, number);
}

const char *mem_block_get(const struct mem_object *obj, uint64_t number)
{
    const struct mem_block *block = find(obj, number);

    return block ? block->bytes : NULL;
}

uint64_t mem_block_hole(const struct mem_object *obj, uint64_t offset)
{
    uint64_t number = offset / MEM_BLOCK_BYTES;

    if (!radix_next(&obj->file.blocks, &number))
        return UINT64_MAX;
    return number * MEM_BLOCK_BYTES > offset ? number * MEM_BLOCK_BYTES - offset : 0;
}

/* `space` has been taken; it is given back if there is no memory. */
static struct mem_block *begin(struct space *space, struct mem_block *block)
{
    if (block)
        atomic_init(&block->refs, 1);
    else
        space_give(space, MEM_BLOCK_BYTES);
    return block;
}

static struct mem_block *create(struct space *space, bool zeroed)
{
    const size_t size = sizeof(struct mem_block);

    if (!space_take(space, MEM_BLOCK_BYTES))
        return NULL;
    return begin(space,
                 zeroed ? memory_zalloc(MEMORY_data, size) : memory_alloc(MEMORY_data, size));
}

/* Release pairs with acquire here and in refs_of(): who still has the block changes or frees it
 * after our last use. */
static void drop_refs(struct space *space, struct mem_block *block, uint64_t refs)
{
    if (atomic_fetch_sub_explicit(&block->refs, refs, memory_order_acq_rel) > refs)
        return;
    memory_free(MEMORY_data, block);
    space_give(space, MEM_BLOCK_BYTES);
}

static void put(struct space *space, struct mem_block *block)
{
    drop_refs(space, block, 1);
}

static uint64_t refs_of(const struct mem_block *block)
{
    return atomic_load_explicit(&block->refs, memory_order_acquire);
}

/* By files. */
static bool is_shared(const struct mem_block *block)
{
    return refs_of(block) % BLOCK_LENT > 1;
}

const char *mem_block_lend(const struct mem_object *obj, uint64_t number, struct mem_block **lent)
{
    *lent = find(obj, number);
    if (!*lent)
        return NULL;
    /* The file has a reference. */
    atomic_fetch_add_explicit(&(*lent)->refs, BLOCK_LENT, memory_order_relaxed);
    return (*lent)->bytes;
}

void mem_block_return(struct mem_fs *fs, struct mem_block *lent)
{
    drop_refs(&fs->space, lent, BLOCK_LENT);
}

uint64_t mem_block_data(const struct mem_object *obj, uint64_t offset, uint64_t end)
{
    uint64_t last = end / MEM_BLOCK_BYTES + 1;
    uint64_t hole = radix_gap(&obj->file.blocks, offset / MEM_BLOCK_BYTES, last) * MEM_BLOCK_BYTES;

    if (hole <= offset)
        return 0;
    return (hole < end ? hole : end) - offset;
}

uint64_t mem_block_missing(const struct mem_object *obj, uint64_t number, uint64_t end)
{
    uint64_t gap = radix_gap(&obj->file.blocks, number, end);

    while (number < gap && !is_shared(find(obj, number)))
        number++;
    return number;
}

bool mem_blocks_shared(const struct mem_object *obj, uint32_t max, uint64_t *count)
{
    const struct mem_block *block;
    uint64_t number = 0;

    *count = 0;
    if (!atomic_load_explicit(&mem_fs_of_object(obj)->cloned, memory_order_relaxed))
        return true;
    if (obj->attr.space_used / MEM_BLOCK_BYTES > max)
        return false;
    while ((block = radix_next(&obj->file.blocks, &number))) {
        *count += is_shared(block);
        number++;
    }
    return true;
}

static void drop(struct mem_object *obj, uint64_t number)
{
    struct space *space = &mem_fs_of_object(obj)->space;

    put(space, radix_remove(&obj->file.blocks, space, number));
    obj->attr.space_used -= MEM_BLOCK_BYTES;
}

void mem_block_drop_zeros(struct mem_object *obj, uint64_t number)
{
    const char *bytes = mem_block_get(obj, number);

    if (bytes && bytes[0] == 0 && memcmp(bytes, bytes + 1, MEM_BLOCK_BYTES - 1) == 0)
        drop(obj, number);
}

/* In place of a block that others have, too.  Replies return theirs soon: for them alone nobody
 * runs out of space. */
static struct mem_block *create_own(struct space *space, const struct mem_block *block)
{
    if (is_shared(block))
        return create(space, false);
    space_force(space, MEM_BLOCK_BYTES);
    return begin(space, memory_take(MEMORY_data, sizeof(struct mem_block)));
}

/* A block of its own in place of one that others have, too; NULL: no space. */
static struct mem_block *split(struct mem_object *obj, uint64_t number, struct mem_block *block,
                               bool whole)
{
    struct space *space = &mem_fs_of_object(obj)->space;
    struct mem_block *own = create_own(space, block);

    if (!own)
        return refs_of(block) > 1 ? NULL : block; /* the others may have done so meanwhile */
    if (!whole)
        memcpy(own->bytes, block->bytes, MEM_BLOCK_BYTES);
    (void)radix_exchange(&obj->file.blocks, number, own);
    put(space, block);
    return own;
}

static struct mem_block *fill_hole(struct mem_object *obj, uint64_t number, bool whole)
{
    struct space *space = &mem_fs_of_object(obj)->space;
    struct mem_block *block = create(space, !whole);

    if (!block)
        return NULL;
    if (!radix_insert(&obj->file.blocks, space, number, block, false)) {
        put(space, block);
        return NULL;
    }
    obj->attr.space_used += MEM_BLOCK_BYTES;
    return block;
}

char *mem_block_for_write(struct mem_object *obj, uint64_t number, bool whole)
{
    struct mem_block *block = find(obj, number);

    if (!block)
        block = fill_hole(obj, number, whole);
    else if (refs_of(block) > 1)
        block = split(obj, number, block, whole);
    return block ? block->bytes : NULL;
}

/* Clear `len` bytes of an existing block, or drop it if that is all of it.  False: no space. */
static bool clear(struct mem_object *obj, uint64_t number, uint32_t within, uint32_t len)
{
    char *block;

    if (len == MEM_BLOCK_BYTES) {
        drop(obj, number);
        return true;
    }
    block = mem_block_for_write(obj, number, false);
    if (block)
        memset(block + within, 0, len);
    return block != NULL;
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
        at += hole;
        if (*blocks == max)
            break;
        within = at % MEM_BLOCK_BYTES;
        part = MEM_BLOCK_BYTES - within;
        if (part > end - at)
            part = (uint32_t)(end - at);
        if (!clear(obj, at / MEM_BLOCK_BYTES, within, part))
            break;
        at += part;
        ++*blocks;
    }
    return at - offset;
}

bool mem_block_may_cut(struct mem_object *obj, uint64_t size)
{
    return size % MEM_BLOCK_BYTES == 0 || !mem_block_get(obj, size / MEM_BLOCK_BYTES) ||
           mem_block_for_write(obj, size / MEM_BLOCK_BYTES, false);
}

void mem_blocks_cut(struct mem_object *obj, uint64_t size)
{
    uint32_t within = size % MEM_BLOCK_BYTES;
    uint64_t number = size / MEM_BLOCK_BYTES;

    if (within && mem_block_get(obj, number))
        CHECK(clear(obj, number, within, MEM_BLOCK_BYTES - within));
    number += within != 0;
    while (radix_next(&obj->file.blocks, &number))
        drop(obj, number);
}

/* Room in the target's tree for what it does not have yet.  False: no space. */
static bool reserve(const struct mem_share *share)
{
    struct radix_plan plan = {0};
    uint64_t end = share->from_number + share->count, at = share->from_number;

    while (radix_next(&share->from->file.blocks, &at) && at < end) {
        uint64_t number = share->to_number + (at - share->from_number);

        if (!find(share->to, number))
            radix_plan(&plan, number);
        at++;
    }
    return radix_reserve(&share->to->file.blocks, &mem_fs_of_object(share->to)->space, &plan);
}

static void share_one(const struct mem_share *share, struct mem_block *block, uint64_t number)
{
    struct mem_object *to = share->to;
    struct space *space = &mem_fs_of_object(to)->space;

    atomic_store_explicit(&mem_fs_of_object(to)->cloned, true, memory_order_relaxed);
    /* The file that it is taken from has a reference. */
    atomic_fetch_add_explicit(&block->refs, 1, memory_order_relaxed);
    if (find(to, number)) {
        put(space, radix_exchange(&to->file.blocks, number, block));
        return;
    }
    CHECK(radix_insert(&to->file.blocks, space, number, block, false));
    to->attr.space_used += MEM_BLOCK_BYTES;
}

bool mem_blocks_share(const struct mem_share *share)
{
    struct radix *blocks = &share->to->file.blocks;
    struct space *space = &mem_fs_of_object(share->to)->space;
    bool possible = reserve(share);

    for (uint64_t i = 0; possible && i < share->count;) {
        uint64_t at = share->from_number + i, gap = share->count - i;
        struct mem_block *block = radix_next(&share->from->file.blocks, &at);
        uint32_t dropped;

        if (block && at - share->from_number - i < gap)
            gap = at - share->from_number - i;
        if (gap > 0) {
            (void)mem_blocks_clear(share->to, (share->to_number + i) * MEM_BLOCK_BYTES,
                                   gap * MEM_BLOCK_BYTES, UINT32_MAX, &dropped);
            i += gap;
        }
        if (i == share->count)
            break;
        share_one(share, block, share->to_number + i);
        i++;
    }
    radix_trim(blocks, space);
    return possible;
}
