/* SPDX-License-Identifier: Apache-2.0 */
/* Reads and writes through a buffer, and keeps holes where both backends know them. */
#include "vfs/vfs_copy.h"

#include <string.h>

#include "base/memory.h"
#include "vfs/vfs.h"

/* What one call has to do, and has done. */
struct copy {
    struct vfs_object *from, *to;
    const struct vfs_cred *cred;
    char *buf;
    uint64_t from_offset, to_offset, left;
    uint64_t budget; /* bytes of data that may still be moved */
    uint64_t done;
    uint64_t solid; /* the part of `done` behind which the target does not end */
};

static void advance(struct copy *copy, uint64_t length)
{
    copy->from_offset += length;
    copy->to_offset += length;
    copy->left -= length;
    copy->done += length;
}

/* How many of the bytes left are in a hole, until data follows or the source ends: it may have been
 * cut. */
static uint64_t hole_here(const struct copy *copy)
{
    uint64_t found;
    bool eof;

    /* It can't tell; or there is its end or an error, which reading will meet, too. */
    if (!(copy->from->fs->caps & VFS_CAP_SPACE) ||
        copy->from->fs->ops->seek(copy->from, VFS_DATA, copy->from_offset, &found, &eof) !=
            VFS_OK ||
        found <= copy->from_offset)
        return 0;
    return found - copy->from_offset < copy->left ? found - copy->from_offset : copy->left;
}

/* The same for data, until a hole follows. */
static uint64_t data_here(const struct copy *copy)
{
    uint64_t found;
    bool eof;

    if (!(copy->from->fs->caps & VFS_CAP_SPACE) ||
        copy->from->fs->ops->seek(copy->from, VFS_HOLE, copy->from_offset, &found, &eof) !=
            VFS_OK ||
        found <= copy->from_offset)
        return copy->left;
    return found - copy->from_offset < copy->left ? found - copy->from_offset : copy->left;
}

/* Write `len` bytes of the buffer. */
static enum vfs_status put_bytes(struct copy *copy, uint32_t len)
{
    enum vfs_stability reached;
    uint32_t written = 0;
    enum vfs_status status = copy->to->fs->ops->write(
        copy->to, copy->cred, copy->to_offset, copy->buf, len, VFS_UNSTABLE, &written, &reached);

    advance(copy, written);
    copy->budget -= written;
    copy->solid = copy->done;
    return status;
}

static uint32_t next_part(const struct copy *copy, uint64_t length)
{
    if (length > copy->budget)
        length = copy->budget;
    return length < LIMIT_COPY_BUFFER_BYTES ? (uint32_t)length : LIMIT_COPY_BUFFER_BYTES;
}

static enum vfs_status copy_hole(struct copy *copy, uint64_t length)
{
    enum vfs_status status = VFS_NOTSUPP;

    if (copy->to->fs->caps & VFS_CAP_SPACE)
        status = copy->to->fs->ops->deallocate(copy->to, copy->cred, copy->to_offset, length);
    if (status == VFS_OK) {
        advance(copy, length);
        return VFS_OK;
    }
    if (status != VFS_NOTSUPP)
        return status;
    memset(copy->buf, 0, next_part(copy, length));
    return put_bytes(copy, next_part(copy, length));
}

static enum vfs_status copy_data(struct copy *copy, bool *eof)
{
    struct vfs_read io = {.offset = copy->from_offset,
                          .len = next_part(copy, data_here(copy)),
                          .fd = -1,
                          .buf = copy->buf};
    enum vfs_status status = copy->from->fs->ops->read(copy->from, &io);

    if (status != VFS_OK)
        return status;
    *eof = io.eof || io.len == 0;
    return io.len == 0 ? VFS_OK : put_bytes(copy, io.len);
}

/* A hole was copied last: let the target reach to its end.  Not by setting the size, which would
 * cut what somebody else has appended since. */
static enum vfs_status extend(struct copy *copy)
{
    const struct vfs_ops *ops = copy->to->fs->ops;
    enum vfs_stability reached;
    enum vfs_status status;
    struct vfs_attr attr;
    uint32_t written;

