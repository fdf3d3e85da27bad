/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Universal addresses (RFC 5665 §5.2.3): where a client says that it can be called, as a socket
 * address.  What they hold was chosen by a client, and may name anybody.
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
    NETADDR_NONE,      /* port 0 or no address at all: the client wants no calls */
    NETADDR_NETID,     /* neither "tcp" nor "tcp6" */
    NETADDR_MALFORMED, /* not h1.h2.h3.h4.p1.p2, not x:x:x:x:x:x:x:x.p1.p2 */
    NETADDR_REFUSED,   /* multicast, broadcast, reserved, link-local: nobody to dial */
    NETADDR_FOREIGN,   /* not the address that the client came from (dial_client.h) */
};

/* Read a netid and an address, strings that end in NUL.  An IPv4 address mapped into IPv6 is taken
 * for what it is, AF_INET.  *address is set on NETADDR_OK only. */
enum netaddr_status netaddr_parse(const char *netid, const char *text,
                                  union netaddr *address) MUST_USE;

/* The status as a word for the log. */
const char *netaddr_status_text(enum netaddr_status status);

/* What bind() and connect() want to know. */
static inline socklen_t netaddr_len(const union netaddr *address)
{
    return address->sa.sa_family == AF_INET ? sizeof(address->in) : sizeof(address->in6);
}

bool netaddr_equal(const union netaddr *a, const union netaddr *b);

/* Is it an address of the same host as `peer`, whatever the ports?  An IPv4 peer may stand there
 * mapped into IPv6. */
bool netaddr_same_host(const union netaddr *address, const struct sockaddr *peer);
