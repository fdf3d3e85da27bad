/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of the REST interface: every resource below /api/v1.  Their handlers get a struct
 * endpoint.  openapi.json describes them all.
 */
#pragma once

#include "admin/http/http_route.h"

extern const struct http_route api_routes[];
extern const size_t api_route_count;
