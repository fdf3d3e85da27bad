/* SPDX-License-Identifier: Apache-2.0 */
/*
 * READ_PLUS (RFC 7862 §15.10): READ, with holes instead of their zeros.
 *
 * All that is told lies in the range that was asked for.  §15.10.3 wants a hole to be told in its
 * entirety, but Linux takes a hole that begins before the range and ends behind it for more bytes
 * than it asked for, and needs no more than those.  Linux also unpacks the parts in the buffer that
 * it received them in, the last one first.  This is safe since each part that is not the last one
 * begins no later in the reply than in the range: a hole that is told is longer than its
 * description, and two parts with data are never neighbours.
 */
#include "export/export_counters.h"
#include "proto/ops/ops.h"
#include "proto/ops/read_reply.h"
#include "proto/ops/stateid_arg.h"
#include "vfs/vfs_read_plus.h"
#include "wire/nfs4_space.h"

enum {
    HEAD_BYTES = 8 /* eof, and how many parts there are */
};

static struct read_plus_content content_of(const struct vfs_read_plus_part *part)
{
    struct read_plus_content content = {.rpc_content = NFS4_CONTENT_DATA};

    if (part->hole) {
        content.rpc_content = NFS4_CONTENT_HOLE;
        content.rpc_hole = (struct data_info4){part->offset, part->len};
    } else {
        content.rpc_data = (struct data4){part->offset, {part->data, part->len}};
    }
    return content;
}

/* The transport sends the bytes of the last part, and their padding. */
static void answer_by_tail(struct compound *c, const struct vfs_read_plus *io,
                           const struct vfs_read_plus_part *part)
{
    xdr_put_u32(c->out, NFS4_CONTENT_DATA);
    xdr_put_u64(c->out, part->offset);
    xdr_put_u32(c->out, part->len);
    read_reply_tail(c, io->fd, part->offset, part->len);
}

/* The bytes stand in their places already. */
static void answer_parts(struct compound *c, const struct vfs_read_plus *io)
{
    for (uint32_t i = 0; i < io->count; i++) {
        struct read_plus_content content = content_of(&io->parts[i]);

        if (!io->parts[i].hole && !io->parts[i].data)
            answer_by_tail(c, io, &io->parts[i]);
        else
            wire_read_plus_content(c->out, &content);
    }
}

/* At the end of the file, and if nothing was asked for, there are data of no length. */
static void answer_nothing(struct compound *c, uint64_t offset)
{
    struct read_plus_content content = {.rpc_content = NFS4_CONTENT_DATA,
                                        .rpc_data = {.d_offset = offset}};

    wire_read_plus_content(c->out, &content);
}

static void answer(struct compound *c, const struct vfs_read_plus *io)
{
    uint64_t holes = 0;

    for (uint32_t i = 0; i < io->count; i++)
        holes += io->parts[i].hole ? io->parts[i].len : 0;
    export_counters_add(c->current.export, EXPORT_COUNTER_read_bytes,
                        vfs_read_plus_len(io) - holes);
    if (holes)
        export_counters_add(c->current.export, EXPORT_COUNTER_hole_bytes, holes);
    xdr_put_u32(c->out, io->eof);
    xdr_put_u32(c->out, io->count > 0 ? io->count : 1);
    if (io->count > 0)
        answer_parts(c, io);
    else
        answer_nothing(c, io->offset);
}

static enum nfsstat4 read_file(struct compound *c, const struct READ_PLUS4args *args)
{
    struct vfs_object *obj = c->current.obj;
    struct vfs_read_plus io;
    enum vfs_status status = VFS_OK;

    io.offset = args->rpa_offset;
    io.hole_room = WIRE_READ_PLUS_HOLE_BYTES;
    io.data_room = WIRE_READ_PLUS_DATA_BYTES;
    if (!read_reply_length(c, args->rpa_count, HEAD_BYTES + WIRE_READ_PLUS_DATA_BYTES, &io.len)) {
        xdr_fail(c->out);
        return NFS4_OK;
    }
    io.buf = c->out->p + HEAD_BYTES;
    io.fd_ok = read_reply_tail_fits(c, io.len);
    if (io.offset > INT64_MAX) {
        vfs_read_plus_begin(&io);
        io.eof = true; /* behind all ends */
    } else {
        if (io.len > INT64_MAX - io.offset)
            io.len = (uint32_t)(INT64_MAX - io.offset);
        status = obj->fs->ops->read_plus(obj, &io);
    }
    if (status != VFS_OK)
        return status_from_vfs(status);
    answer(c, &io);
    return NFS4_OK;
}

enum nfsstat4 op_read_plus(struct compound *c, const struct READ_PLUS4args *args)
{
    struct stateid_io io;
    enum nfsstat4 status = stateid_arg_need_file(c);

    if (status != NFS4_OK)
        return status;
    status = stateid_io_begin(c, &args->rpa_stateid, OPEN4_SHARE_ACCESS_READ, &io);
    if (status == NFS4_OK)
        status = stateid_io_permit(c, &io, OPEN4_SHARE_ACCESS_READ);
    if (status == NFS4_OK)
        status = read_file(c, args);
    stateid_io_end(c, &io);
    return status;
}
