/* SPDX-License-Identifier: Apache-2.0 */
#include "backend/local/space.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "backend/local/change.h"
#include "backend/local/cred.h"
#include "backend/local/fetch.h"
#include "backend/local/file.h"
#include "backend/local/hole.h"
#include "backend/local/io.h"
#include "backend/local/keep.h"
#include "backend/local/status.h"

enum {
    STAT_BLOCK_BYTES = 512,     /* unit of st_blocks */
    BLOCK_BYTES_MAX = 64 << 10, /* of a file system, at most */
};

static int change(int fd, int mode, uint64_t offset, uint64_t length)
{
    int err;

    do {
        err = fallocate(fd, mode, (off_t)offset, (off_t)length) == 0 ? 0 : errno;
    } while (err == EINTR);
    return err;
}

/* Only what the file has, with all of its last block: the kernel refuses ranges that no file can
 * have. */
static int punch(int fd, uint64_t offset, uint64_t length)
{
    struct stat st;
    uint64_t end;

    if (fstat(fd, &st) != 0)
        return errno;
    end = ((uint64_t)st.st_size | (BLOCK_BYTES_MAX - 1)) + 1;
    if (offset >= end)
        return 0;
    if (length > end - offset)
        length = end - offset;
    return change(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset, length);
}

/* Is there certainly not as much?  ext4 takes all that is left before it says so.  What the file
 * has may be in the range. */
static bool too_much(int fd, uint64_t used, uint64_t length)
{
    struct statvfs fs;

    return length > used && fstatvfs(fd, &fs) == 0 && fs.f_blocks > 0 &&
           (length - used) / fs.f_frsize > fs.f_bfree;
}

/* The file becomes longer only when all the space is there: ext4 would leave it half as long as it
 * was to be. */
static int reserve(int fd, uint64_t offset, uint64_t length)
{
    struct stat st;
    int err = fstat(fd, &st) == 0 ? 0 : errno;

    if (!err && too_much(fd, (uint64_t)st.st_blocks * STAT_BLOCK_BYTES, length))
        return ENOSPC;
    if (!err && offset + length > (uint64_t)st.st_size)
        err = change(fd, FALLOC_FL_KEEP_SIZE, offset, length);
    if (err && err != EOPNOTSUPP) /* a file system may know only the other one */
        return err;
    return change(fd, 0, offset, length);
}

/* As the caller, like a write: suid and sgid bits, reserved blocks, quotas.  Zeros in a block that
 * is not freed are data that wait for a sync. */
static enum vfs_status change_space(struct vfs_object *base, const struct vfs_cred *cred,
                                    int (*run)(int fd, uint64_t offset, uint64_t length),
                                    uint64_t offset, uint64_t length)
{
    struct local_object *obj = local_of(base);
    enum vfs_status status = local_check_regular(base);
    int fd, err;

    if (status != VFS_OK)
        return status;
    status = local_io_get(obj, NULL, VFS_WANT_WRITE, &fd);
    if (status != VFS_OK)
        return status;
    status = local_cred_use(local_fs_of(base), cred);
    if (status == VFS_OK) {
        vfs_blocking_begin(true);
        local_changing_begin(obj);
        err = run(fd, offset, length);
        local_change_mark(obj->file);
        local_changing_end(obj);
        vfs_blocking_end();
        atomic_store_explicit(&obj->unsynced, true, memory_order_relaxed);
        status = local_status(err);
    }
    local_io_put(obj);
    return status;
}

enum vfs_status local_allocate(struct vfs_object *base, const struct vfs_cred *cred,
                               uint64_t offset, uint64_t length)
{
    return change_space(base, cred, reserve, offset, length);
}

enum vfs_status local_deallocate(struct vfs_object *base, const struct vfs_cred *cred,
                                 uint64_t offset, uint64_t length)
{
    return change_space(base, cred, punch, offset, length);
}

static int size_of(int fd, uint64_t *size)
{
    struct stat st;

    if (fstat(fd, &st) != 0)
        return errno;
    *size = (uint64_t)st.st_size;
    return 0;
}

/* The end of the file is asked for after, where the answer may be that end. */
static int find_hole(int fd, uint64_t offset, uint64_t *found, bool *eof)
{
    off_t at = lseek(fd, (off_t)offset, SEEK_HOLE);
    uint64_t size = 0;
    int err;

    if (at < 0)
        return errno;
    *found = (uint64_t)at;
    err = size_of(fd, &size);
    *eof = !err && *found >= size;
    return err;
}

enum vfs_status local_seek(struct vfs_object *base, enum vfs_content what, uint64_t offset,
                           uint64_t *found, bool *eof)
{
    struct local_object *obj = local_of(base);
    enum vfs_status status = local_check_regular(base);
    int fd, err;

    if (status != VFS_OK)
        return status;
    if (offset > INT64_MAX)
        return VFS_NXIO;
    local_fetch_begin(local_fs_of(base));
    status = local_io_get(obj, NULL, VFS_WANT_READ, &fd);
    local_fetch_end(local_fs_of(base));
    if (status != VFS_OK)
        return status;
    vfs_blocking_begin(false);
    err = what == VFS_DATA ? local_hole_end(fd, offset, found, eof)
                           : find_hole(fd, offset, found, eof);
    vfs_blocking_end();
    local_io_put(obj);
    return err ? local_failure(err) : VFS_OK;
}
