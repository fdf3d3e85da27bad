/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The dashboard: a page for browsers, whose files are part of the program.  They are the same for
 * everybody.  What the page shows it asks the REST interface for, with the rights of whoever looks
 * at it.
 */
#pragma once

#include <stddef.h>

#include "admin/http/http_route.h"

enum {
    DASHBOARD_ROUTES = 2
};

extern const struct http_route dashboard_routes[DASHBOARD_ROUTES];
