/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests that a browser sends for a page of another site.  The only page that needs this server
 * is its own (admin/dashboard), so whatever a browser marks as coming from another one is refused,
 * but for links to the page.  A Host that is a name is refused, too, where only this machine can
 * connect: a page can have its own site's name lead to a loopback address, but not to "127.0.0.1".
 */
#pragma once

#include <stdbool.h>

#include "base/check.h"

/* A request, as far as it tells. */
struct http_origin {
    const char *host, *origin, *fetch_site, *fetch_mode, *fetch_dest; /* NULL: no such field */
    bool secure;                                                      /* it came over TLS */
    bool any_host;                                                    /* Host may be any name */
    bool linked; /* links on pages of other sites may lead to what it asks for */
};

/* NULL when the request may pass, else what is wrong with it. */
const char *http_origin_wrong(const struct http_origin *origin) MUST_USE;

/* Is this an IP address or "localhost", with a port or without? */
bool http_host_is_numeric(const char *host) MUST_USE;
