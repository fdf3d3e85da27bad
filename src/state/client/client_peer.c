/* SPDX-License-Identifier: Apache-2.0 */
#include "state/client/client_peer.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "state/client/client_internal.h"

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

void client_peer_note(struct state *state, uint64_t clientid, const struct client_peer *peer)
{
    struct client *client;

    pthread_mutex_lock(&state->clients.lock);
    client = client_find_locked(state, clientid);
    if (client && !client->confirmed)
        client->peer = *peer;
    pthread_mutex_unlock(&state->clients.lock);
}

void client_peer_replace_locked(struct client *client, const struct client *by)
{
    client->replaced_by = by->id;
    client->replaced_from = by->peer;
}

static bool same_peer(const struct client_peer *a, const struct client_peer *b)
{
    return a->family == b->family && memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

void client_peer_audit(struct state *state, const struct client *client)
{
    char before[INET6_ADDRSTRLEN] = "?", after[INET6_ADDRSTRLEN] = "?";

    if (client->replaced_by == 0 || same_peer(&client->peer, &client->replaced_from) ||
        !log_limit_take(&state->replaced, clock_now_ns(), LIMIT_LOG_REPLACED_PER_S))
        return;
    (void)inet_ntop(client->peer.family, client->peer.bytes, before, sizeof(before));
    (void)inet_ntop(client->replaced_from.family, client->replaced_from.bytes, after,
                    sizeof(after));
    log_info("client.replaced", LOG_ID("client", client->id), LOG_STR("peer", before),
             LOG_ID("by", client->replaced_by), LOG_STR("by_peer", after),
             LOG_U64("uid", client->principal.uid),
             LOG_U64("left_out", log_limit_left_out(&state->replaced)));
}
