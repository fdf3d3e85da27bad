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

static bool field_is(const char *field, const char *value)
{
    return field && strcmp(field, value) == 0;
}

/* Does Origin say the scheme, host and port at which this server was addressed? */
static bool origin_is_own(const struct http_origin *origin)
{
    const char *scheme = origin->secure ? "https://" : "http://";
    size_t len = strlen(scheme);

    return origin->host && strncmp(origin->origin, scheme, len) == 0 &&
           strcasecmp(origin->origin + len, origin->host) == 0;
}

/* A link on another site that was followed shows nothing to that site; a frame might. */
static bool site_is_fine(const struct http_origin *origin)
{
    return !origin->fetch_site || field_is(origin->fetch_site, "none") ||
           field_is(origin->fetch_site, "same-origin") ||
           (origin->linked && field_is(origin->fetch_mode, "navigate") &&
            field_is(origin->fetch_dest, "document"));
}

const char *http_origin_wrong(const struct http_origin *origin)
{
    if (!origin->any_host && origin->host && !http_host_is_numeric(origin->host))
        return "address this server by number or as localhost (Host)";
    if (origin->origin && !origin_is_own(origin))
        return "requests of other sites' pages are refused (Origin)";
    if (!site_is_fine(origin))
        return "requests of other sites' pages are refused (Sec-Fetch-Site)";
    return NULL;
}
