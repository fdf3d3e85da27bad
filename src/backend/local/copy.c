/* SPDX-License-Identifier: Apache-2.0 */
/*
 * copy_file_range() copies what is data; it would fill holes on some file systems.  So holes are
 * looked for, and made in the target, by system calls of their own.
 */
#include "backend/local/copy.h"

#include <errno.h>
#include <unistd.h>

#include "backend/local/change.h"
#include "backend/local/cred.h"
#include "backend/local/file.h"
#include "backend/local/hole.h"
#include "backend/local/io.h"
#include "backend/local/keep.h"
#include "backend/local/run.h"
#include "backend/local/status.h"

enum {
    PUNCH_BYTES = 16 << 10 /* of the budget that a new hole costs */
};

/* What one call has to do, and has done. */
struct copy {
    struct local_object *source;
    int from_fd, to_fd;
    uint64_t from, to, left; /* offsets, and the bytes that follow */
    uint64_t budget;         /* bytes of data that may still be moved, or work of that size */
    uint64_t done;
    uint64_t solid; /* the part of `done` behind which the target does not end */
    bool changed;   /* the target may have */
};

static const char zeros[64 << 10];

/* How many of the bytes left are in a hole of the source, until data follows or it ends.  Where the
 * file system cannot tell, all is data. */
static uint64_t source_hole(const struct copy *copy)
{
    uint64_t end;
    bool eof;

    if (local_hole_end(copy->from_fd, copy->from, &end, &eof) != 0)
        return 0;
    return end - copy->from < copy->left ? end - copy->from : copy->left;
}

/* How many of `length` bytes have no data in the target, which may end before. */
static uint64_t target_hole(const struct copy *copy, uint64_t length)
{
    off_t data = lseek(copy->to_fd, (off_t)copy->to, SEEK_DATA);

    if (data < 0)
        return errno == ENXIO ? length : 0;
    return (uint64_t)data - copy->to < length ? (uint64_t)data - copy->to : length;
}

/* How many of the bytes left are data, until a hole follows.  A long copy takes many calls; each
 * would look for the same hole. */
static uint64_t source_data(const struct copy *copy)
{
    struct stat st;
    uint64_t end;
    off_t hole;

    if (fstat(copy->from_fd, &st) != 0)
        return copy->left;
    end = local_run_end(copy->source, &st, copy->from);
    if (end == 0) {
        hole = lseek(copy->from_fd, (off_t)copy->from, SEEK_HOLE);
        if (hole <= (off_t)copy->from)
            return copy->left; /* unknown, or changed meanwhile */
        end = (uint64_t)hole;
        local_run_keep(copy->source, &st, copy->from, end);
    }
    return end - copy->from < copy->left ? end - copy->from : copy->left;
}

/* The same of `length` bytes of the target. */
static uint64_t target_data(const struct copy *copy, uint64_t length)
{
    off_t hole = lseek(copy->to_fd, (off_t)copy->to, SEEK_HOLE);

    if (hole <= (off_t)copy->to)
        return length;
    return (uint64_t)hole - copy->to < length ? (uint64_t)hole - copy->to : length;
}

static int punch(int fd, uint64_t offset, uint64_t length)
{
    int result;

    do
        result =
            fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)offset, (off_t)length);
    while (result != 0 && errno == EINTR);
    return result != 0 ? errno : 0;
}

static void advance(struct copy *copy, uint64_t length)
{
    copy->from += length;
    copy->to += length;
    copy->left -= length;
    copy->done += length;
}

/* For file systems without holes. */
static int write_zeros(struct copy *copy, uint64_t length)
{
    while (length > 0 && copy->budget > 0) {
        uint64_t part = length < sizeof(zeros) ? length : sizeof(zeros);
        ssize_t put;

        if (part > copy->budget)
            part = copy->budget;
        put = pwrite(copy->to_fd, zeros, part, (off_t)copy->to);
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return put < 0 ? errno : ENOSPC;
        advance(copy, (uint64_t)put);
        copy->budget -= (uint64_t)put;
        copy->solid = copy->done;
        length -= (uint64_t)put;
    }
    return 0;
}

/* Only where the target has data is there anything to do. */
static int copy_hole(struct copy *copy, uint64_t length)
{
    uint64_t nothing = target_hole(copy, length);
    int err;

    if (nothing > 0) {
        advance(copy, nothing);
        return 0;
    }
    length = target_data(copy, length);
    err = punch(copy->to_fd, copy->to, length);
    copy->budget -= copy->budget < PUNCH_BYTES ? copy->budget : PUNCH_BYTES;
    if (err == EOPNOTSUPP || err == ENOSYS)
        return write_zeros(copy, length);
    if (err)
        return err;
    advance(copy, length);
    return 0;
}

/* Sets *moved to 0 where the source ends.  Filters of system calls in containers answer EPERM for a
 * call that they do not have: try without it.  A file that must not change refuses write(), too. */
