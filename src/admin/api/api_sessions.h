/* SPDX-License-Identifier: Apache-2.0 */
/* Sessions of NFSv4.1 and later.  Handlers of routes; their context is the endpoint. */
#pragma once

struct http_request;

/* GET /sessions, GET /sessions/{id} */
void api_sessions_list(struct http_request *request, void *context);
void api_sessions_show(struct http_request *request, void *context);

/* DELETE /sessions/{id}: as DESTROY_SESSION does.  409 while requests are in progress. */
void api_sessions_close(struct http_request *request, void *context);
