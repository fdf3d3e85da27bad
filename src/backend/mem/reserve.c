/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reserved space is blocks that exist: nothing less would keep the memory that a write needs from
 * others.  Both calls lock the file again and again, each time for a bounded number of blocks.
 */
#include "backend/mem/reserve.h"

#include "backend/mem/attr.h"
#include "backend/mem/block.h"
#include "backend/mem/file.h"
#include "base/clock.h"
#include "base/memory.h"

/* Blocks, from the first one to the one behind the last. */
struct range {
    uint64_t first, end;
};

static struct range range_of(uint64_t offset, uint64_t length)
{
    return (struct range){.first = offset / MEM_BLOCK_BYTES,
                          .end = (offset + length - 1) / MEM_BLOCK_BYTES + 1};
}

/* Is there certainly too little space?  Then nothing has to be taken back. */
static bool too_much(struct mem_object *obj, struct range range)
{
    uint64_t blocks = range.end - range.first, have,
             free = space_free(&mem_fs_of_object(obj)->space);

    if (memory_store_free() < free)
        free = memory_store_free();
    mem_lock_read(obj);
    have = obj->attr.space_used / MEM_BLOCK_BYTES;
    mem_unlock(obj);
    return blocks > have && blocks - have > free / MEM_BLOCK_BYTES;
}

/* A part of the blocks that are missing, from *number on.  False: no space. */
static bool fill_locked(struct mem_object *obj, uint64_t *number, uint64_t end)
{
    for (uint32_t i = 0; i < LIMIT_MEM_RESERVE_BLOCKS && *number < end; i++) {
        if (!mem_block_for_write(obj, *number, false))
            return false;
        *number = mem_block_missing(obj, *number + 1, end);
    }
    return true;
}

/* From *number on, where the last turn ended.  *done: nothing is missing in all of the range, and
 * the file is as long as it has to be. */
static enum vfs_status reserve_some(struct mem_object *obj, const struct vfs_cred *cred,
                                    struct range range, uint64_t *number, uint64_t end, bool *done)
{
    struct timespec now = clock_realtime();
    enum vfs_status status = VFS_OK;

    mem_lock_write(obj);
    *number = mem_block_missing(obj, *number, range.end);
    if (*number == range.end) /* others may have freed meanwhile what was reserved */
        *number = mem_block_missing(obj, range.first, range.end);
    *done = *number == range.end;
    if (*done)
        mem_file_written_locked(obj, cred, end, now);
    else if (!fill_locked(obj, number, range.end))
        status = VFS_NOSPC;
    mem_unlock(obj);
    return status;
}

enum vfs_status mem_allocate(struct vfs_object *vfs, const struct vfs_cred *cred, uint64_t offset,
                             uint64_t length)
{
    struct mem_object *obj = mem_of(vfs);
    enum vfs_status status = mem_check_regular(vfs);
    struct range range = range_of(offset, length);
    uint64_t number = range.first, turns;
    bool done = false;

    if (status != VFS_OK)
        return status;
    if (offset > MEM_FILE_SIZE_MAX || length > MEM_FILE_SIZE_MAX - offset)
        return VFS_FBIG;
    if (too_much(obj, range))
        return VFS_NOSPC;
    vfs_blocking_begin(false);
    turns = 2 * ((range.end - range.first) / LIMIT_MEM_RESERVE_BLOCKS + 2);
    while (status == VFS_OK && !done && turns-- > 0)
        status = reserve_some(obj, cred, range, &number, offset + length, &done);
    vfs_blocking_end();
    return status == VFS_OK && !done ? VFS_DELAY : status;
}

/* A block of which a part is to be freed stays, and must be the file's own to be changed.  False:
 * no space. */
static bool own_locked(struct mem_object *obj, uint64_t offset)
{
    uint64_t number = offset / MEM_BLOCK_BYTES;

    return offset % MEM_BLOCK_BYTES == 0 || !mem_block_get(obj, number) ||
           mem_block_for_write(obj, number, false);
}

/* What is left of a range. */
struct rest {
    uint64_t offset, end;
};

/* Whatever may fail comes first, so that nothing has changed if the first turn does.  Later ones
 * may, too: the blocks at the ends may have been cloned since. */
static enum vfs_status free_some(struct mem_object *obj, const struct vfs_cred *cred,
                                 struct rest *rest)
{
    struct timespec now = clock_realtime();
    enum vfs_status status = VFS_NOSPC;
    uint32_t blocks;

    mem_lock_write(obj);
    if (own_locked(obj, rest->offset) && own_locked(obj, rest->end)) {
        rest->offset += mem_blocks_clear(obj, rest->offset, rest->end - rest->offset,
                                         LIMIT_MEM_RESERVE_BLOCKS, &blocks);
        mem_file_written_locked(obj, cred, 0, now);
        status = VFS_OK;
    }
    mem_unlock(obj);
    return status;
}

enum vfs_status mem_deallocate(struct vfs_object *vfs, const struct vfs_cred *cred, uint64_t offset,
                               uint64_t length)
{
    struct mem_object *obj = mem_of(vfs);
    enum vfs_status status = mem_check_regular(vfs);
    struct rest rest = {.offset = offset, .end = offset + length};

    vfs_blocking_begin(false);
    while (status == VFS_OK && rest.offset < rest.end)
        status = free_some(obj, cred, &rest);
    vfs_blocking_end();
    return status;
}

/* Without a clone in the file system there is nothing to look at. */
enum vfs_status mem_space_freed(struct vfs_object *vfs, uint64_t *bytes)
{
    struct mem_object *obj = mem_of(vfs);
    bool known = true;
    uint64_t shared = 0;

    mem_lock_read(obj);
    if (vfs_type_is_file(vfs->type))
        known = mem_blocks_shared(obj, LIMIT_SPACE_FREED_RUNS, &shared);
    *bytes = obj->attr.space_used - shared * MEM_BLOCK_BYTES;
    mem_unlock(obj);
    return known ? VFS_OK : VFS_NOTSUPP;
}