    if (copy->solid == copy->done)
        return VFS_OK;
    status = ops->getattr(copy->to, VFS_ATTR_SIZE | VFS_ATTR_FRESH, &attr);
    if (status != VFS_OK || attr.size >= copy->to_offset)
        return status;
    status = ops->write(copy->to, copy->cred, copy->to_offset - 1, "", 1, VFS_UNSTABLE, &written,
                        &reached);
    if (status == VFS_OK)
        (void)ops->deallocate(copy->to, copy->cred, copy->to_offset - 1, 1);
    return status;
}

static enum vfs_status copy_all(struct copy *copy)
{
    enum vfs_status status = VFS_OK, late;
    bool eof = false;

    while (status == VFS_OK && !eof && copy->left > 0 && copy->budget > 0) {
        uint64_t hole = hole_here(copy);

        status = hole > 0 ? copy_hole(copy, hole) : copy_data(copy, &eof);
    }
    late = extend(copy);
    if (late == VFS_OK)
        return status;
    copy->done = copy->solid;
    return status == VFS_OK ? late : status;
}

/* Cut at the end of the source what is left to do, and check the ranges. */
static enum vfs_status fit(struct copy *copy)
{
    struct vfs_attr attr;
    enum vfs_status status =
        copy->from->fs->ops->getattr(copy->from, VFS_ATTR_SIZE | VFS_ATTR_FRESH, &attr);

    if (status != VFS_OK)
        return status;
    if (copy->from_offset >= attr.size)
        copy->left = 0;
    else if (copy->left > attr.size - copy->from_offset)
        copy->left = attr.size - copy->from_offset;
    if (copy->to_offset > INT64_MAX || copy->left > INT64_MAX - copy->to_offset)
        return VFS_FBIG;
    if (copy->from->node == copy->to->node && copy->from_offset < copy->to_offset + copy->left &&
        copy->to_offset < copy->from_offset + copy->left)
        return VFS_INVAL;
    return VFS_OK;
}

/* The status that open() has for this type. */
static enum vfs_status check_type(const struct vfs_object *obj)
{
    if (vfs_type_is_file(obj->type))
        return VFS_OK;
    if (vfs_type_is_dir(obj->type))
        return VFS_ISDIR;
    return obj->type == VFS_LNK ? VFS_SYMLINK : VFS_WRONG_TYPE;
}

enum vfs_status vfs_copy_by_hand(struct vfs_object *from, uint64_t from_offset,
                                 struct vfs_object *to, uint64_t to_offset, uint64_t length,
                                 const struct vfs_cred *cred, uint64_t *copied)
{
    struct copy copy = {.from = from,
                        .to = to,
                        .cred = cred,
                        .from_offset = from_offset,
                        .to_offset = to_offset,
                        .left = length,
                        .budget = LIMIT_COPY_BYTES};
    enum vfs_status status = check_type(from);

    *copied = 0;
    if (status == VFS_OK)
        status = check_type(to);
    if (status == VFS_OK)
        status = fit(&copy);
    if (status != VFS_OK || copy.left == 0)
        return status;
    copy.buf = memory_alloc(MEMORY_buffers, LIMIT_COPY_BUFFER_BYTES);
    if (!copy.buf)
        return VFS_DELAY;
    status = copy_all(&copy);
    memory_free(MEMORY_buffers, copy.buf);
    *copied = copy.done;
    return copy.done > 0 ? VFS_OK : status;
}

enum vfs_status vfs_copy(struct vfs_object *from, uint64_t from_offset, struct vfs_object *to,
                         uint64_t to_offset, uint64_t length, const struct vfs_cred *cred,
                         uint64_t *copied)
{
    enum vfs_status status = VFS_XDEV;

    if (from->fs->ops == to->fs->ops && (to->fs->caps & VFS_CAP_COPY))
        status = to->fs->ops->copy(from, from_offset, to, to_offset, length, cred, copied);
    if (status != VFS_XDEV && status != VFS_NOTSUPP)
        return status;
    return vfs_copy_by_hand(from, from_offset, to, to_offset, length, cred, copied);
}
