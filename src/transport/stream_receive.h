/* SPDX-License-Identifier: Apache-2.0 */
/* Receives on a connection that speaks TLS, or is about to. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "base/check.h"

struct connection;
struct loop;

/* As readv(): receives once, and decrypts all of it, so that nothing is left that epoll would not
 * report.  The iovecs have room for it: STREAM_RECEIVE_ROOM.  *more: the socket may have more, or
 * the end of the session has been received behind the bytes.  For the loop's owner. */
ssize_t stream_receive(struct loop *loop, struct connection *conn, const struct iovec *iov,
                       size_t count, bool *more) MUST_USE;

/* Has the peer ended the session? */
bool stream_is_closed(const struct connection *conn);

/* Have so many records been sent that the connection should end? */
bool stream_is_spent(const struct connection *conn);

enum {
    STREAM_RECEIVE_BYTES = 64 << 10,
    /* That, and what was left of a record before. */
    STREAM_RECEIVE_ROOM = STREAM_RECEIVE_BYTES + (17 << 10),
};
