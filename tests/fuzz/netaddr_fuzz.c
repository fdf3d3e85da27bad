/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Universal addresses: "netid address". An accepted address can be formatted again, and can be
 * dialled.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "callback/netaddr.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_address(const union netaddr *address)
{
    uint16_t port = ntohs(address->in.sin_port);
    char text[128], host[INET6_ADDRSTRLEN];
    union netaddr again;
    bool is_in = address->sa.sa_family == AF_INET;

    CHECK(port != 0 && (is_in || address->sa.sa_family == AF_INET6));
    CHECK(inet_ntop(address->sa.sa_family,
                    is_in ? (const void *)&address->in.sin_addr
                          : (const void *)&address->in6.sin6_addr,
                    host, sizeof(host)));
    (void)snprintf(text, sizeof(text), "%s.%u.%u", host, port >> 8, port & 0xff);
    CHECK(netaddr_parse(is_in ? "tcp" : "tcp6", text, &again) == NETADDR_OK);
    CHECK(netaddr_equal(address, &again));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1), *blank;
    union netaddr address;

    CHECK(text);
    memcpy(text, data, size);
    text[size] = '\0';
    blank = strchr(text, ' ');
    if (blank) {
        *blank = '\0';
        if (netaddr_parse(text, blank + 1, &address) == NETADDR_OK)
            check_address(&address);
    }
    free(text);
    return 0;
}
