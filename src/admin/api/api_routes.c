/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/api/api_routes.h"

#include "admin/api/api_grace.h"
#include "admin/api/api_openapi.h"
#include "admin/api/api_server.h"
#include "admin/api/api_settings.h"

#define ROOT "/api/v1"

const struct http_route api_routes[] = {
    {"GET", ROOT "/openapi.json", HTTP_READ, api_openapi_show},
    {"GET", ROOT "/server", HTTP_READ, api_server_show},
    {"GET", ROOT "/grace", HTTP_READ, api_grace_show},
    {"POST", ROOT "/grace/end", HTTP_WRITE, api_grace_end},
    {"GET", ROOT "/settings", HTTP_READ, api_settings_list},
    {"PATCH", ROOT "/settings", HTTP_WRITE, api_settings_change},
    {"GET", ROOT "/settings/{name}", HTTP_READ, api_settings_show},
};

const size_t api_route_count = ARRAY_SIZE(api_routes);
