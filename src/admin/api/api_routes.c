/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/api/api_routes.h"

#include "admin/api/api_access.h"
#include "admin/api/api_activity.h"
#include "admin/api/api_callbacks.h"
#include "admin/api/api_clients.h"
#include "admin/api/api_copies.h"
#include "admin/api/api_delegations.h"
#include "admin/api/api_drain.h"
#include "admin/api/api_events.h"
#include "admin/api/api_exports.h"
#include "admin/api/api_grace.h"
#include "admin/api/api_identities.h"
#include "admin/api/api_locks.h"
#include "admin/api/api_openapi.h"
#include "admin/api/api_opens.h"
#include "admin/api/api_server.h"
#include "admin/api/api_sessions.h"
#include "admin/api/api_settings.h"

#define ROOT "/api/v1"

const struct http_route api_routes[] = {
    {"GET", ROOT "/access", HTTP_READ | HTTP_ANYBODY, api_access_show},
    {"GET", ROOT "/activity", HTTP_READ, api_activity_show},
    {"GET", ROOT "/callbacks", HTTP_READ, api_callbacks_show},
    {"GET", ROOT "/clients", HTTP_READ, api_clients_list},
    {"GET", ROOT "/clients/{id}", HTTP_READ | HTTP_WAITS, api_clients_show},
    {"DELETE", ROOT "/clients/{id}", HTTP_WRITE | HTTP_WAITS, api_clients_evict},
    {"GET", ROOT "/sessions", HTTP_READ, api_sessions_list},
    {"GET", ROOT "/sessions/{id}", HTTP_READ, api_sessions_show},
    {"DELETE", ROOT "/sessions/{id}", HTTP_WRITE, api_sessions_close},
    {"GET", ROOT "/openapi.json", HTTP_READ, api_openapi_show},
    {"GET", ROOT "/server", HTTP_READ, api_server_show},
    {"GET", ROOT "/grace", HTTP_READ, api_grace_show},
    {"POST", ROOT "/grace/end", HTTP_WRITE, api_grace_end},
    {"GET", ROOT "/identities/{who}", HTTP_READ | HTTP_WAITS, api_identities_show},
    {"GET", ROOT "/settings", HTTP_READ, api_settings_list},
    {"PATCH", ROOT "/settings", HTTP_WRITE, api_settings_change},
    {"GET", ROOT "/settings/{name}", HTTP_READ, api_settings_show},
    {"GET", ROOT "/opens", HTTP_READ | HTTP_WAITS, api_opens_list},
    {"DELETE", ROOT "/opens/{id}", HTTP_WRITE | HTTP_WAITS, api_opens_revoke},
    {"GET", ROOT "/locks", HTTP_READ | HTTP_WAITS, api_locks_list},
    {"DELETE", ROOT "/locks/{id}", HTTP_WRITE | HTTP_WAITS, api_locks_revoke},
    {"GET", ROOT "/delegations", HTTP_READ | HTTP_WAITS, api_delegations_list},
    {"DELETE", ROOT "/delegations/{id}", HTTP_WRITE | HTTP_WAITS, api_delegations_revoke},
    {"GET", ROOT "/copies", HTTP_READ | HTTP_WAITS, api_copies_list},
    {"DELETE", ROOT "/copies/{id}", HTTP_WRITE | HTTP_WAITS, api_copies_cancel},
    {"POST", ROOT "/drain", HTTP_WRITE, api_drain_begin},
    {"GET", ROOT "/events", HTTP_READ, api_events_show},
    {"GET", ROOT "/exports", HTTP_READ, api_exports_list},
    {"POST", ROOT "/exports", HTTP_WRITE | HTTP_WAITS, api_exports_add},
    {"GET", ROOT "/exports/{path}", HTTP_READ, api_exports_show},
    {"PUT", ROOT "/exports/{path}", HTTP_WRITE | HTTP_WAITS, api_exports_change},
    {"DELETE", ROOT "/exports/{path}", HTTP_WRITE | HTTP_WAITS, api_exports_remove},
    {"POST", ROOT "/reload", HTTP_WRITE | HTTP_WAITS, api_exports_reload},
};

const size_t api_route_count = ARRAY_SIZE(api_routes);
