/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/stream_kernel.h"

#include <stdatomic.h>
#include <sys/sendfile.h>
#include <sys/socket.h>

#include "tls/tls_kernel.h"
#include "tls/tls_session.h"
#include "transport/stream.h"
#include "transport/transport_internal.h"

void stream_kernel_begin(struct connection *conn)
{
    struct tls_stream *tls = stream_tls(conn);

    /* What is left would be encrypted again.  (Nothing is: the client has answered all of it.) */
    if (tls->out_used > 0)
        return;
    tls->kernel = tls_session_offload(tls->session, conn->fd);
    if (tls->kernel)
        transport_count(conn->transport, TRANSPORT_COUNTER_tls_kernel, 1);
}

/* The kernel fills each record but the last, unless memory is short. */
static void records_count(struct connection *conn, ssize_t sent)
{
    if (sent > 0)
        atomic_fetch_add_explicit(&stream_tls(conn)->kernel_records,
                                  ((uint64_t)sent + TLS_RECORD_BYTES - 1) / TLS_RECORD_BYTES,
                                  memory_order_relaxed);
}

ssize_t stream_kernel_send(struct connection *conn, const struct iovec *iov, size_t count,
                           bool more)
{
    struct msghdr message = {.msg_iov = (struct iovec *)iov, .msg_iovlen = count};
    ssize_t n = sendmsg(conn->fd, &message, MSG_NOSIGNAL | (more ? MSG_MORE : 0));

    records_count(conn, n);
    return n;
}

ssize_t stream_kernel_sendfile(struct connection *conn, int fd, uint64_t offset, size_t len)
{
    off_t at = (off_t)offset;
    ssize_t n = sendfile(conn->fd, fd, &at, len);

    records_count(conn, n);
    return n;
}

void stream_kernel_end(struct connection *conn)
{
    struct tls_alert alert = tls_session_alert(stream_tls(conn)->session);

    if (!tls_kernel_send_alert(conn->fd, alert.level, alert.description))
        return; /* the client learns nothing */
}
