/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/tail.h"

#include <stdatomic.h>
#include <sys/sendfile.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/limits.h"
#include "transport/connection_internal.h"
#include "transport/rpc_tail.h"
#include "transport/stream.h"
#include "transport/transport_internal.h"
#include "transport/worker_internal.h"

enum {
    TAIL_FILE_BYTES = 128 << 10, /* at once: a call that takes long looks blocked */
};

/* The file's pages may have to be read from disk here. */
static ssize_t file_send(struct connection *conn, struct rpc_tail *tail)
{
    size_t len = tail->len < TAIL_FILE_BYTES ? tail->len : TAIL_FILE_BYTES;
    off_t offset = (off_t)tail->offset;
    ssize_t n;

    worker_may_block();
    if (stream_is_open(conn))
        n = stream_sendfile(conn, tail->fd, tail->offset, len);
    else
        n = sendfile(conn->fd, tail->fd, &offset, len);
    worker_unblock();
    if (n > 0)
        tail->offset += (uint64_t)n;
    return n;
}

static void pieces_step(struct rpc_tail *tail, size_t sent)
{
    while (sent > 0) {
        struct iovec *piece = tail->pieces;

        if (sent < piece->iov_len) {
            piece->iov_base = (char *)piece->iov_base + sent;
            piece->iov_len -= sent;
            return;
        }
        sent -= piece->iov_len;
        tail->pieces++;
        tail->piece_count--;
    }
}

static ssize_t pieces_send(struct connection *conn, struct rpc_tail *tail)
{
    struct msghdr message = {.msg_iov = tail->pieces, .msg_iovlen = tail->piece_count};
    ssize_t n = stream_is_open(conn)
                    ? stream_send_pieces(conn, tail->pieces, tail->piece_count, tail->len)
                    : sendmsg(conn->fd, &message, MSG_NOSIGNAL);

    if (n > 0)
        pieces_step(tail, (size_t)n);
    return n;
}

ssize_t tail_send(struct connection *conn, struct rpc_tail *tail)
{
    ssize_t n = tail->pieces ? pieces_send(conn, tail) : file_send(conn, tail);

    if (n > 0)
        tail->len -= (uint32_t)n;
    return n;
}

/* A READ that copies has the length of what it has read: else who truncates a file all the time
 * could keep others from reading it. */
void tail_was_cut(struct transport *transport)
{
    transport_count(transport, TRANSPORT_COUNTER_tails_short, 1);
    atomic_store_explicit(&transport->tails_from_ns,
                          transport_now_ns(transport) + (int64_t)LIMIT_TAIL_PAUSE_S * NSEC_PER_SEC,
                          memory_order_relaxed);
}
