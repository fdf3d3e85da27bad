/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/config/listen_address.h"

#include <stdlib.h>
#include <string.h>

#include "transport/address.h"

bool listen_address_parse(const char *text, struct listen_address *out)
{
    return address_parse(text, &out->addr, &out->len);
}

static bool is_port(const char *text)
{
    size_t digits = strspn(text, "0123456789");

    return digits > 0 && text[digits] == '\0' && strtoul(text, NULL, 10) <= 65535;
}

const char *listen_address_mistake(const char *text)
{
    const char *colon = strrchr(text, ':');

    if (!colon || (*text == '[' && text[strlen(text) - 1] == ']'))
        return "the port is missing";
    if (!is_port(colon + 1))
        return "a port is a number from 0 to 65535";
    if (*text != '[' && strchr(text, ':') != colon)
        return "an IPv6 address must be in brackets";
    return "the address must be numeric; names are not resolved";
}
