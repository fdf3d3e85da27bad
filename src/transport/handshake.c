/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/handshake.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "transport/address.h"
#include "transport/buffer.h"
#include "transport/connection_internal.h"
#include "transport/send_queue.h"
#include "transport/stream.h"
#include "transport/stream_kernel.h"
#include "transport/tls_reload.h"
#include "transport/tls_table.h"
#include "transport/transport_internal.h"

enum {
    HANDSHAKE_RECEIVE_BYTES = 16 << 10,
    TICK_BATCH = 64,
};

/* ---- refusing ---- */

static const enum transport_counter reason_counters[TLS_REASON_COUNT] = {
    [TLS_REASON_PROTOCOL] = TRANSPORT_COUNTER_tls_refused_protocol,
    [TLS_REASON_VERSION] = TRANSPORT_COUNTER_tls_refused_version,
    [TLS_REASON_ALPN] = TRANSPORT_COUNTER_tls_refused_alpn,
    [TLS_REASON_UNTRUSTED] = TRANSPORT_COUNTER_tls_refused_untrusted,
    [TLS_REASON_EXPIRED] = TRANSPORT_COUNTER_tls_refused_expired,
    [TLS_REASON_REVOKED] = TRANSPORT_COUNTER_tls_refused_revoked,
    [TLS_REASON_CERTIFICATE] = TRANSPORT_COUNTER_tls_refused_certificate,
    [TLS_REASON_REFUSED] = TRANSPORT_COUNTER_tls_refused_by_client,
    [TLS_REASON_MEMORY] = TRANSPORT_COUNTER_no_memory,
};

static bool line_take(struct transport *transport)
{
    return log_enabled(LOG_PART_transport, LOG_LEVEL_INFO) &&
           log_limit_take(&transport->tls.lines, clock_now_ns(), LIMIT_LOG_TLS_PER_S);
}

static void refusal_note(struct connection *conn, enum tls_reason reason, const char *why)
{
    struct transport *transport = conn->transport;
    char peer[ADDRESS_TEXT_BYTES];

    transport_count(transport, reason_counters[reason], 1);
    if (line_take(transport))
        log_info_taken(&transport->tls.lines, "tls.refused", LOG_U64("connection", conn->id),
                       LOG_STR("peer", address_format(&conn->peer.sa, peer, sizeof(peer))),
                       LOG_STR("why", why));
}

void handshake_refuse_stray(struct connection *conn, const char *why)
{
    refusal_note(conn, TLS_REASON_PROTOCOL, why);
    connection_shutdown(conn);
}

void handshake_refuse(struct connection *conn)
{
    const struct tls_session *session = stream_tls(conn)->session;

    if (connection_is_dead(conn))
        return;
    refusal_note(conn, tls_session_reason(session), tls_session_why(session));
    /* An alert is worth one attempt, unless something else is being sent. */
    if (send_queue_seize(conn))
        stream_alert(conn);
    connection_shutdown(conn);
}

/* ---- the handshake ---- */

static void session_log(struct connection *conn, const struct tls_peer *peer)
{
    struct transport *transport = conn->transport;
    char address[ADDRESS_TEXT_BYTES];

    if (!line_take(transport))
        return;
    log_info_taken(&transport->tls.lines, "tls.open", LOG_U64("connection", conn->id),
                   LOG_STR("peer", address_format(&conn->peer.sa, address, sizeof(address))),
                   LOG_STR("mode", peer->has_certificate ? "mtls" : "tls"),
                   LOG_STR("version", peer->version), LOG_STR("suite", peer->suite),
                   LOG_STR("sender", stream_tls(conn)->kernel ? "kernel" : "server"),
                   LOG_STR("subject", peer->subject), LOG_STR("issuer", peer->issuer),
                   LOG_STR("serial", peer->serial));
}

static enum handshake_status no_memory(struct connection *conn)
{
    connection_shutdown_no_memory(conn);
    return HANDSHAKE_ENDED;
}

static enum handshake_status handshake_done(struct connection *conn)
{
    struct transport *transport = conn->transport;
    struct tls_stream *tls = stream_tls(conn);

