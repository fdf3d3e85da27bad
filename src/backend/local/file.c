/* SPDX-License-Identifier: Apache-2.0 */
/* Data of regular files: open, close, read, write, commit. */
#include "backend/local/file.h"

#include <errno.h>
#include <sys/uio.h>
#include <unistd.h>

#include "backend/local/change.h"
#include "backend/local/cred.h"
#include "backend/local/fetch.h"
#include "backend/local/io.h"
#include "backend/local/status.h"
#include "backend/local/statx.h"
#include "backend/local/sync.h"

enum {
    SENDFILE_BYTES = 64 << 10 /* return a descriptor instead of data from this size on */
};

enum vfs_status local_check_regular(const struct vfs_object *obj)
{
    switch (obj->type) {
    case VFS_REG:
        return VFS_OK;
    case VFS_DIR:
        return VFS_ISDIR;
    case VFS_LNK:
        return VFS_SYMLINK;
    case VFS_BLK:
    case VFS_CHR:
    case VFS_SOCK:
    case VFS_FIFO:
    case VFS_ATTRDIR:
    case VFS_NAMEDATTR:
        break;
    }
    return VFS_WRONG_TYPE;
}

/* The caller has just created the file and may open it this once, whatever its mode. */
static bool made_it(const struct local_object *obj, const struct vfs_cred *cred)
{
    struct statx st;

    if (!local_fs_of(&obj->base)->impersonate)
        return true;
    return local_statx(obj->path_fd, "", &st) == 0 && st.stx_uid == cred->uid;
}

enum vfs_status local_open(struct vfs_object *base, const struct vfs_cred *cred,
                           enum vfs_open_want want, bool created)
{
    struct local_object *obj = local_of(base);
    enum vfs_status status = local_check_regular(base);
    int fd;

    if (status != VFS_OK)
        return status;
    local_fetch_begin(local_fs_of(base));
    status = local_io_get(obj, created && made_it(obj, cred) ? NULL : cred, want, &fd);
    local_fetch_end(local_fs_of(base));
    if (status != VFS_OK)
        return status;
    status = local_io_pin(obj, want) ? VFS_OK : VFS_STALE;
    local_io_put(obj);
    return status;
}

void local_close(struct vfs_object *base, enum vfs_open_want want)
{
    local_io_unpin(local_of(base), want);
}

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

static bool size_of(int fd, uint64_t *size)
{
    struct stat st;

    if (fstat(fd, &st) != 0)
        return false;
    *size = (uint64_t)st.st_size;
    return true;
}

static bool answer_by_fd(struct local_fs *fs, int fd, struct vfs_read *io)
{
    uint64_t size;

    if (!io->fd_ok || io->len < SENDFILE_BYTES || !size_of(fd, &size) ||
        size < io->offset + SENDFILE_BYTES)
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

/* Read what is in the page cache at once; announce blocking only for the rest. */
static enum vfs_status read_bytes(struct local_fs *fs, int fd, struct vfs_read *io)
{
    ssize_t got = read_nowait(fs, fd, io->buf, io->len, io->offset);
    bool certain = got >= 0; /* the rest must certainly come from the disk */
    uint64_t size = 0;
    int err = 0;

    if (certain && (size_t)got < io->len && size_of(fd, &size) && io->offset + got >= size)
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
    io->eof = (size_t)got < io->len || !size_of(fd, &size) || io->offset + got >= size;
    io->len = (uint32_t)got;
    return VFS_OK;
}

static enum vfs_status read_object(struct local_object *obj, struct vfs_read *io)
{
    struct local_fs *fs = local_fs_of(&obj->base);
    enum vfs_status status;
    int fd;

    status = local_io_get(obj, NULL, VFS_WANT_READ, &fd);
    if (status != VFS_OK)
        return status;
    if (answer_by_fd(fs, fd, io))
        return VFS_OK; /* in use until read_done() */
    if (io->len > 0) {
        status = read_bytes(fs, fd, io);
    } else {
        uint64_t size;

        io->eof = !size_of(fd, &size) || io->offset >= size;
    }
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
    local_io_put(local_of(obj));
}

static int write_all(int fd, uint64_t offset, const void *data, uint32_t len, uint32_t *written)
{
    *written = 0;
    while (*written < len) {
        ssize_t put =
            pwrite(fd, (const char *)data + *written, len - *written, (off_t)(offset + *written));

        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return errno;
        if (put == 0)
            return ENOSPC;
        *written += (uint32_t)put;
    }
    return 0;
}

static enum vfs_status write_bytes(struct local_object *obj, int fd, uint64_t offset,
                                   const void *data, uint32_t len, uint32_t *written)
{
    int err;

    vfs_blocking_begin(false);
    err = write_all(fd, offset, data, len, written);
    vfs_blocking_end();
    if (*written)
        local_change_mark(obj->file);
    return local_status(err);
}

/* The descriptor may have been opened by any client, but the kernel checks the writing thread: its
 * identity decides on suid and sgid bits, reserved blocks and quotas. */
enum vfs_status local_write(struct vfs_object *base, const struct vfs_cred *cred, uint64_t offset,
                            const void *data, uint32_t len, enum vfs_stability want,
                            uint32_t *written, enum vfs_stability *reached)
{
    struct local_object *obj = local_of(base);
    enum vfs_status status = local_check_regular(base);
    int fd;

    if (status != VFS_OK)
        return status;
    if (offset > INT64_MAX || len > INT64_MAX - offset)
        return VFS_FBIG;
    status = local_io_get(obj, NULL, VFS_WANT_WRITE, &fd);
    if (status != VFS_OK)
        return status;
    status = local_cred_use(local_fs_of(base), cred);
    if (status == VFS_OK)
        status = write_bytes(obj, fd, offset, data, len, written);
    if (!atomic_load_explicit(&obj->unsynced, memory_order_relaxed))
        atomic_store_explicit(&obj->unsynced, true, memory_order_relaxed);
    if (status == VFS_OK && want != VFS_UNSTABLE)
        status = local_sync_wait(obj, fd, want == VFS_FILE_SYNC);
    local_io_put(obj);
    *reached = status == VFS_OK ? want : VFS_UNSTABLE;
    return status;
}

enum vfs_status local_commit(struct vfs_object *base, const struct vfs_cred *cred, uint64_t offset,
                             uint64_t len)
{
    struct local_object *obj = local_of(base);
    enum vfs_status status = local_check_regular(base);
    int fd;

    (void)offset; /* the kernel syncs whole files only */
    (void)len;
    if (status != VFS_OK)
        return status;
    status = local_io_get_any(obj, &fd);
    if (status != VFS_OK)
        return status;
    status = local_cred_use(local_fs_of(base), cred);
    if (status == VFS_OK) {
        local_sync_review(obj);
        status = local_sync_wait(obj, fd, false);
    }
    local_io_put(obj);
    return status;
}
