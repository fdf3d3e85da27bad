/* SPDX-License-Identifier: Apache-2.0 */
/* Reading regular files: what is in the page cache at once, and by descriptor if it is much. */
#include "backend/local/read.h"

#include <errno.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "backend/local/fetch.h"
#include "backend/local/file.h"
#include "backend/local/io.h"
#include "backend/local/keep.h"
#include "backend/local/recent.h"
#include "backend/local/status.h"

enum {
    /* Return a descriptor instead of data from this size on.  Below, its calls cost more than a
     * copy, and the replies of a batch are not sent together. */
    SENDFILE_BYTES = 128 << 10
};

/* preadv2(RWF_NOWAIT): the number of bytes; 0: would block; -1: not supported here. */
static ssize_t read_nowait(struct local_fs *fs, int fd, void *buf, size_t len, uint64_t offset)
{
    struct iovec iov = {buf, len};
    ssize_t got;

    if (atomic_load_explicit(&fs->no_nowait, memory_order_relaxed))
        return -1;
    got = preadv2(fd, &iov, 1, (off_t)offset, RWF_NOWAIT);
    if (got >= 0)
        return got;
    if (errno == EAGAIN)
        return 0;
    if (errno == EOPNOTSUPP || errno == ENOSYS)
        atomic_store_explicit(&fs->no_nowait, true, memory_order_relaxed);
    return -1;
}

/* Are both ends in the page cache?  Then what is between most likely is, too. */
static bool cached(struct local_fs *fs, int fd, uint64_t offset, uint32_t len)
{
    char byte;

    return read_nowait(fs, fd, &byte, 1, offset) != 0 &&
           read_nowait(fs, fd, &byte, 1, offset + len - 1) != 0;
}

static bool look(int fd, struct stat *st)
{
    return fstat(fd, st) == 0;
}

bool local_read_by_fd(struct local_fs *fs, int fd, struct vfs_read *io, struct stat *st)
{
    uint64_t size;

    st->st_size = -1;
    if (!io->fd_ok || io->len < SENDFILE_BYTES || !look(fd, st))
        return false;
    size = (uint64_t)st->st_size;
    if (size < io->offset + SENDFILE_BYTES)
        return false;
    if (io->len > size - io->offset)
        io->len = (uint32_t)(size - io->offset);
    if (!cached(fs, fd, io->offset, io->len))
        return false;
    /* Unknown in that case; and the loop would block. */
    if (fs->fetches && atomic_load_explicit(&fs->no_nowait, memory_order_relaxed))
        return false;
    io->fd = fd;
    io->eof = io->offset + io->len == size;
    return true;
}

/* Read after the first `have` bytes, up to io->len or the end of the file.  Returns the total, or
 * -1. */
static ssize_t read_rest(int fd, const struct vfs_read *io, size_t have)
{
    while (have < io->len) {
        ssize_t got = pread(fd, (char *)io->buf + have, io->len - have, (off_t)(io->offset + have));

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -1;
        if (got == 0)
            break;
        have += (size_t)got;
    }
    return (ssize_t)have;
}

/* `size`: the file has been this long since the request came; 0: not known.  It tells where the
 * file does not end.  Where it may, it is looked at. */
static enum vfs_status read_bytes(struct local_fs *fs, int fd, struct vfs_read *io, uint64_t size,
                                  struct stat *st)
{
    ssize_t got = read_nowait(fs, fd, io->buf, io->len, io->offset);
    bool certain = got >= 0; /* the rest must certainly come from the disk */
    int err = 0;

    st->st_size = -1;
    if (certain && (size_t)got < io->len && look(fd, st) &&
        io->offset + (uint64_t)got >= (uint64_t)st->st_size)
        goto done;
    if (got < (ssize_t)io->len) {
        vfs_blocking_begin(certain);
        got = read_rest(fd, io, got > 0 ? (size_t)got : 0);
        err = got < 0 ? errno : 0;
        vfs_blocking_end();
    }
    if (err)
        return local_failure(err);
done:
    io->eof = (size_t)got < io->len ||
              (io->offset + (uint64_t)got >= size &&
               (!look(fd, st) || io->offset + (uint64_t)got >= (uint64_t)st->st_size));
    io->len = (uint32_t)got;
    return VFS_OK;
}

enum vfs_status local_read_bytes(struct local_fs *fs, int fd, struct vfs_read *io, struct stat *st)
{
    return read_bytes(fs, fd, io, 0, st);
}

/* Requests that arrived together share the fstat(): most READs are not at the end of their file. */
static enum vfs_status read_shared(struct local_object *obj, int fd, struct vfs_read *io)
{
    uint64_t size = local_recent_size(obj);
    struct local_recent_look look = local_recent_look(obj);
    enum vfs_status status;
    struct stat st;

    vfs_memo_look(); /* what it reads is newer than what others met */
    status = read_bytes(local_fs_of(&obj->base), fd, io, size, &st);
    if (status == VFS_OK && st.st_size >= 0)
        local_recent_keep_size(obj, &look, &st);
    return status;
}

static enum vfs_status read_object(struct local_object *obj, struct vfs_read *io)
{
    struct local_fs *fs = local_fs_of(&obj->base);
    enum vfs_status status;
    struct stat st;
    int fd;

    status = local_io_get(obj, NULL, VFS_WANT_READ, &fd);
    if (status != VFS_OK)
        return status;
    if (local_read_by_fd(fs, fd, io, &st))
        return VFS_OK; /* in use until read_done() */
    if (io->len > 0)
        status = read_shared(obj, fd, io);
    else
        io->eof = !look(fd, &st) || io->offset >= (uint64_t)st.st_size;
    local_keep_read(obj);
    local_io_put(obj);
    return status;
}

enum vfs_status local_read(struct vfs_object *base, struct vfs_read *io)
{
    enum vfs_status status = local_check_regular(base);

    if (status != VFS_OK)
        return status;
    io->fd = -1;
    io->eof = false;
    if (io->offset > INT64_MAX)
        io->len = 0;
    else if (io->len > INT64_MAX - io->offset)
        io->len = (uint32_t)(INT64_MAX - io->offset);
    local_fetch_begin(local_fs_of(base));
    status = read_object(local_of(base), io);
    local_fetch_end(local_fs_of(base));
    return status;
}

void local_read_done(struct vfs_object *obj, int fd)
{
    (void)fd;
    local_keep_read(local_of(obj));
    local_io_put(local_of(obj));
}
