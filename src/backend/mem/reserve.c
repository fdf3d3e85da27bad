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

/* A call of mem_allocate() in progress. */
struct reserving {
    struct mem_object *obj;
    const struct vfs_cred *cred;
    struct range range;
    uint64_t number;       /* where the last turn ended */
    uint64_t end;          /* of the file, if it is shorter */
    uint32_t reservations; /* file.reservations at the beginning */
    uint8_t *filled;       /* a bit for each block of the range: it was a hole */
    uint64_t filled_end;   /* the last of them, and one */
    bool done;
};

static void note_filled(struct reserving *r, uint64_t number)
{
    r->filled[(number - r->range.first) / 8] |= (uint8_t)(1 << (number - r->range.first) % 8);
    if (r->filled_end <= number)
        r->filled_end = number + 1;
}

static bool was_filled(const struct reserving *r, uint64_t number)
{
    return r->filled[(number - r->range.first) / 8] & (1 << (number - r->range.first) % 8);
}

/* A part of the blocks that are missing.  False: no space. */
static bool fill_locked(struct reserving *r)
{
    for (uint32_t i = 0; i < LIMIT_MEM_RESERVE_BLOCKS && r->number < r->range.end; i++) {
        const bool hole = !mem_block_get(r->obj, r->number);

        if (!mem_block_for_write(r->obj, r->number, false))
            return false;
        if (hole)
            note_filled(r, r->number);
        r->number = mem_block_missing(r->obj, r->number + 1, r->range.end);
    }
    return true;
}

/* Until nothing is missing in all of the range, and the file is as long as it has to be. */
static enum vfs_status reserve_some(struct reserving *r)
{
    struct timespec now = clock_realtime();
    enum vfs_status status = VFS_OK;

    mem_lock_write(r->obj);
    r->number = mem_block_missing(r->obj, r->number, r->range.end);
    if (r->number == r->range.end) /* others may have freed meanwhile what was reserved */
        r->number = mem_block_missing(r->obj, r->range.first, r->range.end);
    r->done = r->number == r->range.end;
    if (r->done) {
        r->obj->file.reservations++;
        mem_file_written_locked(r->obj, r->cred, r->end, now);
    } else if (!fill_locked(r)) {
        status = VFS_NOSPC;
    }
    mem_unlock(r->obj);
    return status;
}

/* Returns where the next turn begins. */
static uint64_t give_back_some(const struct reserving *r, uint64_t number)
{
    mem_lock_write(r->obj);
    if (r->obj->file.reservations != r->reservations)
        number = r->filled_end;
    for (uint32_t i = 0; i < LIMIT_MEM_RESERVE_BLOCKS && number < r->filled_end; i++) {
        if (was_filled(r, number))
            mem_block_drop_zeros(r->obj, number);
        number++;
    }
    mem_unlock(r->obj);
    return number;
}

/* RFC 7862 §15.1: who fails has changed nothing.  What others have written since stays, and what
 * another call may have found and promised.  So do copies of shared blocks, which are data. */
static void give_back(const struct reserving *r)
{
    for (uint64_t number = r->range.first; number < r->filled_end;)
        number = give_back_some(r, number);
}

static enum vfs_status reserve_all(struct reserving *r)
{
    uint64_t turns = 2 * ((r->range.end - r->range.first) / LIMIT_MEM_RESERVE_BLOCKS + 2);
    enum vfs_status status = VFS_OK;

    while (status == VFS_OK && !r->done && turns-- > 0)
        status = reserve_some(r);
    if (!r->done)
        give_back(r);
    return status == VFS_OK && !r->done ? VFS_DELAY : status;
}

static void begin(struct reserving *r)
{
    mem_lock_read(r->obj);
    r->reservations = r->obj->file.reservations;
    mem_unlock(r->obj);
    r->filled = memory_zalloc(MEMORY_data, (r->range.end - r->range.first) / 8 + 1);
}

enum vfs_status mem_allocate(struct vfs_object *vfs, const struct vfs_cred *cred, uint64_t offset,
                             uint64_t length)
{
    struct reserving r = {.obj = mem_of(vfs), .cred = cred, .end = offset + length};
    enum vfs_status status = mem_check_regular(vfs);

    if (status != VFS_OK)
        return status;
    if (offset > MEM_FILE_SIZE_MAX || length > MEM_FILE_SIZE_MAX - offset)
        return VFS_FBIG;
    r.range = range_of(offset, length);
    if (too_much(r.obj, r.range))
        return VFS_NOSPC;
    r.number = r.range.first;
    begin(&r);
    if (!r.filled)
        return VFS_NOSPC;
    vfs_blocking_begin(false);
    status = reserve_all(&r);
    vfs_blocking_end();
    memory_free(MEMORY_data, r.filled);
    return status;
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
