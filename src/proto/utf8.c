/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/utf8.h"

/* Length of the sequence that `lead` begins, and the smallest code point it may stand for. */
static size_t sequence_len(uint8_t lead, uint32_t *code, uint32_t *least)
{
    if (lead >= 0xc2 && lead <= 0xdf) {
        *code = lead & 0x1f;
        *least = 0x80;
        return 2;
    }
    if ((lead & 0xf0) == 0xe0) {
        *code = lead & 0x0f;
        *least = 0x800;
        return 3;
    }
    if (lead >= 0xf0 && lead <= 0xf4) {
        *code = lead & 0x07;
        *least = 0x10000;
        return 4;
    }
    return 0;
}

bool utf8_valid(const uint8_t *text, size_t len)
{
    size_t i = 0;

    while (i < len) {
        uint32_t code, least;
        size_t n;

        if (text[i] < 0x80) {
            i++;
            continue;
        }
        n = sequence_len(text[i], &code, &least);
        if (n == 0 || n > len - i)
            return false;
        for (size_t k = 1; k < n; k++) {
            if ((text[i + k] & 0xc0) != 0x80)
                return false;
            code = code << 6 | (text[i + k] & 0x3f);
        }
        if (code < least || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
            return false;
        i += n;
    }
    return true;
}
