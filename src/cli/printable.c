/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/printable.h"

#include <stdio.h>
#include <stdlib.h>

/* The length of the UTF-8 character at `p` (RFC 3629 §4), or 0 when there is none or it is a
 * control character. */
static size_t char_len(const uint8_t *p, size_t left)
{
    uint32_t value;
    size_t len;

    if (p[0] < 0x80)
        return p[0] >= 0x20 && p[0] != 0x7f;
    if (p[0] >= 0xc2 && p[0] <= 0xdf)
        len = 2;
    else if (p[0] >= 0xe0 && p[0] <= 0xef)
        len = 3;
    else if (p[0] >= 0xf0 && p[0] <= 0xf4)
        len = 4;
    else
        return 0;
    if (len > left)
        return 0;
    value = p[0] & (0x7fu >> len);
    for (size_t i = 1; i < len; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return 0;
        value = value << 6 | (p[i] & 0x3fu);
    }
    if (value < 0xa0 || (len == 3 && value < 0x800) || (len == 4 && value < 0x10000) ||
        (value >= 0xd800 && value <= 0xdfff) || value > 0x10ffff)
        return 0;
    return len;
}

char *printable_name(const struct wire_opaque *bytes)
{
    char *text = must_malloc((size_t)bytes->len * 4 + 1), *out = text;

    for (uint32_t i = 0; i < bytes->len;) {
        size_t len = char_len(bytes->data + i, bytes->len - i);

        if (len == 0 || bytes->data[i] == '\\') {
            out += sprintf(out, "\\x%02x", bytes->data[i++]);
            continue;
        }
        memcpy(out, bytes->data + i, len);
        out += len;
        i += (uint32_t)len;
    }
    *out = '\0';
    return text;
}

char *printable_opaque(const struct wire_opaque *bytes)
{
    uint32_t strange = 0;
    char *text;

    for (uint32_t i = 0; i < bytes->len;) {
        size_t len = char_len(bytes->data + i, bytes->len - i);

        strange += len == 0;
        i += len == 0 ? 1 : (uint32_t)len;
    }
    if (strange <= bytes->len / 4)
        return printable_name(bytes);
    text = must_malloc((size_t)bytes->len * 2 + 3);
    text[0] = '0';
    text[1] = 'x';
    for (uint32_t i = 0; i < bytes->len; i++)
        sprintf(text + 2 + (size_t)i * 2, "%02x", bytes->data[i]);
    return text;
}
