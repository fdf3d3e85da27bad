/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The batch in progress of a loop: what was received from one connection.
 *
 * It stands in the loop and not on a thread's stack, so that the loop's next owner can go on with
 * it.  All functions are the owner's, and all of them can lose the loop.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct buffer;
struct connection;
struct loop;

struct batch {
    struct connection *conn; /* NULL: none */
    struct buffer *in;       /* a reference, or NULL */
    uint8_t *pos, *end;      /* not yet run, in `in` */
    struct buffer *record;   /* a reference: holds the record being run; may be NULL */
    int64_t received_ns;
    unsigned receives;
    uint32_t work; /* done since the clock was read, as in struct rpc_call */
    bool begins;   /* no turn has begun with it yet */
    bool over;     /* the connection's slice is */
    bool more;     /* the receive was filled: there may be more */
    bool eof;
};

/* Send the replies gathered so far. */
void batch_flush(struct loop *loop);

/* The socket has bytes. */
void batch_begin(struct loop *loop, struct connection *conn);

/* The queue has drained: run the calls that waited. */
void batch_resume(struct loop *loop, struct connection *conn);

/* Go on with the batch of a loop that another thread lost. */
void batch_continue(struct loop *loop);