    tls->peer = tls_session_peer(tls->session);
    if (!tls->peer)
        return no_memory(conn);
    transport_count(transport, TRANSPORT_COUNTER_tls_sessions, 1);
    if (tls->peer->has_certificate)
        transport_count(transport, TRANSPORT_COUNTER_tls_mutual, 1);
    stream_kernel_begin(conn);
    session_log(conn, tls->peer);
    if (!tls_table_open(&transport->tls, tls))
        tls_reverify_one(conn);
    send_queue_release(conn);
    return HANDSHAKE_DONE;
}

/* The session has all input that came. */
static enum handshake_status handshake_go_on(struct connection *conn)
{
    struct tls_stream *tls = stream_tls(conn);
    enum tls_status status;
    bool failed, sent;

    if (!stream_output_begin(conn))
        return no_memory(conn);
    status = tls_session_handshake(tls->session);
    failed = status == TLS_FAILED || status == TLS_CLOSED;
    if (failed)
        refusal_note(conn, tls_session_reason(tls->session), tls_session_why(tls->session));
    sent = stream_output_end(conn, false);
    if (failed) {
        connection_shutdown(conn);
        return HANDSHAKE_ENDED;
    }
    send_queue_await_room(conn, !sent);
    if (!sent && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) {
        connection_shutdown(conn);
        return HANDSHAKE_ENDED;
    }
    return status == TLS_OK ? handshake_done(conn) : HANDSHAKE_WAITS;
}

/* Receive what comes.  False at the end of the connection, and when there is nothing. */
static bool handshake_receive(struct connection *conn)
{
    struct tls_stream *tls = stream_tls(conn);
    ssize_t n = recv(conn->fd, tls->in->data, HANDSHAKE_RECEIVE_BYTES, 0);

    if (n > 0) {
        transport_count(conn->transport, TRANSPORT_COUNTER_bytes_in, (uint64_t)n);
        tls->in_used = (uint32_t)n;
        return true;
    }
    if (n == 0)
        refusal_note(conn, TLS_REASON_REFUSED, "the client closed the connection in its handshake");
    if (n == 0 || (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR))
        connection_shutdown(conn);
    return false;
}

enum handshake_status handshake_step(struct connection *conn)
{
    struct tls_stream *tls = stream_tls(conn);
    enum handshake_status status;

    if (!tls->in)
        tls->in = buffer_create(&conn->transport->buffers, HANDSHAKE_RECEIVE_BYTES);
    if (!tls->in)
        return no_memory(conn);
    if (tls->in_used == 0 && !handshake_receive(conn))
        return connection_is_dead(conn) ? HANDSHAKE_ENDED : HANDSHAKE_WAITS;
    if (!tls->session)
        tls->session = tls_session_create(tls->context);
    if (!tls->session)
        return no_memory(conn);
    tls_session_input(tls->session, tls->in->data, tls->in_used);
    status = handshake_go_on(conn);
    if (status != HANDSHAKE_DONE)
        tls->in_used = 0;
    return status;
}

void handshake_room(struct connection *conn)
{
    if (stream_output_resume(conn))
        send_queue_await_room(conn, false);
    else if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)
        connection_shutdown(conn);
}

/* ---- the timer ---- */

static void handshakes_nudge(struct transport *transport)
{
    struct connection *found[TICK_BATCH];
    unsigned count = tls_table_starting(&transport->tls, found, TICK_BATCH);

    for (unsigned i = 0; i < count; i++) {
        send_queue_nudge(found[i]);
        connection_put(found[i]);
    }
}

void handshakes_tick(struct transport *transport)
{
    int64_t before_ns = transport_now_ns(transport) - LIMIT_TLS_HANDSHAKE_S * NSEC_PER_SEC;
    struct connection *conn;

    while ((conn = tls_table_late(&transport->tls, before_ns))) {
        connection_cut(conn, TRANSPORT_COUNTER_tls_late, "tls.late");
        connection_put(conn);
    }
    handshakes_nudge(transport);
}
