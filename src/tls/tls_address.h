/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Addresses in rules about certificates: which iPAddress names of a certificate one stands for.
 * They compare as addresses, however they are written.  An IPv4 address is none of IPv6 (RFC 5280
 * §4.2.1.6 gives them different lengths).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/check.h"

struct tls_address {
    uint8_t bytes[16];
    uint8_t size; /* of an address: 4, 16; 0: any address */
    uint8_t bits; /* the first of them, which must be the same */
};

/* An address, or a network: an address, "/" and the number of bits.  False: it is neither. */
bool tls_address_parse(const char *text, struct tls_address *out) MUST_USE;

/* Does `name`, an address as inet_ntop() writes it, belong to it? */
bool tls_address_match(const struct tls_address *address, const char *name);
