/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ADDR:PORT as people write it: 127.0.0.1:2049, [::1]:2049.  Numbers only, no names are resolved.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#include "base/check.h"

enum {
    ADDRESS_TEXT_BYTES = 64
};

/* False when `text` is no such address; *len is the length for bind(). */
bool address_parse(const char *text, struct sockaddr_storage *address, socklen_t *len) MUST_USE;

/* The same form again, cut to `size`; "?" for other families.  Returns `text`. */
char *address_format(const struct sockaddr *address, char *text, size_t size);
