/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/api/api_peer.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include "state/client/client_peer.h"
#include "state/session/session_info.h"
#include "transport/connection.h"

json_t *api_peer_address(const struct client_peer *peer)
{
    char text[CLIENT_PEER_TEXT_BYTES];

    return peer->family == AF_UNSPEC ? json_null() : json_string(client_peer_format(peer, text));
}

json_t *api_peer(const struct session_peer *peer)
{
    char text[CLIENT_PEER_TEXT_BYTES];

    if (peer->address.family == AF_UNSPEC)
        return json_null();
    return json_sprintf(peer->address.family == AF_INET6 ? "[%s]:%u" : "%s:%u",
                        client_peer_format(&peer->address, text), peer->port);
}

void api_peer_of(void *transport, struct session_peer *peer)
{
    const struct sockaddr *address = connection_peer(transport);

    client_peer_of(address, &peer->address);
    if (address->sa_family == AF_INET)
        peer->port = ntohs(((const struct sockaddr_in *)(const void *)address)->sin_port);
    else if (address->sa_family == AF_INET6)
        peer->port = ntohs(((const struct sockaddr_in6 *)(const void *)address)->sin6_port);
}
