/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static bool port_parse(const char *text, in_port_t *port)
{
    unsigned value = 0;

    if (!*text)
        return false;
    for (; *text; text++) {
        if (*text < '0' || *text > '9')
            return false;
        value = value * 10 + (unsigned)(*text - '0');
        if (value > UINT16_MAX)
            return false;
    }
    *port = htons((uint16_t)value);
    return true;
}

bool address_parse(const char *text, struct sockaddr_storage *address, socklen_t *len)
{
    const char *colon = strrchr(text, ':');
    struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)address;
    struct sockaddr_in *in = (struct sockaddr_in *)address;
    char host[INET6_ADDRSTRLEN];
    size_t host_len = colon ? (size_t)(colon - text) : 0;
    bool is_ipv6 = text[0] == '[' && host_len > 1 && text[host_len - 1] == ']';

    memset(address, 0, sizeof(*address));
    if (is_ipv6) {
        text++;
        host_len -= 2;
    }
    if (host_len == 0 || host_len >= sizeof(host))
        return false;
    memcpy(host, text, host_len);
    host[host_len] = '\0';
    if (is_ipv6) {
        in6->sin6_family = AF_INET6;
        *len = sizeof(*in6);
        return inet_pton(AF_INET6, host, &in6->sin6_addr) == 1 &&
               port_parse(colon + 1, &in6->sin6_port);
    }
    in->sin_family = AF_INET;
    *len = sizeof(*in);
    return inet_pton(AF_INET, host, &in->sin_addr) == 1 && port_parse(colon + 1, &in->sin_port);
}

void address_unmap(struct sockaddr_storage *address, socklen_t *len)
{
    const struct sockaddr_in6 in6 = *(const struct sockaddr_in6 *)address;
    struct sockaddr_in *in = (struct sockaddr_in *)address;

    if (in6.sin6_family != AF_INET6 || !IN6_IS_ADDR_V4MAPPED(&in6.sin6_addr))
        return;
    *in = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = in6.sin6_port};
    memcpy(&in->sin_addr, &in6.sin6_addr.s6_addr[12], sizeof(in->sin_addr));
    *len = sizeof(*in);
}

char *address_format(const struct sockaddr *address, char *text, size_t size)
{
    char host[INET6_ADDRSTRLEN] = "?";

    if (address->sa_family == AF_INET) {
        const struct sockaddr_in *in = (const struct sockaddr_in *)address;

        inet_ntop(AF_INET, &in->sin_addr, host, sizeof(host));
        snprintf(text, size, "%s:%u", host, ntohs(in->sin_port));
    } else if (address->sa_family == AF_INET6) {
        const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)address;

        inet_ntop(AF_INET6, &in6->sin6_addr, host, sizeof(host));
        snprintf(text, size, "[%s]:%u", host, ntohs(in6->sin6_port));
    } else {
        snprintf(text, size, "%s", host);
    }
    return text;
}
