/* SPDX-License-Identifier: Apache-2.0 */
/* READ (RFC 8881 §18.22). */
#include "proto/ops/ops.h"

#include "export/export_counters.h"
#include "proto/ops/read_reply.h"
#include "proto/ops/stateid_arg.h"

enum {
    READ_HEAD_BYTES = 8 /* eof and the length in front of the data */
};

static void answer(struct compound *c, const struct vfs_read *io)
{
    struct READ4resok resok = {.eof = io->eof, .data = {io->buf, io->len}};

    export_counters_add(c->current.export, EXPORT_COUNTER_read_bytes, io->len);
    if (io->lent || (io->fd >= 0 && io->len > 0)) {
        xdr_put_u32(c->out, io->eof);
        xdr_put_u32(c->out, io->len);
        if (io->lent)
            read_reply_lent(c, io->lent, io->len);
        else
            read_reply_tail(c, io->fd, io->offset, io->len);
        return;
    }
    if (io->fd >= 0)
        c->current.obj->fs->ops->read_done(c->current.obj, io->fd);
    wire_READ4resok(c->out, &resok);
}

static enum nfsstat4 read_file(struct compound *c, const struct READ4args *args)
{
    struct vfs_object *obj = c->current.obj;
    struct vfs_read io = {.offset = args->offset, .fd = -1, .eof = true};
    enum vfs_status status;

    if (!read_reply_length(c, args->count, READ_HEAD_BYTES, &io.len)) {
        xdr_fail(c->out);
        return NFS4_OK;
    }
    io.buf = c->out->p + READ_HEAD_BYTES;
    if (args->offset > INT64_MAX) {
        io.len = 0; /* behind all ends */
        answer(c, &io);
        return NFS4_OK;
    }
    if (io.len > INT64_MAX - args->offset)
        io.len = (uint32_t)(INT64_MAX - args->offset);
    io.fd_ok = read_reply_tail_fits(c, io.len);
    status = obj->fs->ops->read(obj, &io);
    vfs_memo_look();
    if (status != VFS_OK)
        return status_from_vfs(status);
    answer(c, &io);
    return NFS4_OK;
}

enum nfsstat4 op_read(struct compound *c, const struct READ4args *args)
{
    struct stateid_io io;
    enum nfsstat4 status = stateid_arg_need_file(c);

    if (status != NFS4_OK)
        return status;
    status = stateid_io_begin(c, &args->stateid, OPEN4_SHARE_ACCESS_READ, &io);
    if (status == NFS4_OK)
        status = stateid_io_permit(c, &io, OPEN4_SHARE_ACCESS_READ);
    if (status == NFS4_OK)
        status = read_file(c, args);
    stateid_io_end(c, &io);
    return status;
}
