/* SPDX-License-Identifier: Apache-2.0 */
/* The grace period. */
#pragma once

#include <jansson.h>

struct http_request;
struct state;

/* GET /grace */
void api_grace_show(struct http_request *request, void *context);

/* POST /grace/end; waits for the disk. */
void api_grace_end(struct http_request *request, void *context);

/* {"active": ..., "ends_in_s": ...} */
json_t *api_grace_json(struct state *state);
