/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hole is where a file has no block.  Space that was reserved has blocks, so it is data: zeros
 * that are there.  The file is locked once, so that all parts of a reply are of one moment.
 */
#include "backend/mem/read_plus.h"

#include <string.h>

#include "backend/mem/attr.h"
#include "backend/mem/block.h"
#include "backend/mem/file.h"
#include "vfs/vfs_read_plus.h"

/* Take blocks until there is none.  Returns how far it came. */
static uint64_t take_data(const struct mem_object *obj, struct vfs_read_plus *io, uint64_t at,
                          uint64_t end)
{
    const char *block;

    while (at < end && (block = mem_block_get(obj, at / MEM_BLOCK_BYTES))) {
        uint32_t within = at % MEM_BLOCK_BYTES;
        uint32_t part = MEM_BLOCK_BYTES - within;

        if (part > end - at)
            part = (uint32_t)(end - at);
        memcpy(vfs_read_plus_data(io, part), block + within, part);
        at += part;
    }
    return at;
}

static void take_parts(const struct mem_object *obj, struct vfs_read_plus *io, uint64_t end)
{
    uint64_t at = take_data(obj, io, io->offset, end);

    while (at < end) {
        uint64_t len = mem_block_hole(obj, at);

        len = len < end - at ? len : end - at;
        vfs_read_plus_hole(io, (uint32_t)len);
        at = take_data(obj, io, at + len, end);
    }
}

enum vfs_status mem_read_plus(struct vfs_object *vfs, struct vfs_read_plus *io)
{
    struct mem_object *obj = mem_of(vfs);
    enum vfs_status status = mem_check_regular(vfs);
    uint64_t end = io->offset + io->len;
    bool atime_due;

    if (status != VFS_OK)
        return status;
    vfs_read_plus_begin(io);
    mem_lock_read(obj);
    io->eof = end >= obj->attr.size;
    take_parts(obj, io, io->eof ? obj->attr.size : end);
    atime_due = obj->atime_due && io->count > 0;
    mem_unlock(obj);
    if (atime_due)
        mem_accessed(obj);
    return VFS_OK;
}

enum vfs_status mem_seek(struct vfs_object *vfs, enum vfs_content what, uint64_t offset,
                         uint64_t *found, bool *eof)
{
    struct mem_object *obj = mem_of(vfs);
    enum vfs_status status = mem_check_regular(vfs);
    uint64_t size, len;

    if (status != VFS_OK)
        return status;
    mem_lock_read(obj);
    size = obj->attr.size;
    if (offset < size) {
        len = what == VFS_DATA ? mem_block_hole(obj, offset) : mem_block_data(obj, offset, size);
        *eof = len >= size - offset;
        *found = *eof ? size : offset + len;
    }
    mem_unlock(obj);
    return offset < size ? VFS_OK : VFS_NXIO;
}
