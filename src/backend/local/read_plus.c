/* SPDX-License-Identifier: Apache-2.0 */
/*
 * READ_PLUS: lseek() tells where the holes are.  It may have to look at all extents of a file until
 * it finds one, so it is not asked where the answer is known.  A file that had no hole last time is
 * read first, and looked at after that.
 *
 * Other programs and clients change the file meanwhile.  What is said to be a hole was one when
 * lseek() said so; all the rest is read, whatever was known of it.  So old knowledge may turn a new
 * hole into zeros, but never data into a hole.
 */
#include "backend/local/read_plus.h"

#include <errno.h>
#include <unistd.h>

#include "backend/local/fetch.h"
#include "backend/local/file.h"
#include "backend/local/hole.h"
#include "backend/local/io.h"
#include "backend/local/keep.h"
#include "backend/local/read.h"
#include "backend/local/run.h"
#include "backend/local/status.h"
#include "vfs/vfs_read_plus.h"

/* One call. */
struct reading {
    struct local_object *obj;
    struct vfs_read_plus *io;
    int fd;
    struct stat st; /* of the file, at first */
    uint64_t at;    /* how far it is */
    uint64_t end;
    bool short_of; /* the file ended before */
};

static off_t seek_hole(int fd, uint64_t offset, int *err)
{
    off_t found;

    vfs_blocking_begin(false);
    found = lseek(fd, (off_t)offset, SEEK_HOLE);
    *err = found < 0 ? errno : 0;
    vfs_blocking_end();
    return found;
}

/* Until where do data reach from here?  `at`: there is a hole. */
static uint64_t data_end(struct reading *r)
{
    uint64_t end = local_run_end(r->obj, &r->st, r->at);
    int err;

    if (local_run_dense(&r->st) || vfs_read_plus_full(r->io))
        return r->end;
    if (end)
        return end;
    end = (uint64_t)seek_hole(r->fd, r->at, &err);
    if (err)
        return r->end; /* the file ends here now, or its file system does not know */
    if (end > r->at)
        local_run_keep(r->obj, &r->st, r->at, end);
    return end;
}

/* lseek() has just found a hole.  `at`: there is none any more. */
static uint64_t hole_end(const struct reading *r)
{
    uint64_t end;
    bool eof;
    int err;

    vfs_blocking_begin(false);
    err = local_hole_end(r->fd, r->at, &end, &eof);
    vfs_blocking_end();
    return err ? r->at : end;
}

static uint32_t part_len(const struct reading *r, uint64_t end)
{
    return (uint32_t)((end < r->end ? end : r->end) - r->at);
}

static bool take_fd(struct reading *r, uint32_t len)
{
    const struct vfs_read_plus *io = r->io;
    struct vfs_read part = {.offset = r->at, .len = len, .fd_ok = io->fd_ok, .fd = -1};
    struct stat now;

    if (r->at + len < r->end || (io->count && !io->parts[io->count - 1].hole))
        return false;
    if (!local_read_by_fd(local_fs_of(&r->obj->base), r->fd, &part, &now))
        return false;
    r->io->fd = part.fd;
    r->io->eof = part.eof;
    vfs_read_plus_fd(r->io, part.len);
    r->at = r->end;
    return true;
}

static enum vfs_status take_data(struct reading *r, uint32_t len)
{
    struct vfs_read part = {.offset = r->at, .len = len, .fd = -1};
    enum vfs_status status;
    struct stat now;

    if (take_fd(r, len))
        return VFS_OK;
    part.buf = vfs_read_plus_data(r->io, len);
    status = local_read_bytes(local_fs_of(&r->obj->base), r->fd, &part, &now);
    if (status != VFS_OK)
        part.len = 0;
    if (part.len < len)
        vfs_read_plus_cut(r->io, len - part.len);
    r->io->eof = part.eof;
    r->short_of = part.len < len;
    r->at += part.len;
    return status;
}

/* Behind a hole, the file may end.  If that cannot be told, the next call will. */
static void take_hole(struct reading *r, uint64_t end)
{
    uint32_t len = part_len(r, end);
    struct stat now;

    vfs_read_plus_hole(r->io, len);
    r->at += len;
    r->io->eof = fstat(r->fd, &now) == 0 && r->at >= (uint64_t)now.st_size;
}

static enum vfs_status take_parts(struct reading *r)
{
    enum vfs_status status = VFS_OK;

    while (status == VFS_OK && r->at < r->end && !r->short_of) {
        uint64_t end = data_end(r);

        if (end <= r->at) {
            end = hole_end(r);
            if (end > r->at) {
                take_hole(r, end);
                continue;
            }
            end = r->end; /* somebody has filled the hole, or cut the file */
        }
        status = take_data(r, part_len(r, end));
    }
    return status;
}

/* As READ does, with the same calls: most files have no holes.  False: this one has. */
static bool read_dense(struct reading *r, enum vfs_status *status)
{
    struct local_fs *fs = local_fs_of(&r->obj->base);
    struct vfs_read part = {.offset = r->at, .len = r->io->len, .fd_ok = r->io->fd_ok, .fd = -1};
    uint32_t asked = 0;

    *status = VFS_OK;
    if (!local_read_by_fd(fs, r->fd, &part, &r->st)) {
        asked = part.len; /* perhaps less by now: up to the end of the file */
        part.buf = vfs_read_plus_data(r->io, asked);
        *status = local_read_bytes(fs, r->fd, &part, &r->st);
    }
    if (*status != VFS_OK)
        return true;
    if (r->st.st_size < 0 && fstat(r->fd, &r->st) != 0)
        return false;
    if (!local_run_dense(&r->st))
        return false;
    r->io->eof = part.eof;
    r->io->fd = part.fd;
    if (part.fd >= 0)
        vfs_read_plus_fd(r->io, part.len);
    else
        vfs_read_plus_cut(r->io, asked - part.len);
    return true;
}

/* With parts that are certain an error may wait for the next call, which begins there. */
static enum vfs_status read_sparse(struct reading *r)
{
    enum vfs_status status;

    vfs_read_plus_begin(r->io);
    if (fstat(r->fd, &r->st) != 0)
        return local_failure(errno);
    atomic_store_explicit(&r->obj->sparse, !local_run_dense(&r->st), memory_order_relaxed);
    r->io->eof = r->at >= (uint64_t)r->st.st_size;
    if (r->io->eof)
        return VFS_OK;
    status = take_parts(r);
    if (status == VFS_OK || r->io->count == 0)
        return status;
    r->io->eof = false;
    return VFS_OK;
}

static enum vfs_status read_parts(struct reading *r)
{
    enum vfs_status status;

    vfs_read_plus_begin(r->io);
    if (r->io->len > 0 && !atomic_load_explicit(&r->obj->sparse, memory_order_relaxed) &&
        read_dense(r, &status))
        return status;
    return read_sparse(r);
}

enum vfs_status local_read_plus(struct vfs_object *base, struct vfs_read_plus *io)
{
    struct reading r = {
        .obj = local_of(base), .io = io, .at = io->offset, .end = io->offset + io->len};
    enum vfs_status status = local_check_regular(base);

    if (status != VFS_OK)
        return status;
    local_fetch_begin(local_fs_of(base));
    status = local_io_get(r.obj, NULL, VFS_WANT_READ, &r.fd);
    if (status == VFS_OK) {
        status = read_parts(&r);
        local_keep_read(r.obj);
        if (status != VFS_OK || io->fd < 0)
            local_io_put(r.obj); /* else in use until read_done() */
    }
    local_fetch_end(local_fs_of(base));
    return status;
}
