/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/printable.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <wchar.h>

/* Format characters that make a text look like another one: marks and overrides of direction,
 * separators of lines and paragraphs. */
static bool misleads(uint32_t value)
{
    return (value >= 0x200e && value <= 0x200f) || (value >= 0x2028 && value <= 0x202e) ||
           (value >= 0x2066 && value <= 0x2069) || value == 0x061c || value == 0xfeff;
}

/* The length of the UTF-8 character at `p` (RFC 3629 §4), or 0 when there is none or it is not to
 * be shown.  Sets *value. */
static size_t char_decode(const uint8_t *p, size_t left, uint32_t *value)
{
    size_t len;

    *value = p[0];
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
    *value = p[0] & (0x7fu >> len);
    for (size_t i = 1; i < len; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return 0;
        *value = *value << 6 | (p[i] & 0x3fu);
    }
    if (*value < 0xa0 || (len == 3 && *value < 0x800) || (len == 4 && *value < 0x10000) ||
        (*value >= 0xd800 && *value <= 0xdfff) || *value > 0x10ffff || misleads(*value))
        return 0;
    return len;
}

static size_t char_len(const uint8_t *p, size_t left)
{
    uint32_t value;

    return char_decode(p, left, &value);
}

/* `escape`: a character that is escaped although it can be shown; '\0': none. */
static char *escaped(const uint8_t *data, size_t size, char escape)
{
    char *text = must_malloc(size * 4 + 1), *out = text;

    for (size_t i = 0; i < size;) {
        size_t len = char_len(data + i, size - i);

        if (len == 0 || data[i] == (uint8_t)escape) {
            out += sprintf(out, "\\x%02x", data[i++]);
            continue;
        }
        memcpy(out, data + i, len);
        out += len;
        i += len;
    }
    *out = '\0';
    return text;
}

char *printable_name(const struct wire_opaque *bytes)
{
    return escaped(bytes->data, bytes->len, '\\');
}

char *printable_text(const char *text)
{
    return escaped((const uint8_t *)text, strlen(text), '\0');
}

static int char_columns(locale_t locale, uint32_t value)
{
    locale_t before = locale ? uselocale(locale) : (locale_t)0;
    int columns = value < 0x80 ? 1 : wcwidth((wchar_t)value);

    if (locale)
        (void)uselocale(before);
    return columns < 0 ? 1 : columns;
}

/* The bytes of the longest beginning that takes at most so many columns.  Sets *columns to what it
 * takes. */
static size_t beginning_len(const char *text, size_t most, size_t *columns)
{
    static locale_t locale; /* the C library has it built in */
    size_t size = strlen(text), at = 0;

    if (!locale)
        locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    *columns = 0;
    while (at < size) {
        uint32_t value;
        size_t len = char_decode((const uint8_t *)text + at, size - at, &value);
        size_t more = (size_t)char_columns(locale, value);

        if (*columns + more > most)
            break;
        *columns += more;
        at += len > 0 ? len : 1;
    }
    return at;
}

size_t printable_columns(const char *text)
{
    size_t columns;

    (void)beginning_len(text, SIZE_MAX, &columns);
    return columns;
}

void printable_shorten(char *text, size_t most)
{
    const size_t gap = 3; /* dots */
    size_t all = printable_columns(text), kept, skipped, last, head, tail;

    if (all <= most)
        return;
    head = beginning_len(text, (most - gap) / 2, &kept);
    last = most - gap - kept;
    tail = beginning_len(text, all - last, &skipped);
    if (skipped < all - last) /* a wide character begins before it */
        tail += beginning_len(text + tail, 2, &skipped);
    memmove(text + head + gap, text + tail, strlen(text + tail) + 1);
    memset(text + head, '.', gap);
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
        (void)sprintf(text + 2 + (size_t)i * 2, "%02x", bytes->data[i]);
    return text;
}
