/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Universal addresses (RFC 5665 §5.2.3), where a client wants to be called back, as socket
 * addresses.  A client chooses them freely, so they may name any host.
 */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>

#include "base/check.h"

/* AF_INET or AF_INET6. */
union netaddr {
    struct sockaddr sa;
    struct sockaddr_in in;
    struct sockaddr_in6 in6;
};

enum netaddr_status {
    NETADDR_OK,
    NETADDR_NONE,      /* port 0 or no address: the client wants no callbacks */
    NETADDR_NETID,     /* neither "tcp" nor "tcp6" */
    NETADDR_MALFORMED, /* neither h1.h2.h3.h4.p1.p2 nor x:x:x:x:x:x:x:x.p1.p2 */
    NETADDR_REFUSED,   /* multicast, broadcast, reserved or link-local: never dialled */
    NETADDR_FOREIGN,   /* not the address that the client comes from (dial_client.h) */
};

/* Parse a netid and an address, both NUL-terminated.  An IPv4-mapped IPv6 address becomes AF_INET.
 * Sets *address only on NETADDR_OK. */
enum netaddr_status netaddr_parse(const char *netid, const char *text,
                                  union netaddr *address) MUST_USE;

/* The status for log lines. */
const char *netaddr_status_text(enum netaddr_status status);

/* The address length for bind() and connect(). */
static inline socklen_t netaddr_len(const union netaddr *address)
{
    return address->sa.sa_family == AF_INET ? sizeof(address->in) : sizeof(address->in6);
}

bool netaddr_equal(const union netaddr *a, const union netaddr *b);

/* Is the address on the same host as `peer`, ignoring ports?  `peer` may be an IPv4-mapped IPv6
 * address. */
bool netaddr_same_host(const union netaddr *address, const struct sockaddr *peer);
