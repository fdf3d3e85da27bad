/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/stream.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/memory.h"
#include "transport/buffer.h"
#include "transport/stream_kernel.h"
#include "transport/transport_internal.h"

enum {
    /* What is read of a file, encrypted and sent at a time: it should stay in the cache. */
    STREAM_CHUNK_RECORDS = 4,
    STREAM_CHUNK_BYTES = STREAM_CHUNK_RECORDS * TLS_RECORD_BYTES,
    /* Room for them, and for what the receiver had to send. */
    STREAM_OUT_BYTES = STREAM_CHUNK_BYTES + (STREAM_CHUNK_RECORDS + 2) * TLS_RECORD_EXTRA_BYTES,
};

/* ---- output ---- */

bool stream_output_begin(struct connection *conn)
{
    struct tls_stream *tls = stream_tls(conn);
    size_t room;

    if (!tls->out) {
        tls->out = buffer_create(&conn->transport->buffers, STREAM_OUT_BYTES);
        if (!tls->out)
            return false;
    }
    room = tls->out->size - tls->out_used;
    tls_session_output(tls->session, tls->out->data + tls->out_used,
                       room < STREAM_OUT_BYTES ? room : STREAM_OUT_BYTES);
    return true;
}

static void output_free(struct tls_stream *tls)
{
    buffer_put(tls->out);
    tls->out = NULL;
    tls->out_start = tls->out_used = 0;
}

/* Send what is left in the buffer.  False, with errno, while some is left. */
static bool output_push(struct connection *conn, bool more)
{
    struct tls_stream *tls = stream_tls(conn);

    while (tls->out_start < tls->out_used) {
        ssize_t n = send(conn->fd, tls->out->data + tls->out_start, tls->out_used - tls->out_start,
                         MSG_NOSIGNAL | (more ? MSG_MORE : 0));

        if (n < 0)
            return false;
        tls->out_start += (uint32_t)n;
    }
    tls->out_start = tls->out_used = 0;
    return true;
}

bool stream_output_end(struct connection *conn, bool more)
{
    struct tls_stream *tls = stream_tls(conn);

    tls->out_used += (uint32_t)tls_session_output_len(tls->session);
    tls_session_output(tls->session, NULL, 0);
    if (!output_push(conn, more))
        return false;
    output_free(tls);
    return true;
}

bool stream_output_resume(struct connection *conn)
{
    if (!output_push(conn, false))
        return false;
    output_free(stream_tls(conn));
    return true;
}

bool stream_reply_send(struct connection *conn)
{
    struct tls_stream *tls = stream_tls(conn);

    tls->out = buffer_create(&conn->transport->buffers, STREAM_OUT_BYTES);
    if (!tls->out) {
        errno = ENOMEM;
        return false;
    }
    memcpy(tls->out->data, tls->reply, tls->reply_len);
    tls->out_used = tls->reply_len;
    return stream_output_resume(conn);
}

/* ---- sending ---- */

/* How many plain bytes have been sent whose records were left over; -1: there still are some. */
static ssize_t pending_send(struct connection *conn, bool more)
{
    struct tls_stream *tls = stream_tls(conn);
    size_t sent = tls->pending;

    if (!output_push(conn, more))
        return -1;
    tls->pending = 0;
    return (ssize_t)sent;
}

static ssize_t chunk_send(struct connection *conn, const struct iovec *iov, size_t count, bool more)
{
    struct tls_stream *tls = stream_tls(conn);
    ssize_t n;

    if (!stream_output_begin(conn)) {
        errno = ENOMEM;
        return -1;
    }
    n = tls_session_write(tls->session, iov, count);
    if (n < 0) {
        errno = EPROTO;
        return -1;
    }
    tls->pending = (size_t)n;
    if (!stream_output_end(conn, more))
        return -1;
    tls->pending = 0;
    return n;
}

ssize_t stream_send(struct connection *conn, const struct iovec *iov, size_t count, bool more)
{
    struct tls_stream *tls = stream_tls(conn);

    if (tls->kernel)
        return stream_kernel_send(conn, iov, count, more);
    if (tls->out_used > 0) {
        ssize_t n = pending_send(conn, more);

        if (n != 0)
            return n;
    }
    return chunk_send(conn, iov, count, more);
}

/* Before bytes are copied together for one chunk, of `left` that are to be sent.  0: *plain has
 * room for STREAM_CHUNK_BYTES.  Otherwise the result of the caller's send. */
