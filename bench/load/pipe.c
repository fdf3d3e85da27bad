/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/load/pipe.h"

#include <stdio.h>

#include "client/client_call.h"

enum {
    TIMEOUT_MS = 20000
};

bool pipe_trouble(const char *what, enum nfsstat4 status)
{
    (void)fprintf(stderr, "mainstay-bench: %s: %s\n", what, status_name(status));
    return false;
}

bool pipe_open(struct pipe *pipe, const struct bench_options *options,
               struct client_callbacks *callbacks)
{
    const struct client_cred cred = {
        .uid = options->uid, .gid = options->gid, .security = &options->security};
    struct client_session_wish wish = client_session_wish_default(NULL);
    enum nfsstat4 status;

    wish.callbacks = callbacks;
    status = client_mount_open(&pipe->mount, options->target, TIMEOUT_MS, &cred, &wish);
    if (status != NFS4_OK) {
        (void)fprintf(stderr, "mainstay-bench: %s: %s\n", options->target,
                      client_mount_failure(&pipe->mount, status));
        return false;
    }
    client_conn_buffer(&pipe->mount.conn);
    pipe->room = pipe->mount.session.slot_count - 1;
    pipe->busy = 0;
    for (uint32_t i = 0; i < pipe->room; i++)
        pipe->free[i] = pipe->room - i;
    pipe->mount.session.highest_in_use = pipe->room;
    return pipe->room > 0 || pipe_trouble("one slot only", NFS4ERR_RESOURCE);
}

void pipe_close(struct pipe *pipe)
{
    client_mount_close(&pipe->mount);
}

void pipe_begin(struct pipe *pipe, struct client_compound *c)
{
    CHECK(pipe->busy < pipe->room);
    client_compound_begin_slot(c, &pipe->mount.session, pipe->free[pipe->room - 1 - pipe->busy],
                               false);
}

bool pipe_send(struct pipe *pipe, struct client_compound *c, uint32_t tag)
{
    struct ticket *ticket = &pipe->tickets[c->slot];
    bool sent = client_compound_send(&pipe->mount.conn, c, &ticket->xid) == CLIENT_OK;

    ticket->tag = tag;
    pipe->busy++;
    client_compound_free(c);
    return sent || pipe_trouble("no connection", NFS4ERR_IO);
}

static uint32_t slot_of(const struct pipe *pipe, uint32_t xid)
{
    for (uint32_t slot = 1; slot <= pipe->room; slot++)
        if (pipe->tickets[slot].xid == xid)
            return slot;
    return 0;
}

/* The slot of this call is free again.  Returns the tag. */
static uint32_t ticket_end(struct pipe *pipe, uint32_t xid)
{
    const uint32_t slot = slot_of(pipe, xid);

    CHECK(slot > 0);
    pipe->mount.session.slots[slot].seqid++;
    pipe->tickets[slot].xid = 0;
    pipe->free[pipe->room - pipe->busy--] = slot;
    return pipe->tickets[slot].tag;
}

bool pipe_receive(struct pipe *pipe, uint32_t *tag, enum nfsstat4 *status)
{
    struct client_reply reply;

    if (client_call_receive_any(&pipe->mount.conn, &reply) != CLIENT_OK)
        return pipe_trouble("no reply", NFS4ERR_IO);
    *status = (enum nfsstat4)xdr_get_u32(&reply.results);
    *tag = ticket_end(pipe, reply.header.xid);
    client_reply_free(&reply);
    return true;
}

bool pipe_receive_result(struct pipe *pipe, uint32_t *tag, struct client_result *result)
{
    if (client_result_receive_any(&pipe->mount.conn, result) != CLIENT_OK)
        return pipe_trouble("no reply", NFS4ERR_IO);
    *tag = ticket_end(pipe, result->reply.header.xid);
    return true;
}
