/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/tls_reload.h"

#include "base/clock.h"
#include "base/log.h"
#include "transport/address.h"
#include "transport/connection_internal.h"
#include "transport/stream.h"
#include "transport/tls_table.h"
#include "transport/transport_internal.h"

static void peer_cut(struct connection *conn, const char *why)
{
    const struct tls_peer *peer = stream_tls(conn)->peer;
    char address[ADDRESS_TEXT_BYTES];

    transport_count(conn->transport, TRANSPORT_COUNTER_tls_no_longer_good, 1);
    /* Not limited: an administrator who has revoked a certificate looks for each of its ends. */
    log_info("tls.cut", LOG_U64("connection", conn->id),
             LOG_STR("peer", address_format(&conn->peer.sa, address, sizeof(address))),
             LOG_STR("why", why), LOG_STR("subject", peer->subject),
             LOG_STR("issuer", peer->issuer), LOG_STR("serial", peer->serial));
    connection_shutdown(conn);
}

void tls_reverify(struct transport *transport)
{
    struct tls_context *context;
    struct connection *conn;
    char why[TLS_WHY_BYTES];

    while ((conn = tls_table_unverified(&transport->tls, &context))) {
        if (!tls_context_verify(context, stream_tls(conn)->peer, why, sizeof(why)))
            peer_cut(conn, why);
        tls_context_put(context);
        connection_put(conn);
    }
}

void tls_reverify_one(struct connection *conn)
{
    struct tls_context *context = tls_table_context(&conn->transport->tls);
    char why[TLS_WHY_BYTES];

    if (context && !tls_context_verify(context, stream_tls(conn)->peer, why, sizeof(why)))
        peer_cut(conn, why);
    tls_context_put(context);
}

bool transport_tls_replace(struct transport *transport, struct tls_context *context)
{
    return tls_table_replace(&transport->tls, context ? tls_context_get(context) : NULL);
}

void transport_tls_verify(struct transport *transport)
{
    tls_reverify(transport);
}

bool transport_tls_set(struct transport *transport, struct tls_context *context)
{
    if (!transport_tls_replace(transport, context))
        return false;
    transport_tls_verify(transport);
    return true;
}
