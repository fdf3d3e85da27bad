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
#include <unistd.h>

#include "base/log.h"
#include "daemon/console.h"
#include "daemon/port_holder.h"
#include "transport/address.h"

enum {
    HOLDER_BYTES = 160,
    ADVICE_BYTES = 320
};

_Static_assert(64 + SERVICE_MANAGER_SOCKETS * (ADDRESS_TEXT_BYTES + 2) <=
                   SERVICE_MANAGER_STATE_BYTES,
               "all addresses fit into the status");

static uint16_t port_of(const struct listen_address *address)
{
    /* sin_port and sin6_port have the same offset. */
    return ntohs(((const struct sockaddr_in *)&address->addr)->sin_port);
}

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
        const uint16_t own = port_of(&config->listen[i]);

        if (own != 0 && own < IPPORT_RESERVED)
            return true;
    }
    return false;
}

/* Who had a port before this process gave up the rights to see that; "": nobody. */
static char holder[HOLDER_BYTES];

static bool is_taken(const struct listen_address *address)
{
    const int on = 1, fd = socket(address->addr.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool taken = false;

    if (fd < 0)
        return false;
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
        (address->addr.ss_family != AF_INET6 ||
         setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) == 0))
        taken = bind(fd, (const struct sockaddr *)&address->addr, address->len) != 0 &&
                errno == EADDRINUSE;
    close(fd);
    return taken;
}

void listening_foresee(const struct config *config, const struct service_manager_sockets *sockets)
{
    for (uint32_t i = 0; i < config->listen_count && sockets->count == 0 && !*holder; i++) {
        if (is_taken(&config->listen[i]))
            (void)port_holder_tell(port_of(&config->listen[i]), holder, sizeof(holder));
    }
}

/* What to do about an error of bind(), where that is not obvious. */
static const char *advice(int error, char *text, size_t size)
{
    switch (error) {
    case EADDRINUSE:
        (void)snprintf(text, size, "; %s. End it, or choose another port with --listen",
                       *holder ? holder : "another program uses the port");
        return text;
    case EACCES:
        return "; ports below 1024 need root or CAP_NET_BIND_SERVICE: choose a higher one with "
               "--listen, for example 0.0.0.0:12049; or let systemd open it (mainstayd.socket); or "
               "as root: setcap cap_net_bind_service+ep mainstayd";
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
    char text[ADDRESS_TEXT_BYTES], remedy[ADVICE_BYTES];

    if (error == 0)
        return true;
    console_error("cannot listen on %s: %s%s", address_format(addr, text, sizeof(text)),
                  strerror(-error), advice(-error, remedy, sizeof(remedy)));
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

/* Is it the address of all interfaces, which in IPv6 may stand for those in IPv4, too? */
static bool is_any_ipv6(const struct sockaddr_storage *address)
{
    return address->ss_family == AF_INET6 &&
           IN6_IS_ADDR_UNSPECIFIED(&((const struct sockaddr_in6 *)address)->sin6_addr);
}

void listening_addresses(const struct transport *transport, uint32_t count, bool given,
                         struct listening_addresses *out)
{
    char text[ADDRESS_TEXT_BYTES];
    socklen_t len;

    out->count = 0;
    for (uint32_t i = 0; i < count; i++) {
        struct sockaddr_storage *one = &out->of[out->count];

        (void)transport_address(transport, i, text, sizeof(text));
        if (!address_parse(text, one, &len))
            continue;
        out->count++;
        if (given && is_any_ipv6(one))
            out->of[out->count++] = (struct sockaddr_storage){.ss_family = AF_INET};
    }
}
