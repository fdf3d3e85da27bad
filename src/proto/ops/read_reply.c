/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/ops/read_reply.h"

enum {
    TAIL_BYTES_MIN = 32768 /* below this a copy is cheaper */
};

bool read_reply_length(const struct compound *c, uint32_t count, uint32_t head_bytes, uint32_t *len)
{
    size_t left = xdr_left(c->out), room;

    if (left < head_bytes)
        return false;
    room = (left - head_bytes) & ~(size_t)3;
    *len = count < LIMIT_READ_BYTES ? count : LIMIT_READ_BYTES;
    if (*len > room)
        *len = (uint32_t)room;
    return *len > 0 || count == 0;
}

/* A kept reply needs its bytes; operations behind this one their place after them. */
bool read_reply_tail_fits(const struct compound *c, uint32_t len)
{
    return c->call->tail_ok && !c->want_cached && len >= TAIL_BYTES_MIN &&
           c->op_index + 1 == c->op_count;
}

static void tail_done(void *arg, int fd)
{
    struct vfs_object *obj = arg;

    obj->fs->ops->read_done(obj, fd);
    vfs_object_put(obj);
}

void read_reply_tail(struct compound *c, int fd, uint64_t offset, uint32_t len)
{
    c->call->tail = (struct rpc_tail){
        .fd = fd,
        .offset = offset,
        .len = len,
        .done = tail_done,
        .arg = vfs_object_get(c->current.obj),
    };
}

static void lent_done(void *arg, int fd)
{
    struct vfs_lent *lent = arg;

    (void)fd;
    lent->done(lent);
}

void read_reply_lent(struct compound *c, struct vfs_lent *lent, uint32_t len)
{
    c->call->tail = (struct rpc_tail){
        .fd = -1,
        .pieces = lent->pieces,
        .piece_count = lent->count,
        .len = len,
        .done = lent_done,
        .arg = lent,
    };
}
