/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests that a browser sends for a page of another site.  No page needs this server, so whatever
 * a browser marks as coming from one is refused; and so is, over TCP, a Host that is a name: a page
 * can have its own site's name lead to a loopback address, but not to "127.0.0.1".
 */
#pragma once

#include <stdbool.h>

#include "base/check.h"

/* The fields of a request that tell; NULL: there is none. */
struct http_origin {
    const char *host, *origin, *fetch_site;
};

/* NULL when the request may pass, else what is wrong with it.  `any_host`: Host may be any name. */
const char *http_origin_wrong(const struct http_origin *origin, bool any_host) MUST_USE;

/* Is this an IP address or "localhost", with a port or without? */
bool http_host_is_numeric(const char *host) MUST_USE;
