/* SPDX-License-Identifier: Apache-2.0 */
/*
 * READ (RFC 8881 §18.22).  The bytes go straight to their place in the reply, or, when they are
 * many and end the reply, from the backend's descriptor to the socket.
 */
#include "proto/ops/ops.h"

#include "export/export_counters.h"
#include "proto/ops/stateid_arg.h"

enum {
    READ_HEAD_BYTES = 8,        /* eof and the length in front of the data */
    READ_TAIL_BYTES_MIN = 32768 /* below this a copy is cheaper than sendfile */
};

static void tail_done(void *arg, int fd)
{
    struct vfs_object *obj = arg;

    obj->fs->ops->read_done(obj, fd);
    vfs_object_put(obj);
}

/* A kept reply needs its bytes; operations behind this one their place after them. */
static bool tail_fits(const struct compound *c, uint32_t len)
{
    return c->call->tail_ok && !c->want_cached && len >= READ_TAIL_BYTES_MIN &&
           c->op_index + 1 == c->op_count;
}

/* Only eof and the length stand in `out`; the transport sends the bytes and their padding. */
static void answer_by_tail(struct compound *c, const struct vfs_read *io)
{
    xdr_put_u32(c->out, io->eof);
    xdr_put_u32(c->out, io->len);
    c->call->tail = (struct rpc_tail){
        .fd = io->fd,
        .offset = io->offset,
        .len = io->len,
        .done = tail_done,
        .arg = vfs_object_get(c->current.obj),
    };
}

static void answer(struct compound *c, const struct vfs_read *io)
{
    struct READ4resok resok = {.eof = io->eof, .data = {io->buf, io->len}};

    export_counters_add(c->current.export, EXPORT_COUNTER_read_bytes, io->len);
    if (io->fd >= 0 && io->len > 0) {
        answer_by_tail(c, io);
        return;
    }
    if (io->fd >= 0)
        c->current.obj->fs->ops->read_done(c->current.obj, io->fd);
    wire_READ4resok(c->out, &resok);
}

/* As much as was asked for, as is allowed, and as there is room for; false when there is none. */
static bool read_length(const struct compound *c, const struct READ4args *args, uint32_t *len)
{
    size_t left = xdr_left(c->out), room;

    if (left < READ_HEAD_BYTES)
        return false;
    room = (left - READ_HEAD_BYTES) & ~(size_t)3;
    *len = args->count < LIMIT_READ_BYTES ? args->count : LIMIT_READ_BYTES;
    if (*len > room)
        *len = (uint32_t)room;
    return *len > 0 || args->count == 0;
}

static enum nfsstat4 read_file(struct compound *c, const struct READ4args *args)
{
    struct vfs_object *obj = c->current.obj;
    struct vfs_read io = {.offset = args->offset, .fd = -1, .eof = true};
    enum vfs_status status;

    if (!read_length(c, args, &io.len)) {
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
    io.fd_ok = tail_fits(c, io.len);
    status = obj->fs->ops->read(obj, &io);
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
