/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/stream_receive.h"

#include <errno.h>
#include <sys/socket.h>

#include "base/limits.h"
#include "transport/buffer.h"
#include "transport/connection_internal.h"
#include "transport/handshake.h"
#include "transport/loop.h"
#include "transport/stream.h"
#include "transport/transport_internal.h"

static ssize_t nothing(void)
{
    errno = EAGAIN;
    return -1;
}

/* Receive into the loop's buffer, for the session. */
static ssize_t sealed_receive(struct loop *loop, struct connection *conn)
{
    ssize_t n;

    if (!loop->sealed)
        loop->sealed = buffer_create(&loop->transport->buffers, STREAM_RECEIVE_BYTES);
    if (!loop->sealed) {
        errno = ENOMEM;
        return -1;
    }
    n = recv(conn->fd, loop->sealed->data, STREAM_RECEIVE_BYTES, 0);
    if (n == 0)
        transport_count(loop->transport, TRANSPORT_COUNTER_tls_truncated, 1);
    if (n > 0)
        tls_session_input(stream_tls(conn)->session, loop->sealed->data, (size_t)n);
    return n;
}

/* Fill the pieces, one after the other. */
static enum tls_status pieces_read(struct tls_session *session, const struct iovec *iov,
                                   size_t count, size_t *total)
{
    enum tls_status status = TLS_OK;

    *total = 0;
    for (size_t i = 0; i < count && status == TLS_OK; i++) {
        size_t got;

        status = tls_session_read(session, iov[i].iov_base, iov[i].iov_len, &got);
        *total += got;
    }
    return status;
}

static ssize_t open_receive(struct loop *loop, struct connection *conn, const struct iovec *iov,
                            size_t count, bool *more)
{
    struct tls_stream *tls = stream_tls(conn);
    enum tls_status status;
    size_t total;
    ssize_t n;

    if (tls->closed)
        return 0;
    if (!tls->in) {
        n = sealed_receive(loop, conn);
        if (n <= 0)
            return n;
        *more = n == STREAM_RECEIVE_BYTES;
    }
    status = pieces_read(tls->session, iov, count, &total);
    if (status != TLS_WANT)
        tls_session_input(tls->session, NULL, 0);
    buffer_put(tls->in);
    tls->in = NULL;
    tls->closed = status == TLS_CLOSED;
    if (status == TLS_CLOSED || (status == TLS_WANT && total > 0)) {
        *more |= tls->closed;
        return (ssize_t)total;
    }
    if (status == TLS_FAILED)
        handshake_refuse(conn);
    else if (status == TLS_OK)
        connection_shutdown(conn); /* there was more than one receive can bring */
    return nothing();
}

ssize_t stream_receive(struct loop *loop, struct connection *conn, const struct iovec *iov,
                       size_t count, bool *more)
{
    *more = false;
    switch (stream_state(stream_tls(conn))) {
    case STREAM_STARTING:
        return nothing();
    case STREAM_SHAKING:
        if (handshake_step(conn) != HANDSHAKE_DONE)
            return nothing();
        break;
    case STREAM_OPEN:
        break;
    }
    return open_receive(loop, conn, iov, count, more);
}

bool stream_is_closed(const struct connection *conn)
{
    return stream_tls(conn)->closed;
}

bool stream_is_spent(const struct connection *conn)
{
    const struct tls_stream *tls = stream_tls(conn);

    return stream_state(tls) == STREAM_OPEN &&
           stream_records(tls) >= conn->transport->config.tls_records_max;
}
