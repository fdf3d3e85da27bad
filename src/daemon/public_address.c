/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/public_address.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/check.h"

struct network {
    uint32_t address;
    unsigned bits;
};

/* The registry of special-purpose addresses, RFC 6890; multicast and reserved ones. */
static const struct network not_public[] = {
    {0x00000000, 8},  {0x0a000000, 8},  {0x64400000, 10}, {0x7f000000, 8},  {0xa9fe0000, 16},
    {0xac100000, 12}, {0xc0000000, 24}, {0xc0000200, 24}, {0xc0a80000, 16}, {0xc6120000, 15},
    {0xc6336400, 24}, {0xcb007100, 24}, {0xe0000000, 3},
};

static bool is_public_ipv4(uint32_t address)
{
    for (size_t i = 0; i < ARRAY_SIZE(not_public); i++) {
        if ((address ^ not_public[i].address) >> (32 - not_public[i].bits) == 0)
            return false;
    }
    return true;
}

/* Of 2000::/3, but 2001:db8::/32, which is for documents. */
static bool is_public_ipv6(const uint8_t *address)
{
    static const uint8_t documents[] = {0x20, 0x01, 0x0d, 0xb8};

    return (address[0] & 0xe0) == 0x20 && memcmp(address, documents, sizeof(documents)) != 0;
}

bool public_address_is(const struct sockaddr *address)
{
    const struct sockaddr_in *ipv4 = (const struct sockaddr_in *)(const void *)address;
    const struct sockaddr_in6 *ipv6 = (const struct sockaddr_in6 *)(const void *)address;

    if (address->sa_family == AF_INET)
        return is_public_ipv4(ntohl(ipv4->sin_addr.s_addr));
    return address->sa_family == AF_INET6 && is_public_ipv6(ipv6->sin6_addr.s6_addr);
}

static bool is_any(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET)
        return ((const struct sockaddr_in *)(const void *)address)->sin_addr.s_addr == 0;
    return address->sa_family == AF_INET6 &&
           IN6_IS_ADDR_UNSPECIFIED(
               &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr);
}

static void take(const struct sockaddr *address, struct sockaddr_storage *found)
{
    *found = (struct sockaddr_storage){0};
    memcpy(found, address,
           address->sa_family == AF_INET ? sizeof(struct sockaddr_in)
                                         : sizeof(struct sockaddr_in6));
}

bool public_address_reaches(const struct sockaddr *address, struct sockaddr_storage *found)
{
    struct ifaddrs *all = NULL;
    bool reached = public_address_is(address);

    if (reached)
        take(address, found);
    if (reached || !is_any(address) || getifaddrs(&all) != 0)
        return reached;
    for (const struct ifaddrs *one = all; one && !reached; one = one->ifa_next) {
        reached = one->ifa_addr && one->ifa_addr->sa_family == address->sa_family &&
                  public_address_is(one->ifa_addr);
        if (reached)
            take(one->ifa_addr, found);
    }
    freeifaddrs(all);
    return reached;
}
