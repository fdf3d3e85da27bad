/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/api/api_id.h"

#include <string.h>

static const char digits[] = "0123456789abcdef";

void api_id_print(const uint8_t *bytes, size_t len, char *text)
{
    for (size_t i = 0; i < len; i++) {
        text[2 * i] = digits[bytes[i] >> 4];
        text[2 * i + 1] = digits[bytes[i] & 15];
    }
    text[2 * len] = '\0';
}

bool api_id_parse(const char *text, uint8_t *bytes, size_t len)
{
    if (strlen(text) != 2 * len || strspn(text, digits) != 2 * len)
        return false;
    for (size_t i = 0; i < len; i++) {
        size_t high = (size_t)(strchr(digits, text[2 * i]) - digits);
        size_t low = (size_t)(strchr(digits, text[2 * i + 1]) - digits);

        bytes[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}
