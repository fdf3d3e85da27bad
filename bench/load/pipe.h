/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A mount with many requests in flight: one for each slot of its session but slot 0, which is left
 * to whoever calls and waits.  Nothing is sent before client_conn_flush(), or before a reply is
 * awaited, so requests leave together.
 *
 * Belongs to one thread.
 */
#pragma once

#include "bench/load/options.h"
#include "client/client_mount.h"

struct pipe {
    struct client_mount mount;
    uint32_t room; /* requests that fit */
    uint32_t busy;
    uint32_t free[CLIENT_SLOTS]; /* slots: the first room - busy of them */
    struct ticket {
        uint32_t xid; /* 0: nothing is in flight */
        uint32_t tag; /* the caller's */
    } tickets[CLIENT_SLOTS];
};

/* `callbacks` as in struct client_session_wish.  False: said on stderr. */
bool pipe_open(struct pipe *pipe, const struct bench_options *options,
               struct client_callbacks *callbacks);

void pipe_close(struct pipe *pipe);

/* A compound for a slot that is free: there must be one. */
void pipe_begin(struct pipe *pipe, struct client_compound *c);

/* It is on its way; its memory is free. */
bool pipe_send(struct pipe *pipe, struct client_compound *c, uint32_t tag);

/* Wait for one reply: which request's it is, and its status. */
bool pipe_receive(struct pipe *pipe, uint32_t *tag, enum nfsstat4 *status);

/* Say on stderr what went wrong.  False. */
bool pipe_trouble(const char *what, enum nfsstat4 status);
