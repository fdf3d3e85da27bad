/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A mount with many requests in flight: one in each slot of its session except slot 0, which is
 * left for synchronous calls.  Nothing is sent before client_conn_flush(), or before a reply is
 * awaited, so requests are sent together.
 *
 * Belongs to one thread.
 */
#pragma once

#include "bench/load/options.h"
#include "client/client_mount.h"
#include "client/client_result.h"

struct pipe {
    struct client_mount mount;
    uint32_t room; /* capacity in requests */
    uint32_t busy;
    uint32_t free[CLIENT_SLOTS]; /* free slots: the first room - busy elements */
    struct ticket {
        uint32_t xid; /* 0: nothing is in flight */
        uint32_t tag; /* set by the caller */
    } tickets[CLIENT_SLOTS];
};

/* `callbacks` as in struct client_session_wish.  False after an error message. */
bool pipe_open(struct pipe *pipe, const struct bench_options *options,
               struct client_callbacks *callbacks);

void pipe_close(struct pipe *pipe);

/* Begin a compound for a free slot; there must be one. */
void pipe_begin(struct pipe *pipe, struct client_compound *c);

/* Send it and free its memory. */
bool pipe_send(struct pipe *pipe, struct client_compound *c, uint32_t tag);

/* Wait for one reply.  Returns its request's tag and its status. */
bool pipe_receive(struct pipe *pipe, uint32_t *tag, enum nfsstat4 *status);

/* The same with the whole result, which must be freed. */
bool pipe_receive_result(struct pipe *pipe, uint32_t *tag, struct client_result *result);

/* Print an error message.  Returns false. */
bool pipe_trouble(const char *what, enum nfsstat4 status);