static int copy_data(struct copy *copy, uint64_t *moved)
{
    off_t from = (off_t)copy->from, to = (off_t)copy->to;
    uint64_t length = source_data(copy);
    ssize_t got;

    if (length > copy->budget)
        length = copy->budget;
    do
        got = copy_file_range(copy->from_fd, &from, copy->to_fd, &to, length, 0);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return errno == EPERM ? EOPNOTSUPP : errno;
    *moved = (uint64_t)got;
    advance(copy, *moved);
    copy->budget -= *moved;
    copy->solid = copy->done;
    return 0;
}

static int copy_all(struct copy *copy)
{
    uint64_t moved = 1;
    int err = 0;

    while (copy->left > 0 && copy->budget > 0 && moved > 0 && !err) {
        uint64_t hole = source_hole(copy);

        err = hole > 0 ? copy_hole(copy, hole) : copy_data(copy, &moved);
    }
    return err;
}

/* A hole was copied last: let the target reach to its end.  Not by ftruncate(), which would cut
 * what somebody else has appended since. */
static int extend(struct copy *copy)
{
    struct stat st;
    uint64_t size;

    if (copy->solid == copy->done)
        return 0;
    if (fstat(copy->to_fd, &st) != 0)
        return errno;
    size = (uint64_t)st.st_size;
    if (size >= copy->to)
        return 0;
    errno = ENOSPC;
    if (pwrite(copy->to_fd, zeros, 1, (off_t)copy->to - 1) != 1)
        return errno;
    if (size < copy->to - copy->done)
        size = copy->to - copy->done;
    (void)punch(copy->to_fd, size, copy->to - size); /* if it fails, a block remains */
    return 0;
}

/* Cut at the end of the source what is left to do, and check the ranges. */
static enum vfs_status fit(const struct vfs_object *from, const struct vfs_object *to,
                           struct copy *copy)
{
    struct stat st;

    if (fstat(copy->from_fd, &st) != 0)
        return local_failure(errno);
    if (copy->from >= (uint64_t)st.st_size)
        copy->left = 0;
    else if (copy->left > (uint64_t)st.st_size - copy->from)
        copy->left = (uint64_t)st.st_size - copy->from;
    if (copy->to > INT64_MAX || copy->left > INT64_MAX - copy->to)
        return VFS_FBIG;
    if (from->node == to->node && copy->from < copy->to + copy->left &&
        copy->to < copy->from + copy->left)
        return VFS_INVAL;
    return VFS_OK;
}

/* Nothing was copied: not here, or may read() and write() do it? */
static enum vfs_status refusal(int err)
{
    return err == EINVAL || err == EBADF ? VFS_NOTSUPP : local_failure(err);
}

/* As the caller, for the same reasons as in local_write(). */
static enum vfs_status copy_as(struct vfs_object *from, struct vfs_object *to,
                               const struct vfs_cred *cred, struct copy *copy)
{
    enum vfs_status status = local_cred_use(local_fs_of(to), cred);
    int err, late;

    if (status != VFS_OK)
        return status;
    vfs_blocking_begin(false);
    status = fit(from, to, copy);
    if (status != VFS_OK || copy->left == 0) {
        vfs_blocking_end();
        return status;
    }
    err = copy_all(copy);
    copy->changed = copy->done > 0;
    late = extend(copy);
    vfs_blocking_end();
    if (late) {
        err = err ? err : late;
        copy->done = copy->solid;
    }
    if (copy->done > 0)
        return VFS_OK;
    /* Some file systems copy nothing of files whose size they do not know. */
    return err ? refusal(err) : VFS_NOTSUPP;
}

enum vfs_status local_copy(struct vfs_object *from, uint64_t from_offset, struct vfs_object *to,
                           uint64_t to_offset, uint64_t length, const struct vfs_cred *cred,
                           uint64_t *copied)
{
    struct copy copy = {.source = local_of(from),
                        .from = from_offset,
                        .to = to_offset,
                        .left = length,
                        .budget = LIMIT_COPY_BYTES};
    struct local_object *target = local_of(to);
    enum vfs_status status = local_check_regular(from);

    *copied = 0;
    if (status == VFS_OK)
        status = local_check_regular(to);
    if (status == VFS_OK)
        status = local_io_get(local_of(from), NULL, VFS_WANT_READ, &copy.from_fd);
    if (status != VFS_OK)
        return status;
    status = local_io_get(target, NULL, VFS_WANT_WRITE, &copy.to_fd);
    if (status == VFS_OK) {
        local_changing_begin(target);
        status = copy_as(from, to, cred, &copy);
        if (copy.changed)
            local_change_mark(target->file);
        local_changing_end(target);
        local_keep_read(copy.source);
        if (!atomic_load_explicit(&target->unsynced, memory_order_relaxed))
            atomic_store_explicit(&target->unsynced, true, memory_order_relaxed);
        local_io_put(target);
    }
    local_io_put(local_of(from));
    *copied = copy.done;
    return status;
}
