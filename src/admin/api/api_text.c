/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/api/api_text.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/memory.h"
#include "proto/utf8.h"

enum {
    ESCAPE_CHARS = 4,
    SEQUENCE_BYTES = 4, /* the longest of UTF-8 */
};

/* C0, DEL, and C1, which is U+0080 to U+009F. */
static bool is_control(const uint8_t *bytes, size_t len)
{
    return bytes[0] < 0x20 || bytes[0] == 0x7f || (len == 2 && bytes[0] == 0xc2 && bytes[1] < 0xa0);
}

/* How many bytes can be shown as they are, as one character; 0: the first byte cannot. */
static size_t plain_len(const uint8_t *bytes, size_t left)
{
    if (bytes[0] == '\\')
        return 0;
    for (size_t len = 1; len <= SEQUENCE_BYTES && len <= left; len++) {
        if (utf8_valid(bytes, len))
            return is_control(bytes, len) ? 0 : len;
    }
    return 0;
}

static void escape(uint8_t byte, char *text)
{
    static const char digits[] = "0123456789abcdef";

    text[0] = '\\';
    text[1] = 'x';
    text[2] = digits[byte >> 4];
    text[3] = digits[byte & 15];
}

static size_t text_fill(const uint8_t *bytes, size_t len, char *text)
{
    size_t used = 0;

    for (size_t i = 0; i < len;) {
        size_t plain = plain_len(bytes + i, len - i);

        if (plain > 0) {
            memcpy(text + used, bytes + i, plain);
            used += plain;
            i += plain;
        } else {
            escape(bytes[i++], text + used);
            used += ESCAPE_CHARS;
        }
    }
    return used;
}

json_t *api_text(const void *bytes, size_t len)
{
    char *text = memory_alloc(MEMORY_admin, len * ESCAPE_CHARS + 1);
    json_t *value = NULL;

    if (text)
        value = json_stringn(text, text_fill(bytes, len, text));
    memory_free(MEMORY_admin, text);
    return value;
}
