/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Textual socket addresses, ADDR:PORT: 127.0.0.1:2049, [::1]:2049.  Numeric only; names are not
 * resolved.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#include "base/check.h"

enum {
    ADDRESS_TEXT_BYTES = 64
};

/* False when `text` is not such an address.  Sets *len to the length that bind() takes. */
bool address_parse(const char *text, struct sockaddr_storage *address, socklen_t *len) MUST_USE;

/* An IPv4 peer of an IPv6 socket, ::ffff:192.0.2.1, becomes 192.0.2.1: rules that name IPv4
 * addresses are for it, too. */
void address_unmap(struct sockaddr_storage *address, socklen_t *len);

/* Writes the same form, truncated to `size`; "?"  for other address families.  Returns `text`. */
char *address_format(const struct sockaddr *address, char *text, size_t size);
