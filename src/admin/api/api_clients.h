/* SPDX-License-Identifier: Apache-2.0 */
/* Clients of all minor versions.  Handlers of routes; their context is the endpoint. */
#pragma once

struct http_request;

/* GET /clients, GET /clients/{id}; the second tells more: why does this client stop? */
void api_clients_list(struct http_request *request, void *context);
void api_clients_show(struct http_request *request, void *context);

/* DELETE /clients/{id}: the server forgets it, with all that it holds. */
void api_clients_evict(struct http_request *request, void *context);
