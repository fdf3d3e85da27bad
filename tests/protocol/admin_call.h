/* SPDX-License-Identifier: Apache-2.0 */
/* Requests to the admin endpoint of the script's server, over its socket. */
#pragma once

#include <jansson.h>

/* Returns the HTTP status; *body (if not NULL) is the body, which the caller owns, or NULL.  `path`
 * is below /api/v1. */
unsigned admin_call(const char *method, const char *path, json_t **body);

/* With this body, and without its reply's. */
unsigned admin_send(const char *method, const char *path, const char *json);

/* GET with status 200; the caller owns the body. */
json_t *admin_get(const char *path);
