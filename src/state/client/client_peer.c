/* SPDX-License-Identifier: Apache-2.0 */
#include "state/client/client_peer.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "state/client/client.h"

void client_peer_of(const struct sockaddr *address, struct client_peer *out)
{
    memset(out, 0, sizeof(*out));
    out->family = address->sa_family;
    if (address->sa_family == AF_INET)
        memcpy(out->bytes, &((const struct sockaddr_in *)(const void *)address)->sin_addr, 4);
    else if (address->sa_family == AF_INET6)
        memcpy(out->bytes, &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr, 16);
    else
        out->family = AF_UNSPEC;
}

_Static_assert(CLIENT_PEER_TEXT_BYTES == INET6_ADDRSTRLEN, "an address as text");

const char *client_peer_format(const struct client_peer *peer, char text[CLIENT_PEER_TEXT_BYTES])
{
    if (!inet_ntop(peer->family, peer->bytes, text, CLIENT_PEER_TEXT_BYTES))
        memcpy(text, "?", 2);
    return text;
}

void client_peer_replace_locked(struct client *client, uint64_t by, const struct client_peer *peer,
                                const struct client_caller *caller)
{
    client->replaced =
        (struct client_replaced){.by = by, .peer = *peer, .principal = caller->principal};
}

static bool same_peer(const struct client_peer *a, const struct client_peer *b)
{
    return a->family == b->family && memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

void client_peer_audit(struct state *state, const struct client *client)
{
    const struct client_replaced *by = &client->replaced;
    char before[CLIENT_PEER_TEXT_BYTES], after[CLIENT_PEER_TEXT_BYTES];

    if (by->by == 0 ||
        (same_peer(&client->peer, &by->peer) &&
         client_principal_equal(client->caller.principal, by->principal)) ||
        !log_enabled(LOG_PART_client, LOG_LEVEL_INFO) ||
        !log_limit_take(&state->replaced, clock_now_ns(), LIMIT_LOG_REPLACED_PER_S))
        return;
    log_info_taken(&state->replaced, "client.replaced", LOG_ID("client", client->id),
                   LOG_STR("peer", client_peer_format(&client->peer, before)),
                   LOG_U64("uid", client_principal_uid(client->caller.principal)),
                   LOG_ID("by", by->by), LOG_STR("by_peer", client_peer_format(&by->peer, after)),
                   LOG_U64("by_uid", client_principal_uid(by->principal)));
}
