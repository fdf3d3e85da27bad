/* SPDX-License-Identifier: Apache-2.0 */
/* Owners and groups on the wire: numbers in decimal (RFC 8881 §5.9). */
#pragma once

#include <stdint.h>

#include "wire/nfs4_types.h"

enum {
    ATTR_OWNER_BYTES = 12
};

/* Stands at the end of `text`. */
static inline struct wire_opaque attr_owner_text(char text[ATTR_OWNER_BYTES], uint32_t id)
{
    char *p = text + ATTR_OWNER_BYTES;

    do {
        *--p = (char)('0' + id % 10);
        id /= 10;
    } while (id);
    return (struct wire_opaque){(const uint8_t *)p, (uint32_t)(text + ATTR_OWNER_BYTES - p)};
}

/* Parse "1000", or "1000@domain" as some clients send it.  INVAL if empty, BADOWNER. */
enum nfsstat4 attr_owner_parse(const struct wire_opaque *text, uint32_t *id);
