/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two exports have two accounts of space, and a block counts in one: so there are no clones from
 * one to the other.
 */
#include "backend/mem/clone.h"

#include "backend/mem/block.h"
#include "backend/mem/file.h"
#include "backend/mem/pair.h"
#include "base/clock.h"

struct clone {
    struct mem_object *from, *to;
    uint64_t from_offset, to_offset, length;
};

/* RFC 7862 §15.13.3.  `length` 0 becomes what there is. */
static enum vfs_status fit(struct clone *clone)
{
    uint64_t size = clone->from->attr.size;

    if (clone->from_offset % MEM_BLOCK_BYTES || clone->to_offset % MEM_BLOCK_BYTES ||
        clone->from_offset > size || clone->length > size - clone->from_offset)
        return VFS_INVAL;
    if (clone->length == 0)
        clone->length = size - clone->from_offset;
    if (clone->length % MEM_BLOCK_BYTES && clone->from_offset + clone->length != size)
        return VFS_INVAL;
    if (clone->to_offset > MEM_FILE_SIZE_MAX ||
        clone->length > MEM_FILE_SIZE_MAX - clone->to_offset)
        return VFS_FBIG;
    return VFS_OK;
}

static struct mem_share blocks_of(const struct clone *clone)
{
    return (struct mem_share){
        .from = clone->from,
        .from_number = clone->from_offset / MEM_BLOCK_BYTES,
        .to = clone->to,
        .to_number = clone->to_offset / MEM_BLOCK_BYTES,
        .count = clone->length / MEM_BLOCK_BYTES + (clone->length % MEM_BLOCK_BYTES != 0),
    };
}

static bool overlaps(const struct mem_share *share)
{
    return share->from == share->to && share->from_number < share->to_number + share->count &&
           share->to_number < share->from_number + share->count;
}

/* If the source ends within its last block, the target gets the zeros behind it, too, as the RFC
 * wants. */
static enum vfs_status clone_locked(struct clone *clone, const struct vfs_cred *cred,
                                    struct timespec now)
{
    enum vfs_status status = fit(clone);
    struct mem_share share;

    if (status != VFS_OK || clone->length == 0)
        return status;
    share = blocks_of(clone);
    if (overlaps(&share))
        return VFS_INVAL;
    if (!mem_blocks_share(&share))
        return VFS_NOSPC;
    mem_file_written_locked(clone->to, cred, clone->to_offset + clone->length, now);
    return VFS_OK;
}

enum vfs_status mem_clone(struct vfs_object *from, uint64_t from_offset, struct vfs_object *to,
                          uint64_t to_offset, uint64_t length, const struct vfs_cred *cred)
{
    struct clone clone = {mem_of(from), mem_of(to), from_offset, to_offset, length};
    enum vfs_status status = mem_pair_check(from, to);
    struct timespec now = clock_realtime();

    if (status != VFS_OK)
        return status;
    if (from->fs != to->fs)
        return VFS_XDEV;
    /* All of a large file at once. */
    vfs_blocking_begin(false);
    mem_pair_lock(clone.from, clone.to);
    status = clone_locked(&clone, cred, now);
    mem_pair_unlock(clone.from, clone.to, status == VFS_OK && clone.length > 0);
    vfs_blocking_end();
    return status;
}
