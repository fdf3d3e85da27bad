/* SPDX-License-Identifier: Apache-2.0 */
#include "gss/gss_der.h"

static bool take_length(const uint8_t **at, const uint8_t *end, size_t *length)
{
    unsigned bytes;

    if (*at == end)
        return false;
    *length = *(*at)++;
    if (*length < 0x80)
        return true;
    bytes = *length & 0x7f;
    if (bytes == 0 || bytes > 4 || (size_t)(end - *at) < bytes)
        return false;
    for (*length = 0; bytes > 0; bytes--)
        *length = *length << 8 | *(*at)++;
    return true;
}

static bool take_element(struct gss_der *der, unsigned *tag, struct gss_der *inside)
{
    const uint8_t *at = der->at;
    size_t length;

    if (at == der->end)
        return false;
    *tag = *at++;
    if (!take_length(&at, der->end, &length) || length > (size_t)(der->end - at))
        return false;
    *inside = (struct gss_der){.at = at, .end = at + length};
    der->at = at + length;
    return true;
}

bool gss_der_enter(struct gss_der *der, unsigned tag, struct gss_der *inside)
{
    struct gss_der next = *der;
    unsigned found;

    if (!take_element(&next, &found, inside) || found != tag)
        return false;
    *der = next;
    return true;
}

bool gss_der_find(struct gss_der *der, unsigned tag, struct gss_der *inside)
{
    struct gss_der next = *der;
    unsigned found;

    while (take_element(&next, &found, inside)) {
        if (found != tag)
            continue;
        *der = next;
        return true;
    }
    return false;
}

bool gss_der_u32(struct gss_der *der, uint32_t *value)
{
    struct gss_der number;

    if (!gss_der_enter(der, GSS_DER_INTEGER, &number) || number.at == number.end ||
        number.end - number.at > 5 || (number.end - number.at == 5 && *number.at != 0) ||
        (*number.at & 0x80))
        return false;
    *value = 0;
    for (; number.at < number.end; number.at++)
        *value = *value << 8 | *number.at;
    return true;
}
