/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/tls_address.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* The number of bytes; 0: it is no address. */
static uint8_t bytes_of(const char *text, uint8_t bytes[16])
{
    if (inet_pton(AF_INET, text, bytes) == 1)
        return 4;
    return inet_pton(AF_INET6, text, bytes) == 1 ? 16 : 0;
}

/* Only digits: strtoul() would take a sign, too. */
static bool bits_parse(const char *text, unsigned most, uint8_t *bits)
{
    size_t len = strlen(text);
    unsigned long value;

    if (len == 0 || len > 3)
        return false;
    for (size_t i = 0; i < len; i++) {
        if (!isdigit((unsigned char)text[i]))
            return false;
    }
    value = strtoul(text, NULL, 10);
    *bits = (uint8_t)value;
    return value <= most;
}

bool tls_address_parse(const char *text, struct tls_address *out)
{
    const char *slash = strchr(text, '/');
    size_t len = slash ? (size_t)(slash - text) : strlen(text);
    char address[INET6_ADDRSTRLEN];

    memset(out, 0, sizeof(*out));
    if (len >= sizeof(address))
        return false;
    memcpy(address, text, len);
    address[len] = '\0';
    out->size = bytes_of(address, out->bytes);
    out->bits = (uint8_t)(out->size * 8);
    return out->size > 0 && (!slash || bits_parse(slash + 1, out->bits, &out->bits));
}

bool tls_address_match(const struct tls_address *address, const char *name)
{
    uint8_t bytes[16], whole = address->bits / 8, rest = address->bits % 8;

    if (address->size == 0)
        return true;
    if (bytes_of(name, bytes) != address->size || memcmp(bytes, address->bytes, whole) != 0)
        return false;
    return rest == 0 || (bytes[whole] ^ address->bytes[whole]) >> (8 - rest) == 0;
}
