/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/http/http_origin.h"

#include <arpa/inet.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

enum {
    PORT_DIGITS = 5
};

/* Nothing, or a colon and a number. */
static bool is_port(const char *text)
{
    size_t digits;

    if (*text == '\0')
        return true;
    digits = *text == ':' ? strspn(text + 1, "0123456789") : 0;
    return digits > 0 && digits <= PORT_DIGITS && text[1 + digits] == '\0';
}

static bool is_address(int family, const char *text, size_t len)
{
    char copy[INET6_ADDRSTRLEN];
    struct in6_addr address;

    if (len >= sizeof(copy))
        return false;
    memcpy(copy, text, len);
    copy[len] = '\0';
    return inet_pton(family, copy, &address) == 1;
}

bool http_host_is_numeric(const char *host)
{
    static const char local[] = "localhost";
    size_t len;

    if (*host == '[') {
        len = strcspn(host, "]");
        return host[len] == ']' && is_address(AF_INET6, host + 1, len - 1) &&
               is_port(host + len + 1);
    }
    len = strcspn(host, ":");
    if (!is_port(host + len))
        return false;
    return (len == sizeof(local) - 1 && strncasecmp(host, local, len) == 0) ||
           is_address(AF_INET, host, len);
}

const char *http_origin_wrong(const struct http_origin *origin, bool any_host)
{
    if (origin->origin)
        return "requests of web pages are refused (Origin)";
    if (origin->fetch_site && strcmp(origin->fetch_site, "none") != 0)
        return "requests of web pages are refused (Sec-Fetch-Site)";
    if (!any_host && origin->host && !http_host_is_numeric(origin->host))
        return "address this server by number (Host)";
    return NULL;
}
