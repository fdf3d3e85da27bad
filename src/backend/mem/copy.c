/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Both files are locked for a bounded time: one call handles LIMIT_COPY_BYTES of data at most, in
 * blocks that it copies or frees.  Holes cost nothing, however long they are.
 */
#include "backend/mem/copy.h"

#include <string.h>

#include "backend/mem/block.h"
#include "backend/mem/file.h"
#include "backend/mem/pair.h"
#include "base/clock.h"

enum {
    BLOCKS_MAX = LIMIT_COPY_BYTES / MEM_BLOCK_BYTES
};

/* What is left to do. */
struct copy {
    struct mem_object *from, *to;
    uint64_t from_offset, to_offset, length;
    uint32_t blocks; /* that may still be touched */
};

/* A part that lies in one block of each file.  Returns how many bytes it has; 0: no space. */
static uint64_t copy_data(struct copy *copy)
{
    uint32_t from_within = copy->from_offset % MEM_BLOCK_BYTES;
    uint32_t to_within = copy->to_offset % MEM_BLOCK_BYTES;
    uint32_t part = MEM_BLOCK_BYTES - (from_within > to_within ? from_within : to_within);
    char *block;

    if (part > copy->length)
        part = (uint32_t)copy->length;
    block =
        mem_block_for_write(copy->to, copy->to_offset / MEM_BLOCK_BYTES, part == MEM_BLOCK_BYTES);
    if (!block)
        return 0;
    memcpy(block + to_within,
           mem_block_get(copy->from, copy->from_offset / MEM_BLOCK_BYTES) + from_within, part);
    copy->blocks--;
    return part;
}

static uint64_t copy_step(struct copy *copy)
{
    uint64_t hole = mem_block_hole(copy->from, copy->from_offset), done;
    uint32_t blocks;

    if (hole == 0)
        return copy_data(copy);
    if (hole > copy->length)
        hole = copy->length;
    done = mem_blocks_clear(copy->to, copy->to_offset, hole, copy->blocks, &blocks);
    copy->blocks -= blocks;
    return done;
}

/* Returns how many bytes were copied: fewer than possible only when space ran out. */
static uint64_t copy_locked(struct copy copy)
{
    uint64_t done = 0, step = 1;

    while (copy.length > 0 && copy.blocks > 0 && step > 0) {
        step = copy_step(&copy);
        copy.from_offset += step;
        copy.to_offset += step;
        copy.length -= step;
        done += step;
    }
    return done;
}

/* Cut `length` at the end of the source, and check the ranges. */
static enum vfs_status fit(const struct copy *copy, uint64_t *length)
{
    uint64_t size = copy->from->attr.size;
    uint64_t left = copy->from_offset < size ? size - copy->from_offset : 0;

    if (*length > left)
        *length = left;
    if (copy->to_offset > MEM_FILE_SIZE_MAX || *length > MEM_FILE_SIZE_MAX - copy->to_offset)
        return VFS_FBIG;
    if (copy->from == copy->to && copy->from_offset < copy->to_offset + *length &&
        copy->to_offset < copy->from_offset + *length)
        return VFS_INVAL;
    return VFS_OK;
}

enum vfs_status mem_copy(struct vfs_object *from, uint64_t from_offset, struct vfs_object *to,
                         uint64_t to_offset, uint64_t length, const struct vfs_cred *cred,
                         uint64_t *copied)
{
    struct copy copy = {mem_of(from), mem_of(to), from_offset, to_offset, length, BLOCKS_MAX};
    enum vfs_status status = mem_pair_check(from, to);
    struct timespec now = clock_realtime();

    *copied = 0;
    if (status != VFS_OK)
        return status;
    vfs_blocking_begin(false); /* much work for one request */
    mem_pair_lock(copy.from, copy.to);
    status = fit(&copy, &copy.length);
    if (status == VFS_OK && copy.length > 0) {
        *copied = copy_locked(copy);
        if (*copied > 0)
            mem_file_written_locked(copy.to, cred, to_offset + *copied, now);
        else
            status = VFS_NOSPC;
    }
    mem_pair_unlock(copy.from, copy.to, *copied > 0);
    vfs_blocking_end();
    return status;
}
