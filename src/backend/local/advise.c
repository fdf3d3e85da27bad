/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hints to the page cache by posix_fadvise(2).  The advice about the order of reads belongs to a
 * descriptor, and all clients share one, so only advice about ranges is passed on.
 */
#include "backend/local/advise.h"

#include <fcntl.h>

#include "backend/local/file.h"
#include "backend/local/io.h"

/* Dropping costs little however long the range is; reading ahead costs what it reads. */
static int advise(int fd, uint64_t offset, uint64_t length, uint32_t advice)
{
    if (!(advice & VFS_ADVICE_WILLNEED))
        return posix_fadvise(fd, (off_t)offset, (off_t)length, POSIX_FADV_DONTNEED);
    if (length == 0 || length > LIMIT_ADVISE_BYTES)
        length = LIMIT_ADVISE_BYTES;
    if (length > INT64_MAX - offset)
        length = INT64_MAX - offset;
    return length == 0 ? 0 : posix_fadvise(fd, (off_t)offset, (off_t)length, POSIX_FADV_WILLNEED);
}

enum vfs_status local_advise(struct vfs_object *base, uint64_t offset, uint64_t length,
                             uint32_t advice, uint32_t *taken)
{
    struct local_object *obj = local_of(base);
    enum vfs_status status = local_check_regular(base);
    int fd, err;

    *taken = 0;
    if (status != VFS_OK || advice == 0)
        return status;
    /* Some clients of the file can only write it, and then there is nothing to read ahead. */
    if (local_io_get(obj, NULL, VFS_WANT_READ, &fd) != VFS_OK)
        return VFS_OK;
    vfs_blocking_begin(false);
    err = advise(fd, offset, length, advice);
    vfs_blocking_end();
    local_io_put(obj);
    if (!err)
        *taken = advice & VFS_ADVICE_WILLNEED ? VFS_ADVICE_WILLNEED : VFS_ADVICE_DONTNEED;
    return VFS_OK;
}
