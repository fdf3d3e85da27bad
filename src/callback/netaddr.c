/* SPDX-License-Identifier: Apache-2.0 */
#include "callback/netaddr.h"

#include <arpa/inet.h>
#include <stdint.h>
#include <string.h>

/* ---- text ---- */

/* Parse a decimal octet up to `end`: no sign, no blanks, no leading zeros. */
static bool octet_parse(const char *text, const char *end, uint8_t *octet)
{
    unsigned value = 0;

    if (text == end || end - text > 3 || (*text == '0' && end - text > 1))
        return false;
    for (; text < end; text++) {
        if (*text < '0' || *text > '9')
            return false;
        value = value * 10 + (unsigned)(*text - '0');
    }
    *octet = (uint8_t)value;
    return value <= UINT8_MAX;
}

static const char *dot_before(const char *text, const char *end)
{
    while (end > text && end[-1] != '.')
        end--;
    return end > text ? end - 1 : NULL;
}

/* Split off the port at the end; copy the host before it. */
static bool port_split(const char *text, in_port_t *port, char *host, size_t host_size)
{
    const char *end = text + strnlen(text, host_size + sizeof(".255.255"));
    const char *low = *end ? NULL : dot_before(text, end);
    const char *high = low ? dot_before(text, low) : NULL;
    uint8_t octets[2];
    uint16_t value;

    if (!high || (size_t)(high - text) >= host_size || !octet_parse(high + 1, low, &octets[0]) ||
        !octet_parse(low + 1, end, &octets[1]))
        return false;
    memcpy(host, text, (size_t)(high - text));
    host[high - text] = '\0';
    value = (uint16_t)(octets[0] << 8 | octets[1]);
    *port = htons(value);
    return true;
}

/* ---- classification ---- */

static enum netaddr_status judge_in(const struct sockaddr_in *in)
{
    uint32_t host = ntohl(in->sin_addr.s_addr);

    if (host == INADDR_ANY || in->sin_port == 0)
        return NETADDR_NONE;
    /* 0/8 is "this network"; 169.254/16 is link-local, where clouds keep their metadata services;
     * 224/4 is multicast; 240/4 is reserved and contains the broadcast address. */
    if (host >> 24 == 0 || host >> 16 == 0xa9fe || host >> 28 >= 0xe)
        return NETADDR_REFUSED;
    return NETADDR_OK;
}

static enum netaddr_status judge_in6(const struct sockaddr_in6 *in6)
{
    const struct in6_addr *host = &in6->sin6_addr;

    if (IN6_IS_ADDR_UNSPECIFIED(host) || in6->sin6_port == 0)
        return NETADDR_NONE;
    /* A universal address has no scope ID, so link-local addresses can't be dialled. */
    if (IN6_IS_ADDR_MULTICAST(host) || IN6_IS_ADDR_LINKLOCAL(host) ||
        (IN6_IS_ADDR_V4COMPAT(host) && !IN6_IS_ADDR_LOOPBACK(host)))
        return NETADDR_REFUSED;
    return NETADDR_OK;
}

/* ---- parsing ---- */

static enum netaddr_status parse_in(const char *text, union netaddr *address)
{
    struct sockaddr_in in = {.sin_family = AF_INET};
    char host[INET_ADDRSTRLEN];
    enum netaddr_status status;

    if (!port_split(text, &in.sin_port, host, sizeof(host)) ||
        inet_pton(AF_INET, host, &in.sin_addr) != 1)
        return NETADDR_MALFORMED;
    status = judge_in(&in);
    if (status == NETADDR_OK)
        address->in = in;
    return status;
}

/* Convert an IPv4-mapped IPv6 address to IPv4. */
static bool unmap(const struct sockaddr_in6 *in6, struct sockaddr_in *in)
{
    if (!IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr))
        return false;
    *in = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = in6->sin6_port};
    memcpy(&in->sin_addr, &in6->sin6_addr.s6_addr[12], sizeof(in->sin_addr));
    return true;
}

static enum netaddr_status parse_in6(const char *text, union netaddr *address)
{
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
    struct sockaddr_in in;
    char host[INET6_ADDRSTRLEN];
    enum netaddr_status status;

    if (!port_split(text, &in6.sin6_port, host, sizeof(host)) ||
        inet_pton(AF_INET6, host, &in6.sin6_addr) != 1)
        return NETADDR_MALFORMED;
    if (unmap(&in6, &in)) {
        status = judge_in(&in);
        if (status == NETADDR_OK)
            address->in = in;
        return status;
    }
    status = judge_in6(&in6);
    if (status == NETADDR_OK)
        address->in6 = in6;
    return status;
}

enum netaddr_status netaddr_parse(const char *netid, const char *text, union netaddr *address)
{
    if (strcmp(netid, "tcp") == 0)
        return parse_in(text, address);
    if (strcmp(netid, "tcp6") == 0)
        return parse_in6(text, address);
    return netid[0] == '\0' && text[0] == '\0' ? NETADDR_NONE : NETADDR_NETID;
}

const char *netaddr_status_text(enum netaddr_status status)
{
    switch (status) {
    case NETADDR_OK:
        return "ok";
    case NETADDR_NONE:
        return "none";
    case NETADDR_NETID:
        return "netid";
    case NETADDR_MALFORMED:
        return "malformed";
    case NETADDR_REFUSED:
        return "refused";
    case NETADDR_FOREIGN:
        return "not the client's own address";
    }
    return "?";
}

bool netaddr_equal(const union netaddr *a, const union netaddr *b)
{
    if (a->sa.sa_family != b->sa.sa_family)
        return false;
    if (a->sa.sa_family == AF_INET)
        return a->in.sin_port == b->in.sin_port && a->in.sin_addr.s_addr == b->in.sin_addr.s_addr;
    return a->in6.sin6_port == b->in6.sin6_port &&
           IN6_ARE_ADDR_EQUAL(&a->in6.sin6_addr, &b->in6.sin6_addr);
}

bool netaddr_same_host(const union netaddr *address, const struct sockaddr *peer)
{
    struct sockaddr_in6 in6;
    struct sockaddr_in in;

    if (peer->sa_family == AF_INET) {
        memcpy(&in, peer, sizeof(in));
    } else if (peer->sa_family == AF_INET6) {
        memcpy(&in6, peer, sizeof(in6));
        if (!unmap(&in6, &in))
            return address->sa.sa_family == AF_INET6 &&
                   IN6_ARE_ADDR_EQUAL(&address->in6.sin6_addr, &in6.sin6_addr);
    } else {
        return false;
    }
    return address->sa.sa_family == AF_INET && address->in.sin_addr.s_addr == in.sin_addr.s_addr;
}
