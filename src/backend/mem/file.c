/* SPDX-License-Identifier: Apache-2.0 */
/* Data of regular files and named attributes, and the targets of symlinks. */
#include "backend/mem/file.h"

#include <string.h>

#include "backend/mem/attr.h"
#include "backend/mem/block.h"
#include "backend/mem/lend.h"
#include "backend/mem/tell.h"
#include "base/clock.h"

enum {
    MODE_SUID = 04000,
    MODE_SGID = 02000,
    MODE_GROUP_X = 0010,
};

enum vfs_status mem_check_regular(const struct vfs_object *obj)
{
    switch (obj->type) {
    case VFS_REG:
    case VFS_NAMEDATTR:
        return VFS_OK;
    case VFS_DIR:
    case VFS_ATTRDIR:
        return VFS_ISDIR;
    case VFS_LNK:
        return VFS_SYMLINK;
    case VFS_BLK:
    case VFS_CHR:
    case VFS_SOCK:
    case VFS_FIFO:
        break;
    }
    return VFS_WRONG_TYPE;
}

bool mem_file_may_resize_locked(struct mem_object *obj, uint64_t size)
{
    return size >= obj->attr.size || mem_block_may_cut(obj, size);
}

void mem_file_resize_locked(struct mem_object *obj, uint64_t size)
{
    if (size < obj->attr.size)
        mem_blocks_cut(obj, size);
    obj->attr.size = size;
}

void mem_file_clear(struct mem_object *obj)
{
    mem_blocks_cut(obj, 0);
    radix_fini(&obj->file.blocks, &mem_fs_of_object(obj)->space);
}

enum vfs_status mem_open(struct vfs_object *vfs, const struct vfs_cred *cred,
                         enum vfs_open_want want, bool created)
{
    struct mem_object *obj = mem_of(vfs);
    enum vfs_status status = mem_check_regular(vfs);
    uint32_t need = (want & VFS_WANT_READ ? 4 : 0) | (want & VFS_WANT_WRITE ? 2 : 0);
    uint32_t rwx;

    if (status != VFS_OK)
        return status;
    mem_lock_read(obj);
    rwx = vfs_guard_rwx(mem_guard(obj), cred);
    if (want == VFS_WANT_READ && (rwx & 1))
        rwx |= 4; /* execute permission permits reading */
    if ((rwx & need) != need && !(created && cred->uid == obj->attr.uid))
        status = VFS_ACCESS;
    mem_unlock(obj);
    return status;
}

void mem_close(struct vfs_object *obj, enum vfs_open_want want)
{
    (void)obj; /* an open needs nothing but the opener's reference */
    (void)want;
}

static void copy_out(const struct mem_object *obj, uint64_t offset, char *to, uint32_t len)
{
    while (len > 0) {
        const char *block = mem_block_get(obj, offset / MEM_BLOCK_BYTES);
        uint32_t within = offset % MEM_BLOCK_BYTES;
        uint32_t part = MEM_BLOCK_BYTES - within;

        if (part > len)
            part = len;
        if (block)
            memcpy(to, block + within, part);
        else
            memset(to, 0, part);
        to += part;
        offset += part;
        len -= part;
    }
}

enum vfs_status mem_read(struct vfs_object *vfs, struct vfs_read *io)
{
    struct mem_object *obj = mem_of(vfs);
    enum vfs_status status = mem_check_regular(vfs);
    uint64_t left;
    bool atime_due;

    if (status != VFS_OK)
        return status;
    io->fd = -1;
    mem_lock_read(obj);
    left = io->offset < obj->attr.size ? obj->attr.size - io->offset : 0;
    if (io->len >= left)
        io->len = (uint32_t)left;
    io->eof = io->offset + io->len >= obj->attr.size;
    io->lent = io->fd_ok ? mem_lend(obj, io->offset, io->len) : NULL;
    if (!io->lent)
        copy_out(obj, io->offset, io->buf, io->len);
    atime_due = obj->atime_due && io->len > 0;
    mem_unlock(obj);
    if (atime_due)
        mem_accessed(obj);
    return VFS_OK;
}

void mem_read_done(struct vfs_object *obj, int fd)
{
    (void)obj;
    (void)fd; /* no descriptor was returned */
}

/* Returns how many bytes were copied: fewer than len only when space ran out. */
static uint32_t copy_in(struct mem_object *obj, uint64_t offset, const char *from, uint32_t len)
{
    uint32_t done = 0;

    while (done < len) {
        uint32_t within = offset % MEM_BLOCK_BYTES;
        uint32_t part = MEM_BLOCK_BYTES - within;
        char *block;

        if (part > len - done)
            part = len - done;
        block = mem_block_for_write(obj, offset / MEM_BLOCK_BYTES, part == MEM_BLOCK_BYTES);
        if (!block)
            break;
        memcpy(block + within, from + done, part);
        done += part;
        offset += part;
    }
    return done;
}

/* A writer must not gain the privileges of a program by changing it. */
static void drop_suid_locked(struct mem_object *obj)
{
    obj->attr.mode &= ~(uint32_t)MODE_SUID;
    if (obj->attr.mode & MODE_GROUP_X)
        obj->attr.mode &= ~(uint32_t)MODE_SGID;
}

void mem_file_written_locked(struct mem_object *obj, const struct vfs_cred *cred, uint64_t end,
                             struct timespec now)
{
    if (end > obj->attr.size)
        obj->attr.size = end;
    drop_suid_locked(obj);
    mem_modified_locked(obj, now);
    mem_tell_attr_locked(obj, NULL, cred->actor);
}

enum vfs_status mem_write(struct vfs_object *vfs, const struct vfs_cred *cred, uint64_t offset,
                          const void *data, uint32_t len, enum vfs_stability want,
                          uint32_t *written, enum vfs_stability *reached)
{
    struct mem_object *obj = mem_of(vfs);
    enum vfs_status status = mem_check_regular(vfs);
    struct timespec now;

    (void)want;
    *written = 0;
    *reached = VFS_FILE_SYNC;
    if (status != VFS_OK || len == 0)
        return status;
    if (offset > MEM_FILE_SIZE_MAX || len > MEM_FILE_SIZE_MAX - offset)
        return VFS_FBIG;
    now = clock_realtime();
    mem_lock_write(obj);
    *written = copy_in(obj, offset, data, len);
    if (*written > 0)
        mem_file_written_locked(obj, cred, offset + *written, now);
    mem_unlock(obj);
    return *written == len ? VFS_OK : VFS_NOSPC;
}

enum vfs_status mem_commit(struct vfs_object *vfs, const struct vfs_cred *cred, uint64_t offset,
                           uint64_t len)
{
    (void)cred;
    (void)offset;
    (void)len;
    return mem_check_regular(vfs);
}

enum vfs_status mem_readlink(struct vfs_object *vfs, const struct vfs_cred *cred, char *buf,
                             uint32_t size, uint32_t *len)
{
    struct mem_object *obj = mem_of(vfs);
    uint32_t have;

    (void)cred; /* a symlink may be read by every client that can reach it */
    if (vfs->type != VFS_LNK)
        return VFS_INVAL;
    have = (uint32_t)obj->attr.size; /* constant, like the target */
    if (have > size)
        return VFS_TOOSMALL;
    memcpy(buf, obj->target, have);
    *len = have;
    return VFS_OK;
}
