/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A tail: a large payload that follows the encoded results of a call, sent without a copy, then XDR
 * padding.  Whoever answers the call sets it (rpc_call.tail); tail.h sends it.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "wire/xdr.h"

/* `len` bytes of `fd` from `offset`, or those of `pieces`.  Of these there are no more than
 * sendmsg() takes; the transport steps through them as it sends, and nobody changes their bytes.
 * If the file has become shorter, the connection is closed, since the length has been sent.
 * done(arg) runs once: when the payload was sent, the call failed or the connection was closed.  It
 * may run on any thread; what the connection sends next waits for it. */
struct rpc_tail {
    int fd; /* -1: pieces */
    struct iovec *pieces;
    uint32_t piece_count;
    uint64_t offset;
    uint32_t len; /* 0: there is no tail */
    void (*done)(void *arg, int fd);
    void *arg;
};

static inline void rpc_tail_init(struct rpc_tail *tail)
{
    tail->len = 0;
    tail->done = NULL;
}

/* It will not be sent, or has been. */
static inline void rpc_tail_end(struct rpc_tail *tail)
{
    if (tail->done)
        tail->done(tail->arg, tail->fd);
    rpc_tail_init(tail);
}

/* How many bytes it adds to the reply. */
static inline size_t rpc_tail_bytes(const struct rpc_tail *tail)
{
    return xdr_padded(tail->len);
}
