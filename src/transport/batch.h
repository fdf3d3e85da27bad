/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The batch in progress of a loop: what was received from one connection.
 *
 * It is kept in the loop, not on a thread's stack, so that the loop's next owner can continue it.
 * Only the loop's owner may call these functions, and each of them can lose the loop.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct buffer;
struct connection;
struct loop;

struct batch {
    struct connection *conn; /* NULL: no batch is in progress */
    struct buffer *in;       /* a reference, or NULL */
    uint8_t *pos, *end;      /* the bytes of `in` that have not been run */
    struct buffer *record;   /* a reference to the buffer of the record being run; may be NULL */
    int64_t received_ns;
    unsigned receives;
    uint32_t work; /* work done since the clock was last read, as in struct rpc_call */
    bool begins;   /* its first turn has not begun yet */
    bool over;     /* the connection's slice is over */
    bool more;     /* the receive filled the buffer: more may be waiting */
    bool eof;
};

/* Send the replies encoded so far. */
void batch_flush(struct loop *loop);

/* The socket is readable: receive and run a batch. */
void batch_begin(struct loop *loop, struct connection *conn);

/* Run the calls that were received earlier and could not be run then. */
void batch_resume(struct loop *loop, struct connection *conn);

/* Continue the batch that the previous owner of the loop left behind. */
void batch_continue(struct loop *loop);
