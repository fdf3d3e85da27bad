/* SPDX-License-Identifier: Apache-2.0 */
/* The server as a whole, and the parts of it that other resources show, too. */
#pragma once

#include <jansson.h>
#include <time.h>

struct endpoint;
struct http_request;

/* GET /server */
void api_server_show(struct http_request *request, void *context);

/* What it holds now, in numbers; the memory that clients make it use. */
json_t *api_server_counts(const struct endpoint *endpoint);
json_t *api_server_memory(void);

/* "serving" */
const char *api_server_phase(const struct endpoint *endpoint);

/* RFC 3339, in UTC. */
json_t *api_server_time(const struct timespec *when);
