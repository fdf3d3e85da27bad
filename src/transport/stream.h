/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a connection sends and receives through: its socket, or a TLS session over it (RFC 9289).
 *
 * A connection is plain until its peer sends the probe, a call of NULL with AUTH_TLS (starttls.h).
 * From then on it has a struct tls_stream, to its end:
 *
 *     STARTING   calls that came before the probe are being answered; nothing is received
 *     SHAKING    the probe is answered; the handshake runs within receives (handshake.h).  The
 *                handshake is the flusher of the send queue, so that nothing else is sent
 *     OPEN       all that is sent and received is encrypted
 *
 * What is encrypted is kept until the socket has taken it; only then is the plain data sent.  Or
 * the kernel encrypts (stream_kernel.h): from OPEN on, to the end.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "base/check.h"
#include "base/list.h"
#include "tls/tls_context.h"
#include "tls/tls_peer.h"
#include "tls/tls_session.h"
#include "transport/connection_internal.h"

struct buffer;

enum stream_state {
    STREAM_STARTING,
    STREAM_SHAKING,
    STREAM_OPEN,
};

enum {
    STREAM_REPLY_BYTES = 64, /* of the probe's reply, with its mark */
};

struct tls_stream {
    _Atomic enum stream_state state; /* changed by the loop's owner */
    struct tls_context *context;
    struct tls_session *session; /* NULL until the client has begun its handshake */
    struct tls_peer *peer;       /* set before OPEN */

    /* Of transport.tls, under its lock. */
    struct connection *conn;
    struct list link;
    struct list address_link; /* while shaking: of peer_handshakes() */
    int64_t begun_ns;         /* transport_now_ns() of the probe */
    uint64_t generation;      /* of the context that has verified the peer */

    bool kernel; /* the kernel encrypts what is sent; set before OPEN */
    _Atomic uint64_t kernel_records;

    /* The loop owner's. */
    struct buffer *in; /* received in the handshake; all of it is consumed at its end */
    uint32_t in_used;
    bool closed; /* the peer has ended the session */

    /* The sender's: the flusher's. */
    struct buffer *out; /* [out_start, out_used) is to be sent */
    uint32_t out_start, out_used;
    size_t pending; /* plain bytes that are sent once `out` is */
    uint32_t reply_len;
    uint8_t reply[STREAM_REPLY_BYTES];
};

static inline struct tls_stream *stream_tls(const struct connection *conn)
{
    return atomic_load_explicit(&conn->tls, memory_order_relaxed);
}

/* Has the connection left plain RPC behind? */
static inline bool stream_is_secure(const struct connection *conn)
{
    return __builtin_expect(stream_tls(conn) != NULL, 0);
}

static inline enum stream_state stream_state(const struct tls_stream *tls)
{
    return atomic_load_explicit(&tls->state, memory_order_acquire);
}

/* Is all that it sends encrypted? */
static inline bool stream_is_open(const struct connection *conn)
{
    const struct tls_stream *tls = stream_tls(conn);

    return __builtin_expect(tls != NULL, 0) && stream_state(tls) == STREAM_OPEN;
}

/* ---- sending: for the flusher, without locks ---- */

/* As sendmsg() and sendfile(), also in errno, for a stream in state OPEN.  They may send less than
 * the socket has room for: call them again until they return -1. */
ssize_t stream_send(struct connection *conn, const struct iovec *iov, size_t count, bool more);
ssize_t stream_sendfile(struct connection *conn, int fd, uint64_t offset, size_t len);

/* The same for many small pieces, `len` bytes together.  They are gathered: else each would be a
 * TLS record. */
ssize_t stream_send_pieces(struct connection *conn, const struct iovec *iov, size_t count,
                           size_t len);

/* Room for what the session puts out.  False without memory.  This and the two below are for
 * sessions that encrypt what is sent. */
bool stream_output_begin(struct connection *conn) MUST_USE;

/* Send what the session has put out since, and what was left before.  False, with errno, while some
 * is left. */
bool stream_output_end(struct connection *conn, bool more) MUST_USE;

/* Go on to send what is left.  False, with errno, while some is left. */
bool stream_output_resume(struct connection *conn) MUST_USE;

/* Send the probe's reply, in plain, as stream_output_end() does. */
bool stream_reply_send(struct connection *conn) MUST_USE;

/* ---- life ---- */

/* NULL without memory.  For the loop's owner. */
struct tls_stream *stream_create(struct connection *conn, struct tls_context *context) MUST_USE;

/* The receiver has ended the session, and nothing waits to be sent: say why. */
void stream_alert(struct connection *conn);

/* How many records may have been sent with one key. */
uint64_t stream_records(const struct tls_stream *tls);

/* The socket is about to be closed: say so, if the session is in order. */
void stream_close(struct connection *conn);

/* The connection is freed. */
void stream_destroy(struct connection *conn);
