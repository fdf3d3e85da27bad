/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/api/api_routes.h"

#include "admin/api/api_openapi.h"

#define ROOT "/api/v1"

const struct http_route api_routes[] = {
    {"GET", ROOT "/openapi.json", HTTP_READ, api_openapi_show},
};

const size_t api_route_count = ARRAY_SIZE(api_routes);