static ssize_t copy_begin(struct connection *conn, size_t left, struct buffer **plain)
{
    struct tls_stream *tls = stream_tls(conn);

    if (tls->out_used > 0) {
        ssize_t n = pending_send(conn, tls->pending < left);

        if (n != 0)
            return n;
    }
    *plain = buffer_create(&conn->transport->buffers, STREAM_CHUNK_BYTES);
    if (*plain)
        return 0;
    errno = ENOMEM;
    return -1;
}

ssize_t stream_sendfile(struct connection *conn, int fd, uint64_t offset, size_t len)
{
    struct buffer *plain;
    ssize_t n;

    if (stream_tls(conn)->kernel)
        return stream_kernel_sendfile(conn, fd, offset, len);
    n = copy_begin(conn, len, &plain);
    if (n != 0)
        return n;
    if (len > STREAM_CHUNK_BYTES)
        len = STREAM_CHUNK_BYTES;
    n = pread(fd, plain->data, len, (off_t)offset);
    if (n > 0) {
        struct iovec iov = {.iov_base = plain->data, .iov_len = (size_t)n};

        n = chunk_send(conn, &iov, 1, false);
    }
    buffer_put(plain);
    return n;
}

/* Returns how many bytes of the pieces were copied. */
static size_t pieces_gather(struct buffer *plain, const struct iovec *iov, size_t count)
{
    size_t used = 0;

    for (size_t i = 0; i < count && used < STREAM_CHUNK_BYTES; i++) {
        size_t part = iov[i].iov_len;

        if (part > STREAM_CHUNK_BYTES - used)
            part = STREAM_CHUNK_BYTES - used;
        memcpy(plain->data + used, iov[i].iov_base, part);
        used += part;
    }
    return used;
}

ssize_t stream_send_pieces(struct connection *conn, const struct iovec *iov, size_t count,
                           size_t len)
{
    struct buffer *plain;
    ssize_t n;

    if (stream_tls(conn)->kernel)
        return stream_kernel_send(conn, iov, count, false);
    n = copy_begin(conn, len, &plain);
    if (n != 0)
        return n;
    n = chunk_send(conn, &(struct iovec){plain->data, pieces_gather(plain, iov, count)}, 1, false);
    buffer_put(plain);
    return n;
}

/* ---- the end ---- */

void stream_alert(struct connection *conn)
{
    struct tls_stream *tls = stream_tls(conn);

    if (tls->kernel) {
        stream_kernel_end(conn);
        return;
    }
    if (!stream_output_begin(conn))
        return;
    tls_session_flush(tls->session);
    if (!stream_output_end(conn, false))
        return; /* the socket is full: the client learns nothing */
}

void stream_close(struct connection *conn)
{
    struct tls_stream *tls = stream_tls(conn);

    if (stream_state(tls) == STREAM_OPEN && tls->kernel) {
        stream_kernel_end(conn);
        return;
    }
    /* What is left of a record before it would make the message unreadable. */
    if (stream_state(tls) != STREAM_OPEN || tls->out_used > 0 || !stream_output_begin(conn))
        return;
    tls_session_close(tls->session);
    if (!stream_output_end(conn, false))
        return; /* it is lost like other bytes that the socket has no room for */
}

/* ---- life ---- */

uint64_t stream_records(const struct tls_stream *tls)
{
    return tls->kernel ? atomic_load_explicit(&tls->kernel_records, memory_order_relaxed)
                       : tls_session_records(tls->session);
}

struct tls_stream *stream_create(struct connection *conn, struct tls_context *context)
{
    struct tls_stream *tls = memory_zalloc(MEMORY_connections, sizeof(*tls));

    if (!tls)
        return NULL;
    tls->context = tls_context_get(context);
    tls->conn = conn;
    list_init(&tls->link);
    list_init(&tls->address_link);
    atomic_init(&tls->state, STREAM_STARTING);
    atomic_store_explicit(&conn->tls, tls, memory_order_release);
    return tls;
}

void stream_destroy(struct connection *conn)
{
    struct tls_stream *tls = stream_tls(conn);

    output_free(tls);
    buffer_put(tls->in);
    tls_session_destroy(tls->session);
    tls_peer_destroy(tls->peer);
    tls_context_put(tls->context);
    memory_free(MEMORY_connections, tls);
}
