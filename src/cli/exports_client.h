/* SPDX-License-Identifier: Apache-2.0 */
/* A client in the sense of exports(5): a host, a network, or everybody. */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/limits.h"
#include "cli/exports_option.h"

enum {
    EXPORTS_ADDRESS_BYTES = INET6_ADDRSTRLEN + 4 /* ADDR or ADDR/BITS */
};

/* Look up the addresses of a host, at most `max`, as text.  Returns their number; 0: none. */
typedef uint32_t exports_resolve(const char *name, char (*addresses)[EXPORTS_ADDRESS_BYTES],
                                 uint32_t max);

struct exports_addresses {
    bool everybody;
    const char *flavor; /* everybody with this flavor: "krb5"; NULL: with any */
    uint32_t count;     /* 0 for everybody */
    char of[LIMIT_EXPORTS_FILE_ADDRESSES][EXPORTS_ADDRESS_BYTES];
};

/* What the word in front of the parenthesis means; "" is everybody.  `why` gets the reason why it
 * is refused, with what would be right, or what it is taken for if that is not obvious. */
enum exports_verdict exports_client_parse(const char *word, exports_resolve *resolve,
                                          struct exports_addresses *addresses,
                                          char why[EXPORTS_WHY_BYTES]);

/* exports_resolve by the resolver of this machine. */
uint32_t exports_client_resolve(const char *name, char (*addresses)[EXPORTS_ADDRESS_BYTES],
                                uint32_t max);
