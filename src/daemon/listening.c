/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sockets of the service manager stay open while the server restarts, so that clients wait instead
 * of being refused, and need no privilege of ours.  Then `listen` is not used.
 */
#include "daemon/listening.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "daemon/console.h"
#include "transport/address.h"

_Static_assert(64 + SERVICE_MANAGER_SOCKETS * (ADDRESS_TEXT_BYTES + 2) <=
                   SERVICE_MANAGER_STATE_BYTES,
               "all addresses fit into the status");

uint32_t listening_count(const struct config *config, const struct service_manager_sockets *sockets)
{
    return sockets->count > 0 ? sockets->count : config->listen_count;
}

bool listening_is_privileged(const struct config *config,
                             const struct service_manager_sockets *sockets)
{
    if (sockets->count > 0)
        return false;
    for (uint32_t i = 0; i < config->listen_count; i++) {
        /* sin_port and sin6_port have the same offset. */
        in_port_t own = ((const struct sockaddr_in *)&config->listen[i].addr)->sin_port;

        if (own != 0 && ntohs(own) < IPPORT_RESERVED)
            return true;
    }
    return false;
}

/* What to do about an error of bind(), where that is not obvious. */
static const char *advice(int error)
{
    switch (error) {
    case EADDRINUSE:
        return "; another program uses the port: end it, or choose another one with --listen";
    case EACCES:
        return "; ports below 1024 need root or CAP_NET_BIND_SERVICE: choose a higher one with "
               "--listen, for example 0.0.0.0:12049";
    case EAFNOSUPPORT:
        return "; this machine has no IPv6: name its IPv4 addresses with --listen, for example "
               "0.0.0.0:2049";
    case EADDRNOTAVAIL:
        return "; no interface of this machine has that address";
    default:
        return "";
    }
}

static bool open_configured(struct transport *transport, const struct listen_address *address)
{
    const struct sockaddr *addr = (const struct sockaddr *)&address->addr;
    const int error = transport_listen(transport, addr, address->len);
    char text[ADDRESS_TEXT_BYTES];

    if (error == 0)
        return true;
    console_error("cannot listen on %s: %s%s", address_format(addr, text, sizeof(text)),
                  strerror(-error), advice(-error));
    return false;
}

static bool take_over(struct transport *transport, const struct service_manager_sockets *sockets)
{
    for (uint32_t i = 0; i < sockets->count; i++) {
        const int error = transport_listen_socket(transport, sockets->fds[i]);

        if (error != 0) {
            console_error("cannot listen on socket %u of the service manager: %s", i + 1,
                          strerror(-error));
            return false;
        }
    }
    return true;
}

bool listening_open(struct transport *transport, const struct config *config,
                    const struct service_manager_sockets *sockets)
{
    if (sockets->count > 0) {
        log_info("daemon.sockets", LOG_U64("given", sockets->count));
        return take_over(transport, sockets);
    }
    for (uint32_t i = 0; i < config->listen_count; i++) {
        if (!open_configured(transport, &config->listen[i]))
            return false;
    }
    return true;
}

void listening_tell(const struct transport *transport, uint32_t count)
{
    char address[ADDRESS_TEXT_BYTES],
        status[SERVICE_MANAGER_STATE_BYTES] = "READY=1\nSTATUS=Serves NFS on";
    size_t used = strlen(status);

    for (uint32_t i = 0; i < count; i++) {
        console_ready(transport_address(transport, i, address, sizeof(address)));
        used += (size_t)snprintf(status + used, sizeof(status) - used, "%s %s", i > 0 ? "," : "",
                                 address);
    }
    service_manager_tell(status);
}
