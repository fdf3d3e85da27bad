/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel checks the ranges, as RFC 7862 §15.13.3 demands, and whether the two files may share
 * blocks.  In one case it refuses what the RFC permits: the last, incomplete block of the source
 * cannot be cloned to the middle of a file.
 */
#include "backend/local/clone.h"

#include <errno.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "backend/local/change.h"
#include "backend/local/cred.h"
#include "backend/local/file.h"
#include "backend/local/io.h"
#include "backend/local/keep.h"
#include "backend/local/status.h"

static int clone_range(int fd, const struct file_clone_range *range)
{
    int result;

    do
        result = ioctl(fd, FICLONERANGE, range);
    while (result != 0 && errno == EINTR);
    return result != 0 ? errno : 0;
}

/* Only trying tells: an XFS may have been made without reflinks.  Two empty files suffice. */
static bool try_empty(const struct local_fs *fs, bool *possible)
{
    int a = openat(fs->root_fd, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    int b = a < 0 ? -1 : openat(fs->root_fd, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    const struct file_clone_range range = {.src_fd = a};

    if (b >= 0)
        *possible = clone_range(b, &range) == 0;
    if (a >= 0)
        close(a);
    if (b >= 0)
        close(b);
    return b >= 0;
}

/* Without the right to try, clone() will find out. */
uint32_t local_clone_blksize(const struct local_fs *fs)
{
    struct statfs st;
    bool possible;

    if (fstatfs(fs->root_fd, &st) != 0)
        return 0;
    if (!try_empty(fs, &possible))
        possible = st.f_type == BTRFS_SUPER_MAGIC || st.f_type == XFS_SUPER_MAGIC;
    return possible ? (uint32_t)st.f_bsize : 0;
}

/* The kernel says EINVAL where the limit on the size of files would cut the range. */
static bool limit_cuts(const struct file_clone_range *range)
{
    struct rlimit limit;
    struct stat st;
    uint64_t length = range->src_length;

    if (getrlimit(RLIMIT_FSIZE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
        return false;
    if (length == 0 && fstat((int)range->src_fd, &st) == 0 &&
        (uint64_t)st.st_size > range->src_offset)
        length = (uint64_t)st.st_size - range->src_offset;
    return range->dest_offset > limit.rlim_cur || length > limit.rlim_cur - range->dest_offset;
}

/* As the caller, for the same reasons as in local_write(). */
static enum vfs_status clone_as(struct vfs_object *to, int to_fd, const struct vfs_cred *cred,
                                const struct file_clone_range *range)
{
    enum vfs_status status = local_cred_use(local_fs_of(to), cred);
    int err;

    if (status != VFS_OK)
        return status;
    vfs_blocking_begin(false);
    err = clone_range(to_fd, range);
    if (err == EINVAL && limit_cuts(range))
        err = EFBIG;
    vfs_blocking_end();
    return err == ENOTTY ? VFS_NOTSUPP : local_status(err);
}

/* Statuses of the kernel's checks; others may come in the middle, when a part is cloned. */
static bool refused(enum vfs_status status)
{
    return status == VFS_INVAL || status == VFS_XDEV || status == VFS_NOTSUPP ||
           status == VFS_FBIG || status == VFS_ACCESS || status == VFS_PERM || status == VFS_ROFS;
}

enum vfs_status local_clone(struct vfs_object *from, uint64_t from_offset, struct vfs_object *to,
                            uint64_t to_offset, uint64_t length, const struct vfs_cred *cred)
{
    struct file_clone_range range = {
        .src_offset = from_offset, .src_length = length, .dest_offset = to_offset};
    struct local_object *target = local_of(to);
    enum vfs_status status = local_check_regular(from);
    int from_fd, to_fd;

    if (status == VFS_OK)
        status = local_check_regular(to);
    if (status == VFS_OK)
        status = local_io_get(local_of(from), NULL, VFS_WANT_READ, &from_fd);
    if (status != VFS_OK)
        return status;
    status = local_io_get(target, NULL, VFS_WANT_WRITE, &to_fd);
    if (status == VFS_OK) {
        range.src_fd = from_fd;
        local_changing_begin(target);
        status = clone_as(to, to_fd, cred, &range);
        if (!refused(status))
            local_change_mark(target->file);
        local_changing_end(target);
        atomic_store_explicit(&target->unsynced, true, memory_order_relaxed);
        local_io_put(target);
    }
    local_io_put(local_of(from));
    return status;
}
