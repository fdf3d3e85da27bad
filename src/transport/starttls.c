/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/starttls.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>

#include "base/limits.h"
#include "transport/buffer.h"
#include "transport/connection_internal.h"
#include "transport/handshake.h"
#include "transport/record.h"
#include "transport/send_queue.h"
#include "transport/stream.h"
#include "transport/tls_table.h"
#include "transport/transport_internal.h"

enum {
    TLS_HANDSHAKE_RECORD = 0x16, /* RFC 8446 5.1 */
    TLS_LEGACY_MAJOR = 0x03,
    BEHIND_BYTES = 16 << 10, /* of a ClientHello that did not wait for the reply */
};

const struct opaque_auth starttls_verf = {
    .flavor = AUTH_NONE,
    .body = {.data = (void *)"STARTTLS", .len = 8},
};

/* ---- the probe ---- */

enum auth_stat starttls_check(const struct rpc_call_header *header, const struct connection *conn)
{
    if (header->proc != 0 || header->cred.body.len > 0 || connection_is_dialled(conn) ||
        stream_is_secure(conn))
        return AUTH_BADCRED;
    if (header->verf.flavor != AUTH_NONE || header->verf.body.len > 0)
        return AUTH_BADVERF;
    return AUTH_OK;
}

bool starttls_offer(struct connection *conn)
{
    struct transport *transport = conn->transport;
    struct tls_context *context = tls_table_context(&transport->tls);
    struct tls_stream *tls;

    transport_count(transport, TRANSPORT_COUNTER_tls_probes, 1);
    if (!context)
        return false;
    tls = stream_create(conn, context);
    tls_context_put(context);
    if (!tls)
        connection_shutdown_no_memory(conn);
    return tls != NULL;
}

/* ---- the switch ---- */

static bool is_handshake(const uint8_t *data, size_t len)
{
    return data[0] == TLS_HANDSHAKE_RECORD && (len < 2 || data[1] == TLS_LEGACY_MAJOR);
}

/* Keep what a client has sent without waiting for the reply. */
static bool behind_keep(struct connection *conn, const uint8_t *behind, size_t len)
{
    struct tls_stream *tls = stream_tls(conn);

    if (len == 0)
        return true;
    if (!is_handshake(behind, len) || len > BEHIND_BYTES) {
        handshake_refuse_stray(conn, "bytes followed the probe that are no TLS handshake");
        return false;
    }
    tls->in = buffer_create(&conn->transport->buffers, BEHIND_BYTES);
    if (!tls->in) {
        connection_shutdown_no_memory(conn);
        return false;
    }
    memcpy(tls->in->data, behind, len);
    tls->in_used = (uint32_t)len;
    return true;
}

/* Takes over the reference. */
static void give_way(struct connection *victim, bool crowded)
{
    if (crowded)
        connection_cut(victim, TRANSPORT_COUNTER_tls_displaced_address, "tls.displaced_address");
    else
        connection_cut(victim, TRANSPORT_COUNTER_tls_displaced, "tls.displaced");
    connection_put(victim);
}

void starttls_begin(struct connection *conn, const uint8_t *reply, size_t reply_len,
                    const uint8_t *behind, size_t behind_len)
{
    struct transport *transport = conn->transport;
    struct tls_stream *tls = stream_tls(conn);
    struct connection *victim;
    bool crowded;

    CHECK(reply_len <= sizeof(tls->reply));
    memcpy(tls->reply, reply, reply_len);
    tls->reply_len = (uint32_t)reply_len;
    record_reset(&conn->reader);
    if (!behind_keep(conn, behind, behind_len))
        return;
    victim = tls_table_enter(&transport->tls, tls, transport_now_ns(transport), &crowded);
    if (victim)
        give_way(victim, crowded);
    send_queue_set(conn, SEND_QUEUE_STARTING);
}

bool starttls_continue(struct connection *conn)
{
    struct tls_stream *tls = stream_tls(conn);

    /* The loop has one reference; a call that runs, and a thread that sends, has another one. */
    if (atomic_load_explicit(&conn->active, memory_order_acquire) > 1 || !send_queue_seize(conn)) {
        send_queue_set(conn, SEND_QUEUE_STARTING);
        return false;
    }
    atomic_store_explicit(&tls->state, STREAM_SHAKING, memory_order_release);
    if (!stream_reply_send(conn)) {
        if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)
            connection_shutdown(conn);
        send_queue_await_room(conn, true);
    }
    send_queue_set(conn, SEND_QUEUE_STARTED);
    return tls->in_used > 0;
}
